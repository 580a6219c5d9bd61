import { nameProblem } from "../../contract/limits.js";
import type { Table } from "../../table/table.js";
import type { Features } from "../define.js";
import type { DerivedColumn } from "../recipe.js";
import { numbersOf, type TargetClass } from "./fit-values.js";

/** With fewer rows chance and the columns themselves say as much. */
const leastRows = 20_000;
/** Bins of a number: nearly equal shares of its rows, and one for missing. */
const bins = 24;
/** Values that the bins' ends are drawn from. */
const drawn = 2048;
/** Standard deviations by which a ratio's bins must differ more than by chance: there are many pairs. */
const leastSigmas = 4;
/** Ratios that are compared again after each choice. */
const shortlist = 80;
/** Numbers that the search reads: all pairs of some of the rows. */
const mostNumbers = 4e7;
/** So many numbers that fewer rows than this could be read have too many pairs to tell chance. */
const leastSample = 5000;
const sweeps = 3;

interface Candidate {
  readonly column: DerivedColumn;
  readonly codes: Uint8Array;
}

/**
 * Features with ratios of numbers that say something about the target beyond what either number says: each in turn
 * tells most about what a sum of functions of the columns, and of the ratios before it, leaves open (backfitting, Hastie
 * and Tibshirani 1990). Trees part rows by one column at a time, so a ratio costs them many splits.
 *
 * @param most how many ratios.
 */
export function withRatios(
  features: Features,
  table: Table,
  target: readonly TargetClass[] | undefined,
  most: number,
): Features {
  const [positive, ...others] = target ?? [];
  if (most === 0 || positive === undefined || others.length > 0 || table.rows < leastRows) return features;
  const dropped = new Set(
    features.policies.filter(({ policy }) => policy.encode === "drop").map(({ column }) => column),
  );
  const columns = table.contract.columns.filter(
    ({ name, role, kind }) => role === "feature" && kind === "number" && !dropped.has(name),
  );
  const step = Math.max(1, Math.ceil((columns.length * columns.length * table.rows) / (2 * mostNumbers)));
  if (table.rows / step < leastSample) return features;
  const rows = Uint32Array.from({ length: Math.floor(table.rows / step) }, (_, i) => i * step);
  const numbers = columns.map(({ name }): Numbers => {
    const values = numbersOf({ op: "column", name }, table);
    return { name, values: Float64Array.from(rows, (row) => values[row] as number) };
  });
  const residuals = Float64Array.from(rows, (row) => positive.labels[row] as number);
  const known = numbers.map(({ values }) => codesOf(values));
  const settle = (): void => {
    for (let sweep = 0; sweep < sweeps; sweep++) for (const codes of known) explain(codes, residuals);
  };
  settle();
  const taken = new Set([...table.contract.columns, ...features.derived].map(({ name }) => name));
  let left = ranked(
    pairsOf(numbers).filter(({ column: { name } }) => !taken.has(name) && nameProblem(name) === undefined),
    residuals,
  ).slice(0, shortlist);
  const chosen: DerivedColumn[] = [];
  for (let [best] = left; best !== undefined && chosen.length < most; [best] = left) {
    chosen.push(best.column);
    known.push(best.codes);
    settle();
    const { name } = best.column;
    // The ratio of "a / b" and "c" has the name of that of "a" and "b / c".
    left = ranked(
      left.filter(({ column }) => column.name !== name),
      residuals,
    );
  }
  const policies = chosen.map(({ name }) => ({ column: name, policy: { encode: "quantile", oneHotValues: false } }));
  return { ...features, derived: [...features.derived, ...chosen], policies: [...features.policies, ...policies] };
}

/** Those whose bins differ by more than chance, the one that tells most first. */
const ranked = (candidates: readonly Candidate[], residuals: Float64Array): Candidate[] =>
  candidates
    .map((candidate) => ({ candidate, sigmas: sigmasOf(candidate.codes, residuals) }))
    .filter(({ sigmas }) => sigmas >= leastSigmas)
    .sort((a, b) => b.sigmas - a.sigmas)
    .map(({ candidate }) => candidate);

interface Numbers {
  readonly name: string;
  readonly values: Float64Array;
}

/** The ratio of every two numbers; the one that is 0 or below in fewer rows is the denominator. */
function* ratiosOf(numbers: readonly Numbers[]): Generator<readonly [over: Numbers, under: Numbers]> {
  const low = numbers.map(({ values }) => values.reduce((count, value) => count + Number(value <= 0), 0));
  for (let i = 0; i < numbers.length; i++)
    for (let j = 0; j < i; j++) {
      const [a, b] = [numbers[i] as Numbers, numbers[j] as Numbers];
      yield (low[i] as number) <= (low[j] as number) ? [b, a] : [a, b];
    }
}

function pairsOf(numbers: readonly Numbers[]): Candidate[] {
  return Array.from(ratiosOf(numbers), ([over, under]) => {
    const values = over.values.map((value, row) => {
      const by = under.values[row] as number;
      return by === 0 ? NaN : value / by;
    });
    const args = [over, under].map(({ name }) => ({ op: "column", name }) as const);
    return {
      column: { name: `${over.name} / ${under.name}`, expression: { op: "ratio", args } },
      codes: codesOf(values),
    };
  });
}

/** Bins of a number, of nearly equal shares of some of its values, as far as these differ; missing is the last one. */
function codesOf(values: Float64Array): Uint8Array {
  const step = Math.max(1, Math.floor(values.length / drawn));
  const some = values.filter((value, i) => i % step === 0 && value === value).sort();
  const ends: number[] = [];
  for (let i = 1, from = 0; i < some.length; i++) {
    if (some[i] === some[i - 1] || i - from < some.length / bins) continue;
    ends.push(some[i] as number);
    from = i;
  }
  return Uint8Array.from(values, (value) => {
    if (value !== value) return bins;
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (value < (ends[middle] as number)) high = middle;
      else low = middle + 1;
    }
    return low;
  });
}

/** Sums of the residuals by bin, and the rows of each. */
function sumsOf(codes: Uint8Array, residuals: Float64Array): { sums: Float64Array; counts: Uint32Array } {
  const sums = new Float64Array(bins + 1);
  const counts = new Uint32Array(bins + 1);
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] as number;
    sums[code] = (sums[code] as number) + (residuals[i] as number);
    counts[code] = (counts[code] as number) + 1;
  }
  return { sums, counts };
}

/** Takes the mean of each bin from the residuals. */
function explain(codes: Uint8Array, residuals: Float64Array): void {
  const { sums, counts } = sumsOf(codes, residuals);
  const means = sums.map((sum, bin) => sum / Math.max(1, counts[bin] as number));
  for (let i = 0; i < codes.length; i++)
    residuals[i] = (residuals[i] as number) - (means[codes[i] as number] as number);
}

/** Standard deviations by which the bins' means differ more than by chance: a chi-squared sum, as a normal one. */
function sigmasOf(codes: Uint8Array, residuals: Float64Array): number {
  const { sums, counts } = sumsOf(codes, residuals);
  const variance = residuals.reduce((sum, residual) => sum + residual * residual, 0) / residuals.length;
  let [between, filled] = [0, 0];
  sums.forEach((sum, bin) => {
    const count = counts[bin] as number;
    if (count === 0) return;
    filled++;
    between += (sum * sum) / count / variance;
  });
  return filled < 2 ? 0 : (between - (filled - 1)) / Math.sqrt(2 * (filled - 1));
}
