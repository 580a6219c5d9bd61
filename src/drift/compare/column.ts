import {
  countOfValues,
  isNumericProfile,
  type CategoryProfile,
  type ColumnProfile,
  type NumericProfile,
} from "../../data/profile/profile.js";
import type { DriftPolicy, Floors } from "../policy.js";
import type { Shift } from "../report.js";
import { chiSquareHomogeneity, quantileBinTest } from "../tests/chi-square.js";
import { jensenShannon, psi, psiNullMean, totalVariation } from "../tests/divergence.js";
import { ksLimitTail, ksTestOfSorted } from "../tests/kolmogorov-smirnov.js";
import { ksOfProfiles } from "../tests/profile-ks.js";
import { newLevelTest } from "../tests/new-levels.js";
import { twoProportions } from "../tests/proportions.js";
import type { Tail } from "../tests/special.js";
import { decileCells, levelCells, poolNeighbours, poolRare, valueCells, type Cells } from "./cells.js";
import { detectableD, detectableVariation } from "./detectable.js";
import { formatterOf } from "./words.js";

/** Both samples of a numeric column in memory, sorted, without the missing values. */
export interface SortedSamples {
  readonly reference: Float64Array;
  readonly current: Float64Array;
}

/** A shift before its p-value is corrected over all columns. */
export interface Candidate extends Omit<Shift, "adjustedP" | "severity"> {
  readonly floors: Floors;
}

/** All that the comparison of one column gives, before verdicts. */
export interface Comparison {
  readonly reference: ColumnProfile;
  readonly current: ColumnProfile;
  readonly n: number;
  readonly m: number;
  readonly candidates: readonly Candidate[];
  readonly psi: number | null;
  readonly psiExpected: number | null;
  readonly jensenShannon: number | null;
  readonly effectError: number;
  /** May be above 1, where no shift at all would be found. */
  readonly detectable: number | null;
  /** As many rows hold a level that the reference doesn't. */
  readonly unseen: number;
  readonly cells: Cells;
}

/** Compares one column's profiles, exactly where the samples are at hand. */
export function compareColumn(
  reference: ColumnProfile,
  current: ColumnProfile,
  policy: DriftPolicy,
  samples?: SortedSamples,
): Comparison {
  const n = countOfValues(reference);
  const m = countOfValues(current);
  const cells = cellsOf(reference, current);
  const unseen = isNumericProfile(current) || isNumericProfile(reference) ? 0 : unseenRows(reference, current);
  const values =
    n === 0 || m === 0
      ? { candidates: [], psi: null, psiExpected: null, jensenShannon: null, effectError: 0, detectable: null }
      : compareValues(reference, current, cells, policy, samples);
  const others = [missingShift(reference, current, n, m, policy), newLevelShift(reference, unseen, n, m, policy)];
  const candidates = [...values.candidates, ...others.filter((shift) => shift !== undefined)];
  return { reference, current, n, m, unseen, cells, ...values, candidates };
}

function cellsOf(reference: ColumnProfile, current: ColumnProfile): Cells {
  if (isNumericProfile(reference)) {
    return isNumericProfile(current)
      ? decileCells(reference, current, formatterOf(reference))
      : { labels: [], reference: [], current: [] };
  }
  return isNumericProfile(current) ? { labels: [], reference: [], current: [] } : levelCells(reference, current);
}

type ValueComparison = Pick<
  Comparison,
  "candidates" | "psi" | "psiExpected" | "jensenShannon" | "effectError" | "detectable"
>;

function compareValues(
  reference: ColumnProfile,
  current: ColumnProfile,
  cells: Cells,
  policy: DriftPolicy,
  samples: SortedSamples | undefined,
): ValueComparison {
  const pooled = (isNumericProfile(reference) ? poolNeighbours : poolRare)(cells, policy.minimumExpected);
  const n = countOfValues(reference);
  const m = countOfValues(current);
  // Both samples hold values, so each of these has one.
  const stability = psi(pooled.reference, pooled.current) ?? 0;
  const expected = psiNullMean(pooled.labels.length, n, m);
  const homogeneity = isNumericProfile(reference)
    ? quantileBinTest(pooled.reference, pooled.current)
    : chiSquareHomogeneity([pooled.reference, pooled.current]);
  const distribution =
    isNumericProfile(reference) && isNumericProfile(current)
      ? numericShift(reference, current, policy, samples)
      : categoryShift(pooled, policy, n, m);
  const candidates: Candidate[] = [
    { what: "distribution", floors: policy.distribution, ...distribution.shift },
    {
      what: "psi",
      test: "psi",
      statistic: stability,
      pValue: homogeneity?.p ?? 1,
      log10p: homogeneity?.log10p ?? 0,
      effect: Math.max(0, stability - expected),
      floors: policy.psi,
    },
  ];
  return {
    candidates,
    psi: stability,
    psiExpected: expected,
    jensenShannon: Math.sqrt((jensenShannon(pooled.reference, pooled.current) ?? 0) / Math.LN2),
    effectError: distribution.error,
    detectable: distribution.detectable,
  };
}

interface DistributionShift {
  readonly shift: Omit<Candidate, "what" | "floors">;
  readonly error: number;
  readonly detectable: number;
}

function numericShift(
  reference: NumericProfile,
  current: NumericProfile,
  policy: DriftPolicy,
  samples: SortedSamples | undefined,
): DistributionShift {
  const n = countOfValues(reference);
  const m = countOfValues(current);
  const distinct = reference.counts.filter((count) => count > 0).length;
  if (reference.kind === "boolean" || distinct <= policy.discreteValues) {
    const cells = poolRare(valueCells(reference, current, formatterOf(reference)), policy.minimumExpected);
    return categoryShift(cells, policy, n, m);
  }
  const detectable = detectableD(n, m, policy.alpha);
  const exact = samples && ksTestOfSorted(samples.reference, samples.current, policy.exactProduct);
  if (exact !== undefined) return { shift: ksShift(exact.statistic, exact), error: 0, detectable };
  const bounds = ksOfProfiles(reference, current) ?? { lower: 0, upper: 0, n, m };
  // The lower bound is the one that can't raise a false alarm.
  const tail = ksLimitTail({ statistic: bounds.lower, n, m });
  return { shift: ksShift(bounds.lower, tail), error: bounds.upper - bounds.lower, detectable };
}

const ksShift = (statistic: number, { p, log10p }: Tail): DistributionShift["shift"] => ({
  test: "ks",
  statistic,
  pValue: p,
  log10p,
  effect: statistic,
});

function categoryShift(cells: Cells, policy: DriftPolicy, n: number, m: number): DistributionShift {
  const test = chiSquareHomogeneity([cells.reference, cells.current]);
  return {
    shift: {
      test: "chiSquare",
      statistic: test?.statistic ?? 0,
      pValue: test?.p ?? 1,
      log10p: test?.log10p ?? 0,
      effect: totalVariation(cells.reference, cells.current) ?? 0,
    },
    error: 0,
    detectable: detectableVariation(n, m, cells.labels.length, policy.alpha),
  };
}

function missingShift(
  reference: ColumnProfile,
  current: ColumnProfile,
  n: number,
  m: number,
  policy: DriftPolicy,
): Candidate | undefined {
  if (reference.missing + current.missing === 0) return undefined;
  const test = twoProportions(reference.missing, reference.missing + n, current.missing, current.missing + m, {
    correction: true,
  });
  if (test === undefined) return undefined;
  const { z, p, log10p, difference } = test;
  const effect = Math.abs(difference);
  return { what: "missing", test: "twoProportions", statistic: z, pValue: p, log10p, effect, floors: policy.missing };
}

/** Current rows whose level never occurs in the reference, declared or not. */
function unseenRows(reference: CategoryProfile, current: CategoryProfile): number {
  // A reference that pools its rare levels cannot tell.
  const other = reference.other > 0 ? 0 : current.other;
  return current.counts.reduce((sum, count, i) => sum + (reference.counts[i] === 0 ? count : 0), other);
}

function newLevelShift(
  reference: ColumnProfile,
  unseen: number,
  n: number,
  m: number,
  policy: DriftPolicy,
): Candidate | undefined {
  if (unseen === 0) return undefined;
  const levelsMet = (times: number): number => reference.counts.filter((count) => count === times).length;
  const test = newLevelTest({ n, once: levelsMet(1), twice: levelsMet(2) }, { m, unseen });
  if (test === undefined) return undefined;
  const { z, p, log10p, excess } = test;
  return {
    what: "newLevels",
    test: "newLevels",
    statistic: z,
    pValue: p,
    log10p,
    effect: excess,
    floors: policy.newLevels,
  };
}
