import { ChurnkitError } from "../base/errors.js";

/** Sizes from which a shift is a warning and critical. Both in [0, 1] except for PSI. */
export interface Floors {
  readonly warning: number;
  readonly critical: number;
}

/**
 * The minimum sample of every verdict, of drift and of each monitor: with fewer rows (values, labels, explained rows)
 * on either side nothing is tested, and the verdict is "insufficient". Below it the tests' approximations are off,
 * and two or three rows of one broken sender would be critical. From 30 on, a mean is usually treated as normal.
 */
export const minimumSample = 30;

/**
 * Every number behind a verdict. A shift is drift when it is significant and at least as large as its floor; with
 * `false` instead of floors, that kind of shift is not tested.
 */
export interface DriftPolicy {
  /** Significance level after the correction over all tests of all columns. */
  readonly alpha: number;
  /** Correction of p-values over all tests of all columns. */
  readonly correction: "benjaminiHochberg" | "none";
  /** KS's D of numbers, total variation of categories: the minimum share of rows that must have moved. */
  readonly distribution: Floors | false;
  /** PSI beyond its expected value without drift at the same number of rows. */
  readonly psi: Floors | false;
  /** Jensen-Shannon distance (base 2) beyond its expected value without drift at the same number of rows. */
  readonly jensenShannon: Floors | false;
  /** Change of the share of missing values. */
  readonly missing: Floors | false;
  /** Share of rows with a level that the reference doesn't have, beyond chance. */
  readonly newLevels: Floors | false;
  /** Change of the share of rows that break the contract. */
  readonly rejected: Floors | false;
  /** Change of the rate of the positive class among rows of the same predicted probability. */
  readonly concept: Floors | false;
  /** Fewer rows, or values of a column, on either side are not tested: "insufficient". */
  readonly leastRows: number;
  /** "insufficient" instead of "stable" where a distribution shift up to this size could well go unseen. */
  readonly coarsestShift: number;
  /** A number column with at most this many distinct values is compared as categories, because KS is blunt there. */
  readonly discreteValues: number;
  /** Cells with fewer expected rows are pooled before a chi-square test. */
  readonly minimumExpected: number;
  /** KS's p-value is exact if the product of the sample sizes is at most this. */
  readonly exactProduct: number;
}

/**
 * The default policy. PSI's 0.1 and 0.25 are the usual ones, and D's 0.05 and 0.2 belong to them: a shift of a normal
 * distribution with a PSI of 0.25 has D = 0.2.
 */
export const defaultDriftPolicy = {
  alpha: 0.01,
  correction: "benjaminiHochberg",
  distribution: { warning: 0.05, critical: 0.2 },
  psi: { warning: 0.1, critical: 0.25 },
  jensenShannon: false,
  missing: { warning: 0.02, critical: 0.2 },
  newLevels: { warning: 0.01, critical: 0.1 },
  rejected: { warning: 0.02, critical: 0.2 },
  concept: { warning: 0.05, critical: 0.15 },
  leastRows: minimumSample,
  coarsestShift: 0.3,
  discreteValues: 10,
  minimumExpected: 5,
  exactProduct: 250_000,
} as const satisfies DriftPolicy;

/**
 * Policies by name. `balanced` is the default. The others judge a distribution by one rule that teams already use;
 * they judge missing values, new levels, broken rows and concept as `balanced` does.
 */
export const policies = {
  balanced: defaultDriftPolicy,
  /** PSI alone: 0.1 is a warning, 0.25 critical. */
  psi: { ...defaultDriftPolicy, distribution: false },
  /** Jensen-Shannon distance alone: 0.1 is a warning, 0.3 critical. */
  jensenShannon: {
    ...defaultDriftPolicy,
    distribution: false,
    psi: false,
    jensenShannon: { warning: 0.1, critical: 0.3 },
  },
  /** p < 0.05 of KS or chi-square, each column separately, whatever the size: one false alarm in twenty columns. */
  ks: {
    ...defaultDriftPolicy,
    alpha: 0.05,
    correction: "none",
    distribution: { warning: 0, critical: 0.2 },
    psi: false,
  },
} as const satisfies Record<string, DriftPolicy>;
/** A name of a ready-made policy. */
export type PolicyName = keyof typeof policies;

/** A policy by name, or numbers to replace in the one named by `preset` (default `balanced`). */
export type PolicyChoice = PolicyName | (Partial<DriftPolicy> & { readonly preset?: PolicyName | undefined });

/**
 * Returns the chosen policy, checked.
 *
 * @throws ChurnkitError OPTION_INVALID for an unknown name or member, or a number out of range.
 */
export function driftPolicy(choice: PolicyChoice = {}): DriftPolicy {
  const { preset = "balanced", ...overrides } = typeof choice === "string" ? { preset: choice } : choice;
  if (!Object.hasOwn(policies, preset)) {
    throw invalid("preset", preset, `one of ${Object.keys(policies).join(", ")}`);
  }
  const unknown = Object.keys(overrides).find((name) => !Object.hasOwn(defaultDriftPolicy, name));
  if (unknown !== undefined)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The drift policy has no ${unknown}. Its members are ${Object.keys(defaultDriftPolicy).join(", ")}.`,
      { where: { path: unknown } },
    );
  const policy: DriftPolicy = { ...policies[preset], ...overrides };
  const check = (name: string, value: number, low: number, high: number): void => {
    if (!(value >= low && value <= high)) throw invalid(name, value, `a number from ${low} to ${high}`);
  };
  check("alpha", policy.alpha, 1e-12, 0.5);
  if (policy.correction !== "none" && policy.correction !== "benjaminiHochberg") {
    throw invalid("correction", policy.correction, "benjaminiHochberg or none");
  }
  for (const name of floored) {
    const floors = policy[name];
    if (floors === false) continue;
    if (typeof floors !== "object" || floors === null) throw invalid(name, floors, "{ warning, critical } or false");
    check(`${name}.warning`, floors.warning, 0, name === "psi" ? 100 : 1);
    check(`${name}.critical`, floors.critical, floors.warning, name === "psi" ? 100 : 1);
  }
  check("leastRows", policy.leastRows, 1, 1e9);
  check("coarsestShift", policy.coarsestShift, 0.001, 1);
  check("discreteValues", policy.discreteValues, 0, 1000);
  check("minimumExpected", policy.minimumExpected, 0, 1000);
  check("exactProduct", policy.exactProduct, 0, 1e8);
  return policy;
}

const floored = ["distribution", "psi", "jensenShannon", "missing", "newLevels", "rejected", "concept"] as const;

function invalid(name: string, value: unknown, give: string): ChurnkitError {
  return new ChurnkitError("OPTION_INVALID", `The drift policy's ${name} is ${String(value)}. Give ${give}.`, {
    where: { path: name, value },
  });
}
