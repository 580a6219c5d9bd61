import type { SampledLabel, SampledPrediction } from "./labels.js";

/** Reasons why a label joins no prediction although one has nearly its id. */
export const unjoinedCauses = {
  number: "the same number in another spelling, as 1000.0, 1e3 or 01000 for 1000",
  letters: "the same text with different case or blanks",
} as const;

/** Labels whose id has no prediction, among those kept. */
export interface UnjoinedLabels {
  readonly labels: number;
  /** The total. */
  readonly of: number;
  /** An id of either side. */
  readonly label: string;
  readonly prediction: string;
  /** Those that would join if both sides wrote ids the same way, with the first of each cause. */
  readonly causes: readonly {
    readonly cause: keyof typeof unjoinedCauses;
    readonly labels: number;
    readonly label: string;
    readonly prediction: string;
  }[];
}

const decimal = /^[+-]?\d+(?:\.\d*)?(?:e[+-]?\d+)?$/i;

/** Returns the same text for ids that mean the same. */
function foldedId(id: string): string {
  const text = id.normalize("NFC").trim().replace(/\s+/g, " ").toLowerCase();
  if (!decimal.test(text)) return text;
  const value = Number(text);
  // Only digits distinguish whole numbers that a double does not.
  return Number.isSafeInteger(value) ? String(value) : text.replace(/^\+?0*(?=\d)/, "").replace(/\.0*$/, "");
}

/**
 * Finds labels that join no prediction, and the causes that are visible; null if all join, or if either side is
 * empty.
 *
 * @param capacity of the sample of predictions: a full one has no id with a larger key, so such labels are unknown.
 */
export function unjoinedLabels(
  predictions: readonly SampledPrediction[],
  labels: readonly SampledLabel[],
  capacity: number,
): UnjoinedLabels | null {
  const [prediction] = predictions;
  if (prediction === undefined) return null;
  const limit =
    predictions.length < capacity ? Infinity : predictions.reduce((most, { key }) => Math.max(most, key), 0);
  const told = labels.filter(({ key, reports }) => key <= limit && reports.length > 0);
  const known = new Set(predictions.map(({ id }) => id));
  const apart = told.filter(({ id }) => !known.has(id));
  const [label] = apart;
  if (label === undefined) return null;
  const near = new Map(predictions.map(({ id }) => [foldedId(id), id]));
  const causes = new Map<keyof typeof unjoinedCauses, UnjoinedLabels["causes"][number]>();
  for (const { id } of apart) {
    const other = near.get(foldedId(id));
    if (other === undefined) continue;
    const cause = decimal.test(id.trim()) ? "number" : "letters";
    const before = causes.get(cause);
    causes.set(
      cause,
      before === undefined
        ? { cause, labels: 1, label: id, prediction: other }
        : { ...before, labels: before.labels + 1 },
    );
  }
  return {
    labels: apart.length,
    of: told.length,
    label: label.id,
    prediction: prediction.id,
    causes: [...causes.values()],
  };
}
