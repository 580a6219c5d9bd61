import { countOfValues, isNumericProfile, type ColumnProfile, summarizeNumeric } from "../../data/profile/index.js";
import type { DriftPolicy } from "../policy.js";
import { chiSquareHomogeneity, quantileBinTest, gTest } from "../../stats/hypothesis/index.js";
import { hellinger, jensenShannon, jensenShannonNullMean, psi, psiNullMean } from "../../stats/distances/index.js";
import { wassersteinOfProfiles } from "./profile-wasserstein.js";
import { decileCells, levelCells, poolNeighbors, poolRare, type Cells } from "./cells.js";
import {
  categoryShift,
  missingShift,
  newLevelShift,
  numericShift,
  unseenRows,
  type Candidate,
  type ExactValues,
} from "./shifts.js";
import { formatterOf } from "./words.js";

/** Complete comparison of one column, before verdicts. */
export interface Comparison {
  readonly reference: ColumnProfile;
  readonly current: ColumnProfile;
  readonly n: number;
  readonly m: number;
  readonly candidates: readonly Candidate[];
  readonly psi: number | null;
  readonly psiExpected: number | null;
  readonly jensenShannon: number | null;
  readonly hellinger: number | null;
  readonly wasserstein: number | null;
  readonly wassersteinNormed: number | null;
  readonly effectError: number;
  /** May be above 1, if no shift at all would be found. */
  readonly detectable: number | null;
  /** As many rows have a level that the reference doesn't, or for a constant number another value. */
  readonly unseen: number;
  readonly cells: Cells;
}

/** Compares one column's profiles, exactly if the samples are available. */
export function compareColumn(
  reference: ColumnProfile,
  current: ColumnProfile,
  policy: DriftPolicy,
  exact?: ExactValues,
): Comparison {
  const n = countOfValues(reference);
  const m = countOfValues(current);
  const cells = cellsOf(reference, current);
  const unseen = unseenRows(reference, current);
  const values = n === 0 || m === 0 ? nothing : compareValues(reference, current, cells, policy, exact);
  const enough = Math.min(n, m) >= policy.leastRows;
  const others = [
    missingShift(reference, current, n, m, policy),
    enough ? newLevelShift(reference, current, unseen, n, m, policy) : undefined,
  ];
  const candidates = [...(enough ? values.candidates : []), ...others.filter((shift) => shift !== undefined)];
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

type ValueComparison = Omit<Comparison, "reference" | "current" | "n" | "m" | "unseen" | "cells">;

const nothing: ValueComparison = {
  candidates: [],
  psi: null,
  psiExpected: null,
  jensenShannon: null,
  hellinger: null,
  wasserstein: null,
  wassersteinNormed: null,
  effectError: 0,
  detectable: null,
};

function compareValues(
  reference: ColumnProfile,
  current: ColumnProfile,
  cells: Cells,
  policy: DriftPolicy,
  exact: ExactValues | undefined,
): ValueComparison {
  const pooled = (isNumericProfile(reference) ? poolNeighbors : poolRare)(cells, policy.minimumExpected);
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
      ? numericShift(reference, current, policy, exact)
      : categoryShift(pooled, policy, n, m);
  const divergence = jensenShannon(pooled.reference, pooled.current) ?? 0;
  const beyondChance = Math.max(0, divergence - jensenShannonNullMean(pooled.labels.length, n, m));
  const log10p = homogeneity?.log10p ?? 0;
  const ratio = gTest([pooled.reference, pooled.current])?.log10p ?? 0;
  const tail = { pValue: homogeneity?.p ?? 1, log10p, log10pBound: Math.max(log10p, ratio) };
  const distance = Math.sqrt(divergence / Math.LN2);
  const possible: (Omit<Candidate, "floors"> & { readonly floors: Candidate["floors"] | false })[] = [
    { what: "distribution", floors: policy.distribution, ...distribution.shift },
    {
      what: "psi",
      test: "psi",
      statistic: stability,
      ...tail,
      effect: Math.max(0, stability - expected),
      floors: policy.psi,
    },
    {
      what: "jensenShannon",
      test: "jensenShannon",
      statistic: distance,
      ...tail,
      effect: Math.sqrt(beyondChance / Math.LN2),
      floors: policy.jensenShannon,
    },
  ];
  return {
    candidates: possible.flatMap(({ floors, ...shift }) => (floors === false ? [] : [{ ...shift, floors }])),
    psi: stability,
    psiExpected: expected,
    jensenShannon: distance,
    hellinger: hellinger(pooled.reference, pooled.current) ?? null,
    ...transport(reference, current, exact),
    effectError: distribution.error,
    detectable: distribution.detectable,
  };
}

/** Returns Wasserstein's distance for numbers, if it is finite. */
function transport(
  reference: ColumnProfile,
  current: ColumnProfile,
  exact: ExactValues | undefined,
): Pick<Comparison, "wasserstein" | "wassersteinNormed"> {
  if (!isNumericProfile(reference) || !isNumericProfile(current)) return { wasserstein: null, wassersteinNormed: null };
  const distance = exact?.wasserstein ?? wassersteinOfProfiles(reference, current);
  const spread = summarizeNumeric(reference)?.standardDeviation ?? 0;
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {
    wasserstein: finite(distance ?? Number.NaN),
    wassersteinNormed: finite((distance ?? Number.NaN) / spread),
  };
}
