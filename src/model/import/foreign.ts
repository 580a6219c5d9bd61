import { powerOfTwo } from "../../base/elementary.js";
import { ChurnkitError } from "../../base/errors.js";
import { documentError } from "../../base/json/index.js";

/** A split of another library's tree. Children are places in the tree's list. */
export interface ForeignSplit {
  readonly feature: number;
  /** Numbers from this one on go right, all others left. */
  readonly edge?: number | undefined;
  /** Of a categorical split: the codes that go right, all others left. */
  readonly codes?: readonly number[] | undefined;
  readonly missingRight: boolean;
  readonly left: number;
  readonly right: number;
}

/** A node: a split, or a leaf with its value in log odds. */
export type ForeignNode = ForeignSplit | { readonly leaf: number };

/** Trees of another library, added up to log odds. The first node of a tree is its root. */
export interface ForeignModel {
  readonly maker: "XGBoost" | "LightGBM";
  readonly features: readonly string[];
  /** The labels of a feature's codes, where the file has them. */
  readonly labels: ReadonlyMap<number, readonly string[]>;
  readonly bias: number;
  readonly trees: readonly (readonly ForeignNode[])[];
}

/** More than this of anything is no model that churnkit could score in time. */
export const foreignLimits = {
  characters: 2 ** 29,
  features: 100_000,
  trees: 100_000,
  nodes: 2 ** 22,
  codes: 100_000,
  /** Categories of all sets together. */
  sets: 2 ** 22,
} as const;

/** Makes the error for a model file that is broken. */
export const broken = documentError("OPTION_INVALID", "The model", "Save it again with the library that trained it.");

/** A model that churnkit does not score. */
export const refused = (what: string, advice: string): ChurnkitError =>
  new ChurnkitError("OPTION_INVALID", `The model ${what}. ${advice}`, { where: { path: "model" } });

export const tooManyCodes = (): ChurnkitError =>
  refused(`has sets of more than ${foreignLimits.sets} categories`, "Train it with fewer categories or splits.");

const word = new DataView(new ArrayBuffer(8));

/** The smallest float64 above a finite number. */
export function nextUp(x: number): number {
  if (x === 0) return Number.MIN_VALUE;
  word.setFloat64(0, x);
  word.setBigInt64(0, word.getBigInt64(0) + (x > 0 ? 1n : -1n));
  return word.getFloat64(0);
}

/** The smallest float64 that, rounded to float32, is `x` or more. */
export function floatEdge(x: number): number {
  const float = Math.fround(x);
  word.setFloat32(0, float);
  if (float === 0) word.setFloat32(0, -powerOfTwo(-149));
  else word.setInt32(0, word.getInt32(0) + (float > 0 ? -1 : 1));
  const middle = (word.getFloat32(0) + float) / 2;
  return Math.fround(middle) >= float ? middle : nextUp(middle);
}
