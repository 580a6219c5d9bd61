import type { Column, Contract } from "../../data/contract/index.js";
import {
  type ColumnProfile,
  isNumericProfile,
  predictionsOf,
  type Profile,
  summarizeNumeric,
} from "../../data/profile/index.js";
import type { Provenance } from "../../model/artifact.js";

/** Values of a column among the profiled rows. */
export interface CardColumn {
  readonly name: string;
  readonly kind: Column["kind"];
  readonly role: Column["role"];
  readonly unit: string | null;
  readonly description: string | null;
  /** Share of missing values; null for a column without a profile: ids and ignored columns. */
  readonly missing: number | null;
  /** Of numbers, of booleans as 0 and 1, of dates in milliseconds since 1970 UTC, and of the lengths of free texts. */
  readonly numbers: {
    readonly min: number;
    readonly max: number;
    readonly mean: number;
    readonly standardDeviation: number;
  } | null;
  readonly levels: {
    readonly count: number;
    /** The most frequent ones, with their shares of the values that are not missing. */
    readonly most: readonly { readonly level: string; readonly share: number }[];
    /** Whether other levels are scored too, with a warning. */
    readonly open: boolean;
  } | null;
}

/** The data that a model was made from. */
export interface CardData {
  readonly rows: Provenance["rows"];
  /** Rows of the profile: the training rows, or for an imported model the rows of the import. */
  readonly profiled: number;
  /** SHA-256 of the content of the training rows. */
  readonly hash: string;
  /** How the rows were chosen; null if it is not known. */
  readonly chosen: string | null;
  readonly target: string | null;
  readonly positive: string | null;
  /** Profiled rows by class. */
  readonly classes: readonly { readonly label: string; readonly rows: number }[];
  readonly columns: readonly CardColumn[];
}

const shownLevels = 5;

/** Describes the data of a model by its profile. */
export function cardData(
  contract: Contract,
  profile: Profile,
  { rows, dataHash }: Provenance,
  chosen: string | undefined,
): CardData {
  const predictions = predictionsOf(profile, contract);
  const byName = new Map(profile.columns.filter((one) => one !== predictions).map((one) => [one.name, one]));
  const { target } = contract;
  const ofTarget = target && byName.get(target.column);
  return {
    rows,
    profiled: profile.rows,
    hash: dataHash,
    chosen: chosen ?? null,
    target: target?.column ?? null,
    positive: target?.positive ?? null,
    classes:
      ofTarget === undefined || isNumericProfile(ofTarget)
        ? []
        : ofTarget.levels.map((label, i) => ({ label, rows: ofTarget.counts[i] ?? 0 })),
    columns: contract.columns.map((column) => cardColumn(column, byName.get(column.name), profile.rows)),
  };
}

function cardColumn(column: Column, profile: ColumnProfile | undefined, rows: number): CardColumn {
  const { name, kind, role, unit = null, description = null } = column;
  const known = { name, kind, role, unit, description };
  if (profile === undefined) return { ...known, missing: null, numbers: null, levels: null };
  const missing = rows === 0 ? null : profile.missing / rows;
  if (isNumericProfile(profile)) {
    const found = summarizeNumeric(profile);
    if (found === undefined) return { ...known, missing, numbers: null, levels: null };
    const { min, max, mean, standardDeviation } = found;
    return { ...known, missing, numbers: { min, max, mean, standardDeviation }, levels: null };
  }
  const total = profile.counts.reduce((sum, n) => sum + n, profile.other);
  const met = profile.levels
    .map((level, i) => ({ level, share: (profile.counts[i] ?? 0) / Math.max(1, total) }))
    .filter(({ share }) => share > 0)
    .sort((a, b) => b.share - a.share || (a.level < b.level ? -1 : 1));
  const open = column.kind === "category" && column.open;
  return {
    ...known,
    missing,
    numbers: null,
    levels: { count: met.length, most: met.slice(0, shownLevels), open },
  };
}
