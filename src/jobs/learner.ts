import { oneOf, record, withDefault, type Decoder } from "../base/json/index.js";
import { learnerNamed, learnerNames } from "../model/training/index.js";

/** A learner as params: its name and its options. */
export const learnerMembers = {
  learner: withDefault(oneOf(learnerNames), "network"),
  options: withDefault(
    record((json) => json.value, 100),
    {},
  ),
};

/** Params with a learner whose options are checked before anything runs. */
export const withLearner =
  <Params extends { readonly learner: string; readonly options: object }>(decoder: Decoder<Params>): Decoder<Params> =>
  (json) => {
    const params = decoder(json);
    learnerNamed(params.learner, params.options);
    return params;
  };
