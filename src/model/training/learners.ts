import { ChurnkitError } from "../../base/errors.js";
import { auto, type AutoOptions } from "./auto/learner.js";
import { boosting } from "../kinds/trees/boosting-learner.js";
import { forest } from "../kinds/trees/forest-learner.js";
import type { Learner } from "../kinds/learner.js";
import { logistic } from "../kinds/linear/learner.js";
import { churnNetwork, type ChurnNetworkOptions } from "../kinds/network/learner.js";

/** The learners that a name on the command line or in a job can mean. */
const learners = {
  network: churnNetwork,
  logistic,
  forest,
  boosting,
  auto: ({ presets, maxLatency, distill, ...network }: AutoSettings & ChurnNetworkOptions) =>
    auto({ presets, maxLatency, distill, network }),
} as const;

/** Options of `auto` that JSON can say, beside those of its networks. */
export type AutoSettings = Pick<AutoOptions, (typeof ownOptions)[number]>;
const ownOptions = ["presets", "maxLatency", "distill"] as const;

/** A learner's name on the command line, in jobs and in searches. */
export type LearnerName = keyof typeof learners;

/** The options that a learner takes. */
export type OptionsOf<Name extends LearnerName> = NonNullable<Parameters<(typeof learners)[Name]>[0]>;

/** Names of the learners on the command line. */
export const learnerNames = Object.keys(learners) as readonly LearnerName[];

/** @throws ChurnkitError OPTION_INVALID for a name that no learner has. */
export function learnerNameOf(text: string): LearnerName {
  const known = learnerNames.find((name) => name === text);
  if (known !== undefined) return known;
  throw new ChurnkitError(
    "OPTION_INVALID",
    `Unknown learner ${JSON.stringify(text)}. Use one of ${learnerNames.join(", ")}.`,
  );
}

/**
 * The learner of that name.
 *
 * @param options plain JSON; those of `auto` are `presets`, `maxLatency`, `distill` and its networks'. By default the
 * learner's own.
 * @throws ChurnkitError OPTION_INVALID for a name or an option that is not known, or an option out of range.
 */
export function learnerNamed(name: string, options: object = {}): Learner {
  const known = learnerNameOf(name);
  // An engine is code, which JSON cannot name.
  const { parameters } = learners[known === "auto" ? "network" : known]();
  const names = [...Object.keys(parameters), ...(known === "auto" ? ownOptions : [])].filter(
    (option) => option !== "engine",
  );
  const unknown = Object.keys(options).find((option) => !names.includes(option));
  if (unknown !== undefined)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The learner ${known} has no option ${JSON.stringify(unknown.slice(0, 80))}. Use one of ${names.join(", ")}.`,
    );
  return { ...learners[known](options), options };
}
