import { numericNames, piecewiseNames, valuesNames } from "../blocks/names.js";
import { transformOf } from "../blocks/numeric.js";
import { bounded } from "../blocks/block.js";
import type { NumericEncoding } from "../define.js";
import type { NumberPolicy } from "../policy.js";
import type { NumericBlock, PiecewiseBlock, ValuesBlock } from "../recipe.js";
import { dropped, rareRows, type Candidate, type Fitted } from "./candidate.js";
import { plainTransform, quantileKnots, quantileTransform, transformByShape, type Transform } from "./shape.js";
import { moments, quantile, summarize, type NumberSummary } from "./fit-summary.js";

/** With up to this many different values, each gets a column. */
const fewValues = 10;
/** A value with this share of the rows, and many times the rows of most values, gets a column. */
const spikeShare = 0.05;
const spikeHeight = 5;
/** A value in fewer rows than this gets no column: the model would learn it by heart. */
const leastRows = 10;
/** Bins of the piecewise encoding. */
const bins = 8;

export interface NumberInput {
  readonly name: string;
  readonly values: Float64Array;
  readonly policy: NumberPolicy;
  readonly numeric: NumericEncoding;
  /** False if another block of the same source shows missing values. */
  readonly indicator: boolean;
  /** False if details are left out and the policy doesn't ask for them: see `details.ts`. */
  readonly details: boolean;
}

/** Returns values that deserve a 0/1 column in addition to the scaled number. */
function standOuts({ distinct, counts, sorted, missing }: NumberSummary): number[] {
  // The scaled number alone distinguishes two values.
  if (distinct.length < 3) return [];
  const rows = sorted.length + missing;
  const rare = Math.max(leastRows, rareRows(rows));
  const median = quantile(Float64Array.from(counts).sort(), 0.5);
  const least = distinct.length <= fewValues ? rare : Math.max(spikeShare * rows, spikeHeight * median);
  return Array.from(distinct.filter((_, i) => (counts[i] as number) >= least && (counts[i] as number) <= rows - rare));
}

function imputed(summary: NumberSummary, impute: NumberPolicy["impute"] = "median"): number {
  if (typeof impute === "number") return bounded(impute);
  return impute === "mean" ? moments(summary.sorted).mean : quantile(summary.sorted, 0.5);
}

/** A value block's flags are its values. */
function valuesCandidate(name: string, rows: Float64Array, values: readonly number[]): Candidate {
  const block: ValuesBlock = { kind: "values", input: name, values };
  return {
    block,
    flags: {
      names: valuesNames(block),
      flagOf: (row) => values.indexOf(bounded(rows[row] as number)),
      without(gone) {
        const kept = values.filter((_, i) => !gone.has(i));
        return kept.length === 0 ? undefined : { ...block, values: kept };
      },
    },
  };
}

/** For a column with one value and gaps: whether it has a value at all. */
function presence(name: string, rows: Float64Array, distinct: Float64Array): Fitted {
  const note = `${name}: only its missing flag is used, because its other values are all the same`;
  return { candidates: [valuesCandidate(name, rows, Array.from(distinct))], notes: [note] };
}

/** A block whose last column may show that the value was missing; that is its only flag. */
function withIndicator(block: NumericBlock | PiecewiseBlock, names: readonly string[], rows: Float64Array): Candidate {
  if (!block.indicator) return { block, flags: undefined };
  return {
    block,
    flags: {
      names: names.slice(-1),
      flagOf: (row) => (Number.isNaN(rows[row]) ? 0 : -1),
      without: (gone) => (gone.has(0) ? { ...block, indicator: false } : block),
    },
  };
}

function numericCandidate(
  input: NumberInput,
  summary: NumberSummary,
  transform: Transform,
  indicator: boolean,
): Candidate | undefined {
  const { mean, sd } = moments(summary.sorted, transformOf(transform));
  if (sd === 0) return undefined;
  const block: NumericBlock = {
    kind: "numeric",
    input: input.name,
    impute: imputed(summary, input.policy.impute),
    indicator,
    ...transform,
    center: mean,
    scale: 1 / sd,
  };
  return withIndicator(block, numericNames(block), input.values);
}

function piecewiseCandidate(input: NumberInput, summary: NumberSummary, indicator: boolean): Candidate | undefined {
  const knots = quantileKnots(summary.sorted, bins);
  if (knots.length < 3) return undefined;
  const block: PiecewiseBlock = {
    kind: "piecewise",
    input: input.name,
    impute: imputed(summary, input.policy.impute),
    indicator,
    knots,
  };
  return withIndicator(block, piecewiseNames(block), input.values);
}

function chosenTransform(
  summary: NumberSummary,
  policy: NumberPolicy,
  few: boolean,
  spikes: readonly number[],
): Transform {
  switch (policy.encode) {
    case "standard":
      return plainTransform("identity");
    case "log":
      return plainTransform("log");
    case "quantile":
      return quantileTransform(summary.sorted);
    default:
      return few ? plainTransform("identity") : transformByShape(summary, spikes);
  }
}

/**
 * Fits a number. One scaled column, transformed by shape, and an indicator if training rows miss it; a 0/1 column for
 * each of 3 to 10 different values, or for values that stand out by their frequency; bins if requested.
 */
export function fitNumber(input: NumberInput): Fitted {
  const { name, policy } = input;
  const summary = summarize(input.values);
  const { sorted, missing, distinct } = summary;
  if (sorted.length === 0) return dropped(name, "it is missing in every training row");
  if (distinct.length === 1 && missing === 0) return dropped(name, "it is the same in every training row");
  if (distinct.length === 1 && input.indicator) return presence(name, input.values, distinct);
  if (moments(sorted).sd === 0) return dropped(name, "its values hardly differ");
  const few = distinct.length <= fewValues;
  const own = (policy.oneHotValues ?? input.details) ? standOuts(summary) : [];
  const indicator = input.indicator && missing > 0;
  const form =
    policy.encode === "piecewise"
      ? "piecewise"
      : (policy.encode ?? "auto") === "auto" && !few
        ? input.details || input.numeric === "piecewise"
          ? input.numeric
          : "standard"
        : "standard";
  const binned = form === "standard" ? undefined : piecewiseCandidate(input, summary, indicator);
  const needsNumber = form !== "piecewise" || binned === undefined;
  const scaled = needsNumber
    ? numericCandidate(input, summary, chosenTransform(summary, policy, few, own), indicator && binned === undefined)
    : undefined;
  const single = own.length > 0 ? valuesCandidate(name, input.values, own) : undefined;
  const candidates = [scaled, binned, single].filter((candidate) => candidate !== undefined);
  return candidates.length > 0 ? { candidates, notes: [] } : dropped(name, "its values hardly differ");
}

/** Fits a boolean: 0 or 1 unchanged, the training share for a missing one. */
export function fitBoolean(name: string, values: Float64Array): Fitted {
  const { sorted, missing, distinct } = summarize(values);
  if (sorted.length === 0) return dropped(name, "it is missing in every training row");
  if (distinct.length === 1 && missing === 0) return dropped(name, "it is the same in every training row");
  if (distinct.length === 1) return presence(name, values, distinct);
  const block: NumericBlock = {
    kind: "numeric",
    input: name,
    impute: moments(sorted).mean,
    indicator: missing > 0,
    ...plainTransform("identity"),
    center: 0,
    scale: 1,
  };
  if (missing > 0) return { candidates: [withIndicator(block, numericNames(block), values)], notes: [] };
  const flags = {
    names: [name],
    flagOf: (row: number) => (values[row] === 1 ? 0 : -1),
    without: (gone: ReadonlySet<number>) => (gone.has(0) ? undefined : block),
  };
  return { candidates: [{ block, flags }], notes: [] };
}
