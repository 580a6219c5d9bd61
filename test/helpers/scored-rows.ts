import fc from "fast-check";
import { uniform } from "../../src/base/random.js";

export interface ScoredRows {
  readonly labels: Uint8Array;
  readonly scores: Float64Array;
}

/** Rows with any labels and probabilities: many ties, both ends of the range, one class alone among them. */
export const scoredRows: fc.Arbitrary<ScoredRows> = fc
  .array(
    fc.tuple(
      fc.boolean(),
      fc.oneof(
        fc.integer({ min: 0, max: 4 }).map((k) => k / 4),
        fc.double({ min: 0, max: 1, noNaN: true }),
      ),
    ),
    { minLength: 1, maxLength: 60 },
  )
  .map((rows) => ({
    labels: Uint8Array.from(rows, ([label]) => (label ? 1 : 0)),
    scores: Float64Array.from(rows, ([, score]) => score),
  }));

/** Rows whose labels are drawn with probability `truth(score)`, the scores even over [0, 1). */
export function drawnRows(rows: number, seed: number, truth: (score: number) => number = (p) => p): ScoredRows {
  const random = uniform(seed);
  const labels = new Uint8Array(rows);
  const scores = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const score = random();
    scores[row] = score;
    labels[row] = random() < truth(score) ? 1 : 0;
  }
  return { labels, scores };
}
