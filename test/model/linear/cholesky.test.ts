import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { uniform } from "../../../src/base/random.js";
import { factorise, solve } from "../../../src/model/kinds/linear/cholesky.js";

/** A' A + I for a random A, row-major. */
function positiveDefinite(n: number, seed: number): Float64Array {
  const random = uniform(seed);
  const a = Float64Array.from({ length: n * n }, () => random() - 0.5);
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = i === j ? 1 : 0;
    for (let k = 0; k < n; k++) sum += (a[k * n + i] ?? 0) * (a[k * n + j] ?? 0);
    return sum;
  });
}

describe("factorise and solve", () => {
  it("solve a positive definite system", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 25 }), fc.nat({ max: 1e6 }), (n, seed) => {
        const matrix = positiveDefinite(n, seed);
        const answer = Float64Array.from({ length: n }, (_, i) => i - n / 3);
        const vector = answer.map((_, i) => answer.reduce((sum, x, j) => sum + x * (matrix[i * n + j] ?? 0), 0));
        factorise(matrix, n);
        solve(matrix, n, vector);
        for (const [i, x] of vector.entries()) expect(x).toBeCloseTo(answer[i] ?? 0, 8);
      }),
    );
  });

  it("stay finite for a singular matrix", () => {
    const matrix = Float64Array.of(1, 1, 0, 1, 1, 0, 0, 0, 0);
    const vector = Float64Array.of(2, 2, 0);
    factorise(matrix, 3);
    solve(matrix, 3, vector);
    expect((vector[0] ?? 0) + (vector[1] ?? 0)).toBeCloseTo(2, 6);
    expect([...vector].every(Number.isFinite)).toBe(true);
  });
});
