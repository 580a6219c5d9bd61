import { ChurnkitError } from "../base/errors.js";

/** From which size on a shift is a warning, and from which on critical. Both in [0, 1] but for PSI. */
export interface Floors {
  readonly warning: number;
  readonly critical: number;
}

/** Every number behind a verdict. A shift is drift when it is significant and at least as large as its floor. */
export interface DriftPolicy {
  /** Level of significance after the correction over all tests of all columns (Benjamini and Hochberg). */
  readonly alpha: number;
  /** KS's D of numbers, total variation of categories: the least share of rows that must have moved. */
  readonly distribution: Floors;
  /** PSI beyond what it comes to without drift at the same number of rows. */
  readonly psi: Floors;
  /** Change of the share of missing values. */
  readonly missing: Floors;
  /** Share of rows with a level that the reference doesn't hold, beyond what chance brings. */
  readonly newLevels: Floors;
  /** Change of the share of rows that break the contract. */
  readonly rejected: Floors;
  /** "insufficient" instead of "stable" where a distribution shift up to this size could well go unseen. */
  readonly coarsestShift: number;
  /** A number column of at most so many distinct values is compared as categories, where KS is blunt. */
  readonly discreteValues: number;
  /** Cells expected to hold fewer rows are pooled before a chi-square test. */
  readonly minimumExpected: number;
  /** KS's p-value is exact where the product of the sample sizes is at most this. */
  readonly exactProduct: number;
}

/**
 * The default policy. PSI's 0.1 and 0.25 are the usual ones, and D's 0.05 and 0.2 belong to them: a shift of a normal
 * distribution with a PSI of 0.25 has D = 0.2.
 */
export const defaultDriftPolicy: DriftPolicy = {
  alpha: 0.01,
  distribution: { warning: 0.05, critical: 0.2 },
  psi: { warning: 0.1, critical: 0.25 },
  missing: { warning: 0.02, critical: 0.2 },
  newLevels: { warning: 0.01, critical: 0.1 },
  rejected: { warning: 0.02, critical: 0.2 },
  coarsestShift: 0.3,
  discreteValues: 10,
  minimumExpected: 5,
  exactProduct: 250_000,
};

/**
 * The default policy with some numbers replaced.
 *
 * @throws ChurnkitError OPTION_INVALID for a number out of range.
 */
export function driftPolicy(overrides: Partial<DriftPolicy> = {}): DriftPolicy {
  const policy = { ...defaultDriftPolicy, ...overrides };
  const check = (name: string, value: number, low: number, high: number): void => {
    if (value >= low && value <= high) return;
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The drift policy's ${name} is ${value}. Give a number from ${low} to ${high}.`,
      {
        where: { path: name, value },
      },
    );
  };
  check("alpha", policy.alpha, 1e-12, 0.5);
  for (const name of ["distribution", "psi", "missing", "newLevels", "rejected"] as const) {
    const { warning, critical } = policy[name];
    check(`${name}.warning`, warning, 0, name === "psi" ? 100 : 1);
    check(`${name}.critical`, critical, warning, name === "psi" ? 100 : 1);
  }
  check("coarsestShift", policy.coarsestShift, 0.001, 1);
  check("discreteValues", policy.discreteValues, 0, 1000);
  check("minimumExpected", policy.minimumExpected, 0, 1000);
  check("exactProduct", policy.exactProduct, 0, 1e8);
  return policy;
}
