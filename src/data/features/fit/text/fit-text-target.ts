import { square } from "../../../../base/elementary.js";
import { limit } from "../../blocks/numeric.js";
import type { TextBlock, TextWeights } from "../../recipe.js";
import type { TargetClass } from "../fit-values.js";
import { crossFit, leastOfClass, type CrossFitted } from "./cross-fit.js";
import { drawTexts, type TextInput } from "./draw-texts.js";
import { encodeTexts } from "./encode-texts.js";

/** A fitted block, and what other rows say about each row that it was fitted on. */
export interface FittedTextTarget {
  readonly block: TextBlock;
  readonly rows: Uint32Array;
  /** For each column of the block, the rows' values from a model of other rows: the block's own know their labels. */
  readonly columns: readonly Float32Array[];
}

const short = (x: number): number => Number(x.toPrecision(6));

/**
 * Fits what the terms of a text say about each class: the weights on all rows, and for each row a value from the other
 * folds, so that a model that learns from these values can believe them. A class has no column if the words say nothing
 * about it.
 *
 * @returns why there is none: too few rows, or words that say nothing.
 */
export function fitTextTarget(
  input: TextInput,
  target: readonly TargetClass[],
  seed: number,
): FittedTextTarget | string {
  const rows = drawTexts(input, seed);
  const drawn = target.map(({ of, labels }) => ({ of, labels: Uint8Array.from(rows, (row) => labels[row] as number) }));
  const enough = drawn.filter(({ labels }) => {
    const positives = labels.reduce((sum, label) => sum + label, 0);
    return Math.min(positives, rows.length - positives) >= leastOfClass;
  });
  if (enough.length === 0) return `fewer than ${leastOfClass} rows of each class have a text`;
  const strata = Uint8Array.from(rows, (_, i) => drawn.findIndex(({ labels }) => labels[i] === 1) + 1);
  const { matrix, ...vocabularies } = encodeTexts(input, rows);
  const [first, ...others] = enough.flatMap(({ of, labels }) => {
    const fitted = crossFit(matrix, labels, strata, seed);
    return fitted.informative ? [scaled(fitted, of)] : [];
  });
  if (first === undefined) return "its words say nothing about the target";
  return {
    block: {
      kind: "text",
      input: input.name,
      ...vocabularies,
      ...first.weights,
      ...(others.length > 0 && { others: others.map(({ weights }) => weights) }),
      indicator: input.codes.includes(-1),
    },
    rows,
    columns: [first, ...others].map(({ values }) => values),
  };
}

/** The weights, and the rows' values, scaled to mean 0 and standard deviation 1 of these values. */
function scaled({ weights, margins }: CrossFitted, of: string | undefined) {
  const mean = margins.reduce((sum, margin) => sum + margin, 0) / margins.length;
  const scale = 1 / Math.sqrt(margins.reduce((sum, margin) => sum + square(margin - mean), 0) / margins.length);
  const own: TextWeights = {
    weights: Array.from(weights.subarray(0, -1), (weight) => short(weight * scale)),
    bias: short(((weights.at(-1) ?? 0) - mean) * scale),
    ...(of !== undefined && { of }),
  };
  const values = Float32Array.from(margins, (margin) => Math.max(-limit, Math.min(limit, (margin - mean) * scale)));
  return { weights: own, values };
}
