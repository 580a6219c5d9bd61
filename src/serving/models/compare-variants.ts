import { ChurnkitError } from "../../base/errors.js";
import { alwaysValidDifference } from "../../stats/always-valid.js";

/** Counted outcomes of a variant. */
export interface VariantOutcomes {
  /** Customers with a known outcome, each counted once. */
  readonly trials: number;
  /** Of these, those with the outcome that is compared. */
  readonly successes: number;
}

/** Options of {@link compareVariants}. */
export interface CompareOptions {
  /** Which rate wins? "higher" by default; "lower" where the outcome is churn. */
  readonly better?: "higher" | "lower" | undefined;
  /** Chance that every interval holds at every look. Default 0.95. */
  readonly confidence?: number | undefined;
}

/** Result of {@link compareVariants}. */
export interface VariantComparison {
  /** The variant that beats every other; null while none does. */
  readonly winner: string | null;
  readonly rates: Readonly<Record<string, number | null>>;
  /** Rate of the first less that of the second, with its interval, for each pair. */
  readonly differences: readonly {
    readonly pair: readonly [string, string];
    readonly value: number;
    readonly low: number;
    readonly high: number;
  }[];
}

/**
 * Which variant wins, by an interval that stays valid however often you look and whenever you stop: over the whole experiment
 * the chance of a false winner is at most 1 - `confidence`. So look daily, and stop when there is a winner.
 *
 * @param outcomes counts by variant, such as customers that churned among those exposed; count a customer once.
 * @throws ChurnkitError OPTION_INVALID for fewer than two variants, or counts that are none.
 *
 * @example
 * ```ts
 * import { compareVariants } from "churnkit/serving";
 *
 * const { winner, differences } = compareVariants(
 *   { champion: { trials: 4000, successes: 600 }, challenger: { trials: 4000, successes: 440 } },
 *   { better: "lower" },
 * );
 * console.assert(winner === "challenger" && (differences[0]?.low ?? 0) > 0);
 * ```
 */
export function compareVariants(
  outcomes: Readonly<Record<string, VariantOutcomes>>,
  { better = "higher", confidence = 0.95 }: CompareOptions = {},
): VariantComparison {
  const arms = Object.entries(outcomes);
  if (arms.length < 2) throw invalid("compareVariants compares two or more variants.");
  if (!(confidence > 0 && confidence < 1)) throw invalid(`confidence is ${confidence}. Give a share between 0 and 1.`);
  for (const [name, { trials, successes }] of arms)
    if (!Number.isSafeInteger(trials) || !Number.isSafeInteger(successes) || successes < 0 || successes > trials)
      throw invalid(
        `The counts of ${name} are ${successes} of ${trials}. Give whole numbers, at most as many successes as trials.`,
      );
  const pairs = arms.flatMap((a, i) => arms.slice(i + 1).map((b) => [a, b] as const));
  const level = (1 - confidence) / pairs.length;
  const differences = pairs.map(([[a, of], [b, than]]) => ({
    pair: [a, b] as const,
    ...alwaysValidDifference(of, than, level),
  }));
  const beats = (name: string): boolean =>
    differences.every(({ pair: [a, b], low, high }) => {
      if (name !== a && name !== b) return true;
      return (name === a) === (better === "higher") ? low > 0 : high < 0;
    });
  return {
    winner: arms.map(([name]) => name).find(beats) ?? null,
    rates: Object.fromEntries(
      arms.map(([name, { trials, successes }]) => [name, trials === 0 ? null : successes / trials]),
    ),
    differences,
  };
}

const invalid = (message: string): ChurnkitError => new ChurnkitError("OPTION_INVALID", message);
