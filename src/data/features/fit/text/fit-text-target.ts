import { square } from "../../../../base/elementary.js";
import { limit } from "../../blocks/numeric.js";
import type { TextBlock } from "../../recipe.js";
import { crossFit, leastOfClass } from "./cross-fit.js";
import { drawTexts, type TextInput } from "./draw-texts.js";
import { encodeTexts } from "./encode-texts.js";

/** A fitted block, and what other rows say about each row that it was fitted on. */
export interface FittedTextTarget {
  readonly block: TextBlock;
  /** Training rows, and their values from a model of other rows: the block's own values know their labels. */
  readonly rows: Uint32Array;
  readonly values: Float32Array;
}

const short = (x: number): number => Number(x.toPrecision(6));

/**
 * Fits what the terms of a text say about the target: the weights on all rows, and for each row a value from the other
 * folds, so that a model that learns from these values can believe them.
 *
 * @returns why there is none: too few rows, or words that say nothing.
 */
export function fitTextTarget(input: TextInput, target: Uint8Array, seed: number): FittedTextTarget | string {
  const rows = drawTexts(input, seed);
  const labels = Uint8Array.from(rows, (row) => target[row] as number);
  const positives = labels.reduce((sum, label) => sum + label, 0);
  if (Math.min(positives, rows.length - positives) < leastOfClass) {
    return `fewer than ${leastOfClass} rows of each class have a text`;
  }
  const { matrix, ...vocabularies } = encodeTexts(input, rows);
  const { weights, margins, informative } = crossFit(matrix, labels, seed);
  if (!informative) return "its words say nothing about the target";

  const mean = margins.reduce((sum, margin) => sum + margin, 0) / rows.length;
  const scale = 1 / Math.sqrt(margins.reduce((sum, margin) => sum + square(margin - mean), 0) / rows.length);
  return {
    block: {
      kind: "text",
      input: input.name,
      ...vocabularies,
      weights: Array.from(weights.subarray(0, -1), (weight) => short(weight * scale)),
      bias: short(((weights.at(-1) ?? 0) - mean) * scale),
      indicator: input.codes.includes(-1),
    },
    rows,
    values: Float32Array.from(margins, (margin) => Math.max(-limit, Math.min(limit, (margin - mean) * scale))),
  };
}
