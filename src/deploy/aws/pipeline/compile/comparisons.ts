import type { PipelineCondition, PipelineNumber } from "../../../../jobs/graph.js";
import type { Reference } from "../../requests/referable.js";
import type { Comparison } from "../flow-steps.js";
import { refs } from "../references.js";
import { type Parameters, pascal } from "./parameters.js";
import type { Workshop } from "./workshop.js";

/** A comparison of SageMaker, and how to say it. */
interface Compared {
  readonly comparison: Comparison;
  /** For the message: "auc of evaluate.report at least 0.84". */
  readonly words: readonly (string | Reference)[];
}

/** The bounds of a condition, those that are numbers as parameters. */
export function comparisonsOf(
  id: string,
  condition: PipelineCondition,
  { artifacts }: Workshop,
  parameters: Parameters,
): Compared[] {
  const { step, path, atLeast, atMost } = condition;
  const compare = (type: Comparison["type"], word: "Min" | "Max", bound: number | PipelineNumber): Compared => {
    const name = pascal(word, path);
    const right =
      typeof bound === "number"
        ? refs.parameter(parameters.take([name, `${name}Of${pascal(id)}`], { type: "Float", default: bound }))
        : artifacts.number(bound);
    return {
      comparison: { type, left: artifacts.number({ step, path }), right },
      words: [`${path} of ${step} ${word === "Min" ? "at least" : "at most"}`, right],
    };
  };
  return [
    ...(atLeast === undefined ? [] : [compare("GreaterThanOrEqualTo", "Min", atLeast)]),
    ...(atMost === undefined ? [] : [compare("LessThanOrEqualTo", "Max", atMost)]),
  ];
}
