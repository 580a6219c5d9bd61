import { gTest } from "./g-test.js";
import { chiSquareTail, type Tail } from "../special.js";

/** Positives among the rows of one stratum, in each sample. */
export interface Stratum {
  readonly reference: { readonly rows: number; readonly positives: number };
  readonly current: { readonly rows: number; readonly positives: number };
}

/** A test that a rate is the same in both samples, stratum by stratum. */
export interface StratifiedTest extends Tail {
  readonly statistic: number;
  readonly degreesOfFreedom: number;
  /** The larger of Pearson's and the likelihood ratio's log10 p, which holds far out in the tail at few rows too. */
  readonly log10pBound: number;
  /** Mean absolute change of the rate, weighted by the current rows. */
  readonly effect: number;
  /** Sum over the strata of the inverse variance of the rates' difference: what the rows tell. */
  readonly information: number;
  /** Mean change of the rate, weighted by the current rows. */
  readonly change: number;
}

/**
 * The sum over strata of the chi-square of a 2 x 2 table, with one degree of freedom each and the exact variance given the
 * margins (Pearson's is too small by 1 - 1 / N, which adds up over many small strata). Rates that went up in one
 * stratum and down in another do not cancel (as they do in Cochran and Mantel and Haenszel's test). Strata without both
 * classes or both samples are left out.
 *
 * @returns undefined where no stratum is left.
 */
export function stratifiedRates(strata: readonly Stratum[]): StratifiedTest | undefined {
  let statistic = 0;
  let ratio = 0;
  let degreesOfFreedom = 0;
  let rows = 0;
  let information = 0;
  let effect = 0;
  let change = 0;
  for (const { reference, current } of strata) {
    const all = reference.rows + current.rows;
    const rate = (reference.positives + current.positives) / all;
    if (reference.rows === 0 || current.rows === 0 || rate === 0 || rate === 1) continue;
    const difference = current.positives / current.rows - reference.positives / reference.rows;
    const variance = (rate * (1 - rate) * (1 / reference.rows + 1 / current.rows) * all) / (all - 1);
    statistic += (difference * difference) / variance;
    information += 1 / variance;
    const failures = [reference.rows - reference.positives, current.rows - current.positives];
    ratio +=
      gTest([
        [reference.positives, failures[0] ?? 0],
        [current.positives, failures[1] ?? 0],
      ])?.statistic ?? 0;
    degreesOfFreedom++;
    rows += current.rows;
    effect += Math.abs(difference) * current.rows;
    change += difference * current.rows;
  }
  if (degreesOfFreedom === 0) return undefined;
  const tail = chiSquareTail(statistic, degreesOfFreedom);
  return {
    statistic,
    degreesOfFreedom,
    ...tail,
    log10pBound: Math.max(tail.log10p, chiSquareTail(ratio, degreesOfFreedom).log10p),
    information,
    effect: effect / rows,
    change: change / rows,
  };
}
