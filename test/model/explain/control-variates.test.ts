import { describe, expect, it } from "vitest";
import { uniform } from "../../../src/base/random.js";
import { combine } from "../../../src/model/explain/control-variates.js";

const samples = 50;

/** Two groups: the first gets the noise twice, the second once; their sum misses what is expected by the noise. */
function sampled(noise: (s: number) => number): { contributions: Float64Array; expected: Float64Array } {
  const random = uniform(1);
  const contributions = new Float64Array(2 * samples);
  const expected = new Float64Array(samples);
  for (let s = 0; s < samples; s++) {
    const move = random();
    const off = noise(s);
    contributions[2 * s] = 1 + move + 2 * off;
    contributions[2 * s + 1] = 0.5 - off;
    expected[s] = 1.5 + move;
  }
  return { contributions, expected };
}

function combined(noise: (s: number) => number, target: number): { values: Float64Array; errors: Float64Array } {
  const values = new Float64Array(2);
  const errors = new Float64Array(2);
  combine({ samples, groups: 2, ...sampled(noise) }, target, values, errors);
  return { values, errors };
}

describe("control variates", () => {
  it("take out all that they explain", () => {
    const random = uniform(2);
    const { values, errors } = combined(() => random() - 0.3, 2);
    // The mean of the noise is known to be 0 and that of the move 0.5.
    expect(values[0]).toBeCloseTo(1.5, 9);
    expect(values[1]).toBeCloseTo(0.5, 9);
    expect(Math.max(...errors)).toBeLessThan(1e-9);
  });

  it("leave values alone where they are rounding only", () => {
    // A mean far from 0 against the spread, as rounding has it.
    const { values } = combined((s) => 1e-8 + 1e-10 * (s % 3), 2);
    expect(values[0]).toBeCloseTo(1.5, 6);
    expect(values[1]).toBeCloseTo(0.5, 6);
  });

  it("share what no sample met, and state it as an error", () => {
    const values = new Float64Array(3);
    const errors = new Float64Array(3);
    const contributions = Float64Array.from({ length: 3 * samples }, (_, i) => [2, 1, 0][i % 3] ?? 0);
    combine({ samples, groups: 3, contributions, expected: new Float64Array(samples).fill(6) }, 6, values, errors);
    [4, 2, 0].forEach((value, c) => expect(values[c]).toBeCloseTo(value, 9));
    [3, 3, 0].forEach((error, c) => expect(errors[c]).toBeCloseTo(error, 9));
    combine(
      { samples, groups: 3, contributions: contributions.fill(0), expected: new Float64Array(samples).fill(6) },
      6,
      values,
      errors,
    );
    expect([...values]).toEqual([0, 0, 0]);
    expect([...errors]).toEqual([6, 6, 6]);
  });
});
