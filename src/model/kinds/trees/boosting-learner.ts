import type { Learner } from "../learner.js";
import { checkOption } from "./check.js";

/** Parameters of {@link boosting}. */
export interface BoostingOptions {
  /** Number of boosted models that are trained and averaged, each on all folds of the rows except one. 2 or more. */
  readonly members?: number;
  /** The most trees of a member. */
  readonly rounds?: number;
  /** Trees without a better loss on held-out rows before the training stops. */
  readonly patience?: number;
  /** Factor of each tree's values, in (0, 1]. */
  readonly learningRate?: number;
  /** Maximum number of leaves of a tree. Default `auto`: 8 for fewer than 20,000 rows, else 31. */
  readonly leaves?: number | "auto";
  /** Maximum number of splits between root and leaf. */
  readonly depth?: number;
  /** L2 penalty on a leaf's value, against its sum of p (1 - p). */
  readonly l2?: number;
  /** Minimum sum of p (1 - p) in a leaf: 1 is four rows that could go either way. */
  readonly minChildWeight?: number;
  /** Share of the rows that each tree is grown on, in (0, 1]. */
  readonly rowShare?: number;
  /** Share of the features that each tree may split by, in (0, 1]. */
  readonly featureShare?: number;
  /**
   * Columns of the contract, or derived ones, that the score must follow: 1 if it must not fall as the column rises, -1
   * if it must not rise. Only numbers and booleans.
   */
  readonly monotone?: Readonly<Record<string, 1 | -1>>;
}

/** Default options of {@link boosting}. */
export const boostingDefaults = {
  members: 5,
  rounds: 1000,
  patience: 30,
  learningRate: 0.1,
  leaves: "auto",
  depth: 8,
  l2: 1,
  minChildWeight: 1,
  rowShare: 0.8,
  featureShare: 0.7,
  monotone: {},
} as const;

/** The options, complete. */
export type BoostingParameters = Required<BoostingOptions>;

/**
 * Gradient boosting of histogram trees on the log loss, as a learner. Several members are boosted together, each on
 * all folds of the rows except one (or, with validation rows, on all rows). All stop at the one number of trees with
 * the smallest loss on the rows that each did not see, and their log-odds are averaged.
 *
 * @throws ChurnkitError OPTION_INVALID for options out of range; its `fit` TOO_FEW_ROWS, TARGET_INVALID, VALUE_INVALID.
 * @example
 * ```ts
 * import { boosting } from "churnkit/model";
 *
 * console.log(boosting({ learningRate: 0.05, leaves: 16 }).parameters);
 * ```
 */
export function boosting(options: BoostingOptions = {}): Learner {
  const parameters: BoostingParameters = { ...boostingDefaults, ...options };
  check(parameters);
  return {
    name: "boosting",
    parameters: { ...parameters },
    options,
    folds: parameters.members,
    async fit(training, validation, context) {
      const { fitBoosting } = await import("./fit-boosting.js");
      return fitBoosting(parameters, training, validation, context);
    },
  };
}

function check(parameters: BoostingParameters): void {
  const one = (name: keyof BoostingParameters, allowed: (value: number) => boolean, range: string): void => {
    const value = parameters[name];
    checkOption("boosting learner", name, value, typeof value === "number" && allowed(value), range);
  };
  const whole = (name: keyof BoostingParameters, least: number, most: number): void =>
    one(
      name,
      (value) => Number.isInteger(value) && value >= least && value <= most,
      `a whole number from ${least} to ${most}`,
    );
  const share = (name: keyof BoostingParameters): void =>
    one(name, (value) => value > 0 && value <= 1, "above 0 and at most 1");
  const penalty = (name: keyof BoostingParameters): void =>
    one(name, (value) => value >= 0 && value < Infinity, "a finite number of 0 or more");
  whole("members", 2, 100);
  whole("rounds", 1, 100_000);
  whole("patience", 1, 100_000);
  whole("depth", 1, 64);
  if (parameters.leaves !== "auto") whole("leaves", 2, 65_536);
  share("learningRate");
  share("rowShare");
  share("featureShare");
  penalty("l2");
  penalty("minChildWeight");
  const { monotone } = parameters as { readonly monotone: unknown };
  const directions = typeof monotone === "object" && monotone !== null ? Object.values(monotone) : [undefined];
  checkOption(
    "boosting learner",
    "monotone",
    JSON.stringify(monotone),
    directions.every((direction) => direction === 1 || direction === -1),
    "an object of 1 and -1 by column, such as { tenure: -1 }",
  );
}
