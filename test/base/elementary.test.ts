import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cosTurns, exp, integerPower, log, log1p, powerOfTwo, sinTurns } from "../../src/base/elementary.js";
import { uniform } from "../../src/base/random.js";
import { bits, expFixed, fixed, logFixed, sinCosFixed, ulps } from "./fixed-point.js";

/** The double next to a positive one. */
function after(value: number, steps = 1): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + BigInt(steps));
  return view.getFloat64(0);
}

/** `count` numbers spread over [low, high]. */
function spread(low: number, high: number, count = 1500, seed = 1): number[] {
  const random = uniform(seed);
  return Array.from({ length: count }, () => low + (high - low) * ((random() + random() / 2 ** 32) % 1));
}

const worst = (values: readonly number[], error: (x: number) => number): number => Math.max(...values.map(error));

const expError = (x: number): number => {
  const { value, exponent } = expFixed(fixed(x));
  return ulps(exp(x), value, exponent);
};
const logError = (x: number): number => ulps(log(x), logFixed(fixed(x)));
const log1pError = (x: number): number => ulps(log1p(x), logFixed((1n << bits) + fixed(x)));

describe("exp", () => {
  it("is within 0.7 ulp of the exact value", () => {
    const ranges = [
      [-0.35, 0.35],
      [-1e-6, 1e-6],
      [-5, 5],
      [-40, 40],
      [-707, 709],
    ] as const;
    for (const [low, high] of ranges) expect(worst(spread(low, high), expError)).toBeLessThan(0.7);
  });

  it("is within 0.7 ulp beside every point where the reduction changes its exponent", () => {
    const points = Array.from({ length: 2040 }, (_, i) => (i - 1020.5) * Math.LN2).filter((x) => x < 709);
    expect(
      worst(
        points.flatMap((x) => [x, x * (1 + 2e-16), x * (1 - 2e-16)]),
        expError,
      ),
    ).toBeLessThan(0.7);
  });

  it("rounds subnormal results to the nearest or the next", () => {
    expect(worst(spread(-745.13, -708, 500), expError)).toBeLessThan(1);
  });

  it("meets its edges", () => {
    expect([exp(0), exp(-0), exp(1), exp(5e-324), exp(-1e-300)]).toEqual([1, 1, Math.E, 1, 1]);
    expect([exp(Infinity), exp(-Infinity), exp(NaN)]).toEqual([Infinity, 0, NaN]);
    expect(exp(709.782712893384)).toBeLessThan(Infinity);
    expect([exp(709.7827128933841), exp(710), exp(1e308)]).toEqual([Infinity, Infinity, Infinity]);
    expect([exp(-745.1332191019411), exp(-745.1332191019413), exp(-746), exp(-1e308)]).toEqual([5e-324, 0, 0, 0]);
  });

  it("never falls where its argument rises by 1e-15 of it", () => {
    for (const x of [...spread(-700, 700), ...Array.from({ length: 200 }, (_, i) => (i - 100.5) * Math.LN2)]) {
      const next = x + Math.abs(x) * 1e-15;
      expect(exp(next)).toBeGreaterThanOrEqual(exp(x));
    }
  });
});

describe("log", () => {
  it("is within 0.9 ulp of the exact value", () => {
    const ranges = [
      [0.999, 1.001],
      [0.7, 1.42],
      [1e-9, 2],
      [1, 1e6],
      [1e200, 1e308],
    ] as const;
    for (const [low, high] of ranges) expect(worst(spread(low, high), logError)).toBeLessThan(0.9);
    expect(
      worst(
        spread(1, 2, 300).map((m, i) => m * 2 ** -(i % 190)),
        logError,
      ),
    ).toBeLessThan(0.9);
  });

  it("is within 0.9 ulp, and never falls, beside each sqrt(1/2) * 2^k", () => {
    for (let k = -190; k < 1024; k++) {
      const middle = Math.SQRT1_2 * powerOfTwo(k);
      const around = Array.from({ length: 7 }, (_, i) => after(middle, i - 3));
      expect(worst(around, logError)).toBeLessThan(0.9);
      around.reduce((before, x) => {
        expect(log(x)).toBeGreaterThanOrEqual(before);
        return log(x);
      }, -Infinity);
    }
  });

  it("meets its edges", () => {
    expect([log(1), log(0), log(-0), log(-1), log(-Infinity), log(NaN), log(Infinity)]).toEqual([
      0,
      -Infinity,
      -Infinity,
      NaN,
      NaN,
      NaN,
      Infinity,
    ]);
    expect(log(Number.MAX_VALUE)).toBe(709.782712893384);
    // ln 2^-1074 and ln 2^-1022, to 20 digits.
    expect(log(Number.MIN_VALUE)).toBe(Number("-744.44007192138126231"));
    expect(log(2.2250738585072014e-308)).toBe(Number("-708.39641853226410622"));
    expect(log(1e-310)).toBe(Number("-713.80137882815417"));
    for (let k = -1074; k < 1024; k++) expect(Math.abs(log(powerOfTwo(k)) - k * Math.LN2)).toBeLessThanOrEqual(1.2e-13);
  });

  it("undoes exp", () => {
    fc.assert(
      fc.property(fc.double({ min: -700, max: 700, noNaN: true }), (x) => {
        expect(Math.abs(log(exp(x)) - x)).toBeLessThanOrEqual(1.2e-16 + 2.3e-16 * Math.abs(x));
      }),
    );
  });
});

describe("log1p", () => {
  it("is within 1 ulp of the exact value", () => {
    const ranges = [
      [-0.999, -0.2],
      [-0.3, 0.42],
      [-1e-5, 1e-5],
      [-1e-16, 1e-16],
      [0.4, 3],
      [1, 1e6],
      [1e14, 1e18],
    ] as const;
    for (const [low, high] of ranges) expect(worst(spread(low, high), log1pError)).toBeLessThan(1);
    for (const edge of [-0.29, 0.41, 1]) {
      const around = Array.from({ length: 41 }, (_, i) => (edge < 0 ? -after(-edge, i - 20) : after(edge, i - 20)));
      expect(worst(around, log1pError)).toBeLessThan(1);
    }
    expect(
      worst(
        spread(0, 50, 500).map((x) => exp(-x)),
        log1pError,
      ),
    ).toBeLessThan(1);
  });

  it("meets its edges", () => {
    expect([log1p(0), log1p(-0), log1p(1e-300), log1p(-5e-324)]).toEqual([0, -0, 1e-300, -5e-324]);
    expect([log1p(-1), log1p(-1.1), log1p(-Infinity), log1p(NaN), log1p(Infinity)]).toEqual([
      -Infinity,
      NaN,
      NaN,
      NaN,
      Infinity,
    ]);
    expect(log1p(-1 + 2 ** -53)).toBe(Number("-36.73680056967710139911"));
    expect(log1p(Number.MAX_VALUE)).toBe(709.782712893384);
  });
});

describe("sinTurns and cosTurns", () => {
  const errors = (t: number): number => {
    const { sin, cos } = sinCosFixed(fixed(t));
    return Math.max(ulps(sinTurns(t), sin), ulps(cosTurns(t), cos));
  };

  it("are within 1 ulp of the exact value", () => {
    for (const [low, high] of [
      [-0.13, 0.13],
      [0, 1],
      [-50, 50],
      [1e-9, 1e-6],
    ] as const) {
      expect(worst(spread(low, high), errors)).toBeLessThan(1);
    }
    const calendar = [7, 12, 24, 365, 366].flatMap((period) => Array.from({ length: period }, (_, i) => i / period));
    expect(
      worst(
        calendar.filter((t) => (4 * t) % 1 !== 0),
        errors,
      ),
    ).toBeLessThan(1);
  });

  it("are exact at whole quarters, and NaN without an angle", () => {
    expect([-1, -0.75, 0, 0.25, 0.5, 0.75, 1, 2 ** 60].map((t) => sinTurns(t) + 0)).toEqual([0, 1, 0, 1, 0, -1, 0, 0]);
    expect([-1, -0.75, 0, 0.25, 0.5, 0.75, 1, 2 ** 60].map((t) => cosTurns(t) + 0)).toEqual([1, 0, 1, 0, -1, 0, 1, 1]);
    expect([sinTurns(NaN), cosTurns(Infinity), sinTurns(-Infinity)]).toEqual([NaN, NaN, NaN]);
  });
});

describe("powers", () => {
  it("of two are exact", () => {
    let value = 1;
    for (let e = 0; e < 1024; e++, value *= 2) expect(powerOfTwo(e)).toBe(value);
    value = 1;
    for (let e = 0; e >= -1074; e--, value /= 2) expect(powerOfTwo(e)).toBe(value);
  });

  it("to a whole exponent follow the squares", () => {
    expect([integerPower(3, 0), integerPower(3, 1), integerPower(3, 13), integerPower(-2, 63)]).toEqual([
      1,
      3,
      1594323,
      -(2 ** 63),
    ]);
    expect(integerPower(0.9, 100)).toBeCloseTo(2.656139888758748e-5, 18);
    expect(integerPower(0.999, 5_000_000_000)).toBe(0);
  });
});

/**
 * Bits that every runtime must give; a change of one is a change of every model's bits, and belongs in the changelog.
 */
it("gives known bits", () => {
  const values = spread(-30, 30, 2000, 9);
  let hash = 0;
  const words = new Uint32Array(2);
  const view = new Float64Array(words.buffer);
  for (const x of values) {
    for (const value of [exp(x), log(Math.abs(x)), log1p(Math.abs(x) / 40), sinTurns(x), cosTurns(x)]) {
      view[0] = value;
      for (const word of words) hash = (Math.imul(hash, 31) + word) >>> 0;
    }
  }
  expect(hash).toBe(4174892549);
});
