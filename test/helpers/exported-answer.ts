import { expect } from "vitest";
import type { ScoredRecord } from "../../src/model/scoring/compile.js";
import type { Scored } from "./random-artifact.js";

/** What an exported model says of a row; of two classes it gives no `classes`. */
export interface ExportedAnswer {
  readonly probability: unknown;
  readonly label: unknown;
  readonly classes: readonly unknown[];
}

/** How near is near enough, and what stands for no answer. */
export interface Agreement {
  readonly tolerance: number;
  readonly none: { readonly probability: number | null; readonly label: string | null };
}

/** Fails where an exported model's answer is not the library's. Labels may differ where a score is on the edge. */
export function expectAgreement(
  found: ExportedAnswer | undefined,
  expected: ScoredRecord,
  { contract, decision }: Scored,
  { tolerance, none }: Agreement,
): void {
  const { classes = [], positive } = contract.target ?? {};
  const { probability, label, probabilities = {} } = expected;
  if (probability === null) {
    const unknown = classes.length > 2 ? classes.map(() => none.probability) : [];
    expect(found).toEqual({ ...none, classes: unknown });
    return;
  }
  const own = Object.values(probabilities);
  expect(found?.classes.length).toBe(own.length);
  for (const [a, b] of [
    [found?.probability, probability] as const,
    ...own.map((b, k) => [found?.classes[k], b] as const),
  ]) {
    expect(a).toBeTypeOf("number");
    expect(Math.abs(Number(a) - b)).toBeLessThanOrEqual(tolerance);
  }
  const others = own.filter((_, k) => classes[k] !== positive).sort((a, b) => b - a);
  const [first = 1, second = 0] = others;
  const isClear = Math.abs(probability - decision.threshold) > tolerance && first - second > tolerance;
  if (isClear) expect(found?.label).toBe(label);
}
