import { exp } from "../../base/elementary.js";
import {
  type ColumnProfile,
  type NumericProfile,
  isNumericProfile,
  quantileOfProfile,
  summarizeNumeric,
} from "../../data/profile/index.js";
import type { DriftPolicy } from "../policy.js";
import type { DriftReport, DriftTest, Severity, Shift } from "../report.js";
import type { Comparison } from "./column.js";
import { rowsNeeded } from "./detectable.js";

/** A share as a percentage: "0.02 %", "3.4 %", "57 %". */
export function percent(share: number): string {
  const value = 100 * share;
  if (value === 0) return "0 %";
  const digits = Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 1 : 2;
  return `${Number(value.toFixed(digits))} %`;
}

/** A number in at most four significant digits. */
function short(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const rounded = Number(value.toPrecision(4));
  // The largest numbers round to infinity.
  return String(Number.isFinite(rounded) ? rounded : value);
}

/** Formats values of a numeric column for people. */
export function formatterOf(column: Pick<NumericProfile, "kind" | "of">): (value: number) => string {
  if (column.kind === "date") return dateText;
  if (column.kind === "boolean") return (value) => (value === 1 ? "true" : value === 0 ? "false" : short(value));
  if (column.of === "length") return (value) => `${short(value)} characters`;
  return short;
}

function dateText(value: number): string {
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? short(value) : date.toISOString().slice(0, 10);
}

/** Formats a p-value from its logarithm, correctly even if the p-value itself is 0: "0.034", "5e-138". */
export function pText(log10p: number): string {
  if (log10p > -3) return exp(log10p * Math.LN10).toFixed(3);
  const exponent = Math.floor(log10p);
  const digit = Math.round(exp((log10p - exponent) * Math.LN10));
  return digit === 10 ? `1e${exponent + 1}` : `${digit}e${exponent}`;
}

/** Describes a significant shift in a sentence. */
export function shiftWords(shift: Shift, comparison: Comparison): string {
  const { reference, current, n, m } = comparison;
  switch (shift.what) {
    case "missing": {
      const before = percent(reference.missing / Math.max(1, reference.missing + n));
      const after = percent(current.missing / Math.max(1, current.missing + m));
      return `Missing values went from ${before} to ${after}.`;
    }
    case "newLevels": {
      if (isNumericProfile(reference)) {
        return `${percent(comparison.unseen / m)} of the rows have a value other than ${formatterOf(reference)(reference.min ?? 0)}, the reference's only one.`;
      }
      const names = isNumericProfile(current) ? [] : current.newLevels.slice(0, 3).map((level) => `"${level}"`);
      const such = names.length === 0 ? "" : ` such as ${names.join(", ")}`;
      return `${percent(comparison.unseen / m)} of the rows have a level that the reference doesn't${such}.`;
    }
    case "distribution":
    case "psi":
    case "jensenShannon":
      return `${movement(reference, current, comparison)} (${evidence(shift, comparison)}).`;
  }
}

function evidence(shift: Shift, { psi }: Comparison): string {
  const sizes: Partial<Record<DriftTest, string>> = {
    ks: `D ${short(shift.effect)}, `,
    chiSquare: `${percent(shift.effect)} of the rows moved, `,
    jensenShannon: `Jensen-Shannon ${short(shift.statistic)}, `,
  };
  const size = sizes[shift.test] ?? "";
  return `${size}PSI ${short(psi ?? 0)}, p ${pText(shift.log10p)}`;
}

/** Describes the direction in which a distribution moved. */
function movement(reference: ColumnProfile, current: ColumnProfile, comparison: Comparison): string {
  if (isNumericProfile(reference) && isNumericProfile(current) && reference.kind !== "boolean") {
    return numericMovement(reference, current);
  }
  return cellMovement(comparison);
}

function numericMovement(reference: NumericProfile, current: NumericProfile): string {
  const format = formatterOf(reference);
  const before = quantileOfProfile(reference, 0.5) ?? 0;
  const after = quantileOfProfile(current, 0.5) ?? 0;
  const spread = summarizeNumeric(reference)?.standardDeviation ?? 0;
  const now = summarizeNumeric(current)?.standardDeviation ?? 0;
  const how: string[] = [];
  const what: string[] = [];
  if (Math.abs(after - before) > 0.1 * spread && format(before) !== format(after)) {
    how.push(after > before ? "higher" : "lower");
    what.push(`the median went from ${format(before)} to ${format(after)}`);
  }
  if (spread > 0 && reference.kind !== "date" && (now > 1.2 * spread || now < spread / 1.2)) {
    how.push(now > spread ? "more spread" : "less spread");
    what.push(`the standard deviation went from ${short(spread)} to ${short(now)}`);
  }
  if (how.length === 0) return "The shape of the distribution changed";
  const factor = unitFactor(reference, current);
  const unit = factor === undefined ? "" : `, as if the unit had changed by a factor of ${short(factor)}`;
  return `Values are ${how.join(" and ")}: ${what.join(" and ")}${unit}`;
}

/** Factors between common units: tens, hundreds, thousands, months and years, hours and days, minutes, weeks. */
const unitFactors = [10, 100, 1000, 1e6, 12, 24, 60, 3600, 7, 365.25].flatMap((factor) => [factor, 1 / factor]);

/** Returns the common factor by which both mean and standard deviation were multiplied, to 10 %. */
function unitFactor(reference: NumericProfile, current: NumericProfile): number | undefined {
  const before = summarizeNumeric(reference);
  const after = summarizeNumeric(current);
  if (reference.kind !== "number" || !before || !after || before.mean === 0 || before.standardDeviation === 0)
    return undefined;
  const ratios = [after.mean / before.mean, after.standardDeviation / before.standardDeviation];
  return unitFactors.find((factor) => ratios.every((ratio) => Math.abs(ratio / factor - 1) < 0.1));
}

function cellMovement({ cells, n, m }: Comparison): string {
  let most = 0;
  let gap = 0;
  cells.labels.forEach((_, i) => {
    const difference = (cells.current[i] ?? 0) / m - (cells.reference[i] ?? 0) / n;
    if (Math.abs(difference) > Math.abs(gap)) {
      gap = difference;
      most = i;
    }
  });
  const before = percent((cells.reference[most] ?? 0) / n);
  return `"${cells.labels[most] ?? ""}" went from ${before} to ${percent((cells.current[most] ?? 0) / m)} of the rows`;
}

/** Explains why a column can't be judged, and what would help. */
export function insufficientWords(
  { n, m, detectable }: Comparison,
  { coarsestShift: coarsest, leastRows }: DriftPolicy,
): string {
  if (n === 0 && m === 0)
    return "Neither sample has a value, and there are too few rows to know whether values would appear.";
  if (n === 0 || m === 0 || detectable === null) {
    return `The ${n === 0 ? "reference" : "current data"} has no values, so the distributions can't be compared.`;
  }
  const rows = rowsNeeded(detectable, coarsest, n, m);
  const help =
    rows === undefined || n < leastRows
      ? `The reference itself is too small: give more than its ${n} values.`
      : `Give ${Math.max(rows, leastRows)} current values to find a shift of ${percent(coarsest)}.`;
  if (Math.min(n, m) < leastRows)
    return `${n} and ${m} values are too few to judge: each side needs ${leastRows}. ${help}`;
  const seen =
    detectable < 1
      ? `Only a shift of ${percent(detectable)} of the rows or more would be found`
      : "No shift would be found";
  return `${seen} with ${n} and ${m} values. ${help}`;
}

/** Nothing found. */
export function stableWords({ detectable, n, m }: Comparison): string {
  if (n === 0 && m === 0) return "No values in either sample.";
  return detectable === null
    ? "No shift found."
    : `No shift found; a shift of ${percent(Math.min(1, detectable))} of the rows would show.`;
}

/** Says how many rows there are and how many are needed, if there are too few. */
export const lackOfRows = ({ reference, current }: DriftReport["rows"], { leastRows }: DriftPolicy): string =>
  Math.min(reference, current) >= leastRows
    ? ""
    : `: ${reference} in the reference, ${current} now, and ${leastRows} are needed on each side`;

const adjectives: Record<Severity, string> = { none: "", warning: " (warning)", critical: " (critical)" };

/** Summarizes the report in a sentence. */
export function reportWords(
  drifted: readonly { name: string; severity: Severity }[],
  judged: number,
  columns: number,
  lack: string,
): string {
  if (columns === 0) return "There are no columns to compare.";
  if (drifted.length === 0 && judged === 0) return `Too few rows to judge any of the ${columns} columns${lack}.`;
  const unjudged = judged < columns ? `; ${columns - judged} could not be judged for lack of rows` : "";
  if (drifted.length === 0) return `No drift in ${judged} columns${unjudged}.`;
  const names = drifted.slice(0, 5).map(({ name, severity }) => `${name}${adjectives[severity]}`);
  const more = drifted.length > names.length ? ` and ${drifted.length - names.length} more` : "";
  return `Drift in ${drifted.length} of ${columns} columns: ${names.join(", ")}${more}${unjudged}.`;
}
