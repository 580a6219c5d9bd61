import type { Target } from "../../data/contract/index.js";
import { larger } from "./model.js";
import { constant, divide, equal, multiply, subtract, sum, where, type NumberNode } from "./node.js";

/** What a model says of a row. A row that breaks the contract has no numbers and no label. */
export interface AnswerNodes {
  /** The probability of the positive class. */
  readonly probability: NumberNode;
  /** The probability of each class, in the contract's order, where there are more than two. */
  readonly classes: readonly NumberNode[];
  /** The row's label is the first one whose `value` is `least` or more. */
  readonly labels: readonly { readonly label: string; readonly value: NumberNode; readonly least: NumberNode }[];
}

/** The answer of a model of two classes. */
export function binaryAnswer(probability: NumberNode, { classes, positive }: Target, threshold: number): AnswerNodes {
  const negative = classes.find((label) => label !== positive) ?? `not ${positive}`;
  const labels = [
    { label: positive, value: probability, least: constant(threshold) },
    { label: negative, value: probability, least: constant(0) },
  ];
  return { probability, classes: [], labels };
}

/**
 * The answer of a model of more classes, as `calibrateClasses` and `classAt` of the library make it.
 *
 * @param raw the classes' probabilities before calibration.
 */
export function classesAnswer(
  probability: NumberNode,
  raw: readonly NumberNode[],
  { classes, positive }: Target,
  threshold: number,
): AnswerNodes {
  const total = sum(raw.filter((_, k) => classes[k] !== positive));
  const left = subtract(constant(1), probability);
  const even = constant(1 / (classes.length - 1));
  const own = raw.map((each, k) =>
    classes[k] === positive ? probability : multiply(where(equal(total, constant(0)), even, divide(each, total)), left),
  );
  // The first of the most probable others.
  let least = constant(0);
  const others = own.flatMap((value, k) => (classes[k] === positive ? [] : [{ label: classes[k] ?? "", value }]));
  const labels = others.reverse().map((each, i) => {
    const result = { ...each, least };
    least = i === 0 ? each.value : larger(each.value, least);
    return result;
  });
  return {
    ...{ probability, classes: own },
    labels: [{ label: positive, value: probability, least: constant(threshold) }, ...labels.reverse()],
  };
}
