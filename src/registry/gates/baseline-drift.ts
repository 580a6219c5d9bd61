import {
  cellFinder,
  predictionsOf,
  isNumericProfile,
  type CategoryProfile,
  type ColumnProfile,
  type NumericProfile,
  type Profile,
} from "../../data/profile/index.js";
import { compareProfiles } from "../../drift/index.js";
import type { DriftVerdict, Severity } from "../../drift/report.js";

/** How the training rows of one version differ from those of another; plain JSON. */
export interface BaselineDrift {
  readonly verdict: DriftVerdict;
  readonly severity: Severity;
  /** The finding in a sentence. */
  readonly message: string;
  readonly columns: readonly {
    readonly name: string;
    readonly verdict: DriftVerdict;
    readonly severity: Severity;
    readonly psi: number | null;
    readonly message: string;
  }[];
  /** Columns of only one of the two baselines, or with different kinds. */
  readonly notCompared: readonly string[];
}

/**
 * Compares two baselines with different cut points and levels: the second one is counted again between the cut points
 * of the first. Values between two of its own cut points count as spread evenly over the interval. So the result is
 * exact for columns with up to as many distinct values as cut points, and otherwise within one over their number.
 */
export function driftOfBaselines(a: Profile, b: Profile): BaselineDrift {
  const predictions = { a: predictionsOf(a), b: predictionsOf(b) };
  const columns = new Map(
    b.columns.filter((column) => column !== predictions.b).map((column) => [column.name, column]),
  );
  const pairs = a.columns.flatMap((reference) => {
    // Each baseline names its probabilities so that none of its own columns has the same name.
    const current =
      reference === predictions.a
        ? predictions.b && { ...predictions.b, name: reference.name }
        : columns.get(reference.name);
    return current !== undefined && current.kind === reference.kind ? [{ reference, current }] : [];
  });
  const compared = new Set(pairs.map(({ reference }) => reference.name));
  const report = compareProfiles(
    { ...a, columns: pairs.map(({ reference }) => reference) },
    { ...b, columns: pairs.map(({ reference, current }) => recounted(reference, current)) },
  );
  return {
    verdict: report.verdict,
    severity: report.severity,
    message: report.message,
    columns: report.columns.map(({ name, verdict, severity, psi, message }) => ({
      name,
      verdict,
      severity,
      psi,
      message,
    })),
    notCompared: [...new Set([...a.columns, ...b.columns].map(({ name }) => name))].filter(
      (name) => !compared.has(name),
    ),
  };
}

function recounted(reference: ColumnProfile, column: ColumnProfile): ColumnProfile {
  if (isNumericProfile(reference)) return isNumericProfile(column) ? recountedNumbers(reference, column) : column;
  return isNumericProfile(column) ? column : recountedLevels(reference, column);
}

/** Positions in an interval over which its rows are spread. */
const spread = 64;

function recountedNumbers({ cuts, deciles }: NumericProfile, column: NumericProfile): NumericProfile {
  const cellOf = cellFinder(Float64Array.from(cuts));
  const counts = new Array<number>(2 * cuts.length + 1).fill(0);
  const add = (value: number, rows: number): void => {
    const cell = cellOf(value);
    counts[cell] = (counts[cell] ?? 0) + rows;
  };
  column.counts.forEach((rows, cell) => {
    if (rows === 0) return;
    // Cell 2i + 1 has the values equal to cuts[i]; cell 2i those between cuts[i - 1] and it.
    const at = column.cuts[(cell - 1) / 2];
    if (cell % 2 === 1) {
      if (at !== undefined) add(at, rows);
      return;
    }
    const low = column.cuts[cell / 2 - 1] ?? column.min ?? 0;
    const high = column.cuts[cell / 2] ?? column.max ?? low;
    const places = Math.min(rows, spread);
    for (let i = 0; i < places; i++) {
      const share = (i + 0.5) / places;
      add(low * (1 - share) + high * share, Math.floor(((i + 1) * rows) / places) - Math.floor((i * rows) / places));
    }
  });
  return { ...column, cuts, deciles, counts };
}

function recountedLevels(reference: CategoryProfile, column: CategoryProfile): CategoryProfile {
  const countOf = new Map(column.levels.map((level, i) => [level, column.counts[i] ?? 0]));
  const counts = reference.levels.map((level) => countOf.get(level) ?? 0);
  const known = new Set(reference.levels);
  const others = column.levels.filter((level) => !known.has(level) && (countOf.get(level) ?? 0) > 0);
  const other = column.other + others.reduce((rows, level) => rows + (countOf.get(level) ?? 0), 0);
  // A reference that pools its rare levels cannot distinguish a new one from a rare one.
  const newLevels =
    reference.other > 0
      ? []
      : others
          .map((level) => level.slice(0, 80))
          .sort()
          .slice(0, 20);
  return { ...column, levels: reference.levels, counts, other, newLevels };
}
