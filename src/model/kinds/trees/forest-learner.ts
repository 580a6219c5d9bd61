import type { Learner } from "../learner.js";
import { checkOption } from "./check.js";

/** Parameters of {@link forest}. */
export interface ForestOptions {
  /** How many trees. */
  readonly trees?: number;
  /** Features drawn at each node. Default `sqrt`: the square root of their number, rounded up. */
  readonly featuresPerNode?: number | "sqrt";
  /**
   * Minimum number of drawn rows in a leaf; larger leaves give smoother probabilities. Default `auto`: 10, or one in
   * 2,000 if that is more.
   */
  readonly minLeafRows?: number | "auto";
  /** Maximum number of splits between root and leaf, at most 64. */
  readonly depth?: number;
  /** Pulls the leaves' values toward the share of positives, like this many extra rows with that share. */
  readonly l2?: number;
}

/** Default options of {@link forest}. */
export const forestDefaults = { trees: 300, featuresPerNode: "sqrt", minLeafRows: "auto", depth: 64, l2: 1 } as const;

/** The options, complete. */
export type ForestParameters = Required<ForestOptions>;

/**
 * A random forest of histogram trees as a learner: bootstrapped rows, features drawn at each node, probabilities averaged.
 * Without validation rows the held-out probability of a row is the mean over the trees that did not draw it (out of bag),
 * so that no row is spent on folds.
 *
 * @throws ChurnkitError OPTION_INVALID for options out of range; its `fit` TOO_FEW_ROWS, TARGET_INVALID, VALUE_INVALID.
 * @example
 * ```ts
 * import { forest } from "churnkit/model";
 *
 * console.log(forest({ trees: 500, minLeafRows: 20 }).parameters);
 * ```
 */
export function forest(options: ForestOptions = {}): Learner {
  const parameters: ForestParameters = { ...forestDefaults, ...options };
  check(parameters);
  return {
    name: "forest",
    parameters: { ...parameters },
    options,
    async fit(training, validation, context) {
      const { fitForest } = await import("./fit-forest.js");
      return fitForest(parameters, training, validation, context);
    },
  };
}

function check({ trees, featuresPerNode, minLeafRows, depth, l2 }: ForestParameters): void {
  const whole = (name: keyof ForestParameters, value: number, most: number): void =>
    checkOption(
      "forest learner",
      name,
      value,
      Number.isInteger(value) && value >= 1 && value <= most,
      `a whole number from 1 to ${most}`,
    );
  whole("trees", trees, 100_000);
  if (featuresPerNode !== "sqrt") whole("featuresPerNode", featuresPerNode, 1_000_000);
  if (minLeafRows !== "auto") whole("minLeafRows", minLeafRows, 1_000_000_000);
  whole("depth", depth, 64);
  checkOption("forest learner", "l2", l2, l2 >= 0 && l2 < Infinity, "a finite number of 0 or more");
}
