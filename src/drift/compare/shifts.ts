import { countOfValues, isNumericProfile, type ColumnProfile, type NumericProfile } from "../../data/profile/index.js";
import type { DriftPolicy, Floors } from "../policy.js";
import type { Shift } from "../report.js";
import {
  chiSquareHomogeneity,
  fisherExact,
  gTest,
  ksLimitTail,
  type KsTest,
  newLevelTest,
  twoProportions,
} from "../../stats/hypothesis/index.js";
import { totalVariation } from "../../stats/distances/index.js";
import { ksOfProfiles } from "./profile-ks.js";
import type { Tail } from "../../stats/special.js";
import { poolRare, valueCells, type Cells } from "./cells.js";
import { detectableD, detectableVariation } from "./detectable.js";
import { formatterOf } from "./words.js";

/** Statistics from both samples of a numeric column in memory, beyond their profiles. */
export interface ExactValues {
  readonly ks: KsTest;
  /** Undefined if the profiles should provide it. */
  readonly wasserstein: number | undefined;
}

/** A shift before its p-value is corrected over all columns. */
export interface Candidate extends Omit<Shift, "adjustedP" | "severity"> {
  readonly floors: Floors;
}

/** The test of a distribution, with the error of its effect and the shift it could detect. */
export interface DistributionShift {
  readonly shift: Omit<Candidate, "what" | "floors">;
  readonly error: number;
  readonly detectable: number;
}

export function numericShift(
  reference: NumericProfile,
  current: NumericProfile,
  policy: DriftPolicy,
  exact: ExactValues | undefined,
): DistributionShift {
  const n = countOfValues(reference);
  const m = countOfValues(current);
  const distinct = reference.counts.filter((count) => count > 0).length;
  if (reference.kind === "boolean" || distinct <= policy.discreteValues) {
    const cells = poolRare(valueCells(reference, current, formatterOf(reference)), policy.minimumExpected);
    return categoryShift(cells, policy, n, m);
  }
  const detectable = detectableD(n, m, policy.alpha);
  if (exact !== undefined) return { shift: ksShift(exact.ks.statistic, exact.ks), error: 0, detectable };
  const bounds = ksOfProfiles(reference, current) ?? { lower: 0, upper: 0, n, m };
  // The lower bound can't raise a false alarm.
  const tail = ksLimitTail({ statistic: bounds.lower, n, m });
  return { shift: ksShift(bounds.lower, tail), error: bounds.upper - bounds.lower, detectable };
}

const ksShift = (statistic: number, { p, log10p }: Tail): DistributionShift["shift"] => ({
  test: "ks",
  statistic,
  pValue: p,
  log10p,
  // The limit distribution is never below the exact one.
  log10pBound: log10p,
  effect: statistic,
});

export function categoryShift(cells: Cells, policy: DriftPolicy, n: number, m: number): DistributionShift {
  const test = chiSquareHomogeneity([cells.reference, cells.current]);
  return {
    shift: {
      test: "chiSquare",
      statistic: test?.statistic ?? 0,
      pValue: test?.p ?? 1,
      log10p: test?.log10p ?? 0,
      log10pBound: Math.max(test?.log10p ?? 0, gTest([cells.reference, cells.current])?.log10p ?? 0),
      effect: totalVariation(cells.reference, cells.current) ?? 0,
    },
    error: 0,
    detectable: detectableVariation(n, m, cells.labels.length, policy.alpha),
  };
}

export function missingShift(
  reference: ColumnProfile,
  current: ColumnProfile,
  n: number,
  m: number,
  policy: DriftPolicy,
): Candidate | undefined {
  if (policy.missing === false || reference.missing + current.missing === 0) return undefined;
  if (Math.min(reference.missing + n, current.missing + m) < policy.leastRows) return undefined;
  const test = twoProportions(reference.missing, reference.missing + n, current.missing, current.missing + m, {
    correction: true,
  });
  if (test === undefined) return undefined;
  const { z, p, log10p, difference } = test;
  const exact = fisherExact(reference.missing, reference.missing + n, current.missing, current.missing + m);
  return {
    what: "missing",
    test: "twoProportions",
    statistic: z,
    pValue: p,
    log10p,
    log10pBound: Math.max(log10p, exact.log10p),
    effect: Math.abs(difference),
    floors: policy.missing,
  };
}

/**
 * Counts current rows whose level never occurs in the reference, declared or not; for a constant number, rows with
 * any other value.
 */
export function unseenRows(reference: ColumnProfile, current: ColumnProfile): number {
  if (isNumericProfile(reference) || isNumericProfile(current)) {
    const constant = isNumericProfile(reference) && reference.min !== null && reference.min === reference.max;
    return constant ? current.counts.reduce((sum, count, i) => sum + (reference.counts[i] === 0 ? count : 0), 0) : 0;
  }
  // A reference that pools its rare levels cannot distinguish them.
  const other = reference.other > 0 ? 0 : current.other;
  return current.counts.reduce((sum, count, i) => sum + (reference.counts[i] === 0 ? count : 0), other);
}

export function newLevelShift(
  reference: ColumnProfile,
  current: ColumnProfile,
  unseen: number,
  n: number,
  m: number,
  policy: DriftPolicy,
): Candidate | undefined {
  if (policy.newLevels === false || unseen === 0) return undefined;
  const met = reference.counts
    .map((count, i) => ({ count, later: current.counts[i] ?? 0 }))
    .filter(({ count }) => count > 0);
  const test = newLevelTest({
    n,
    m,
    reference: met.map(({ count }) => count),
    current: met.map(({ later }) => later),
    unseen,
  });
  if (test === undefined) return undefined;
  const { z, p, log10p, excess } = test;
  return {
    what: "newLevels",
    test: "newLevels",
    statistic: z,
    pValue: p,
    log10p,
    log10pBound: log10p,
    effect: excess,
    floors: policy.newLevels,
  };
}
