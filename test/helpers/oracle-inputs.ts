import { oracleNumber } from "./shared.js";

/** How the oracle file describes a sample: values as they are, or a seeded formula that every language computes alike. */
export type SampleSpec = { readonly round?: number; readonly nanEvery?: number } & (
  | { readonly kind: "literal"; readonly values: readonly unknown[] }
  | { readonly kind: "const"; readonly value: number; readonly n: number }
  | { readonly kind: "uniform"; readonly seed: number; readonly n: number; readonly lo?: number; readonly hi?: number }
  | { readonly kind: "ints"; readonly seed: number; readonly n: number; readonly k: number }
  | { readonly kind: "bell"; readonly seed: number; readonly n: number; readonly mean?: number; readonly sd?: number }
  | { readonly kind: "skew"; readonly seed: number; readonly n: number; readonly scale?: number }
  | { readonly kind: "zeroinf"; readonly seed: number; readonly n: number; readonly p: number; readonly scale?: number }
);

/** A source of uniform numbers: a linear congruential counter whose bits are scrambled, over 2^32. */
function draws(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
  };
}

function plain(spec: SampleSpec): Float64Array {
  if (spec.kind === "literal") return Float64Array.from(spec.values, oracleNumber);
  if (spec.kind === "const") return new Float64Array(spec.n).fill(spec.value);
  const next = draws(spec.seed);
  const fill = (value: () => number): Float64Array => {
    const values = new Float64Array(spec.n);
    for (let i = 0; i < values.length; i++) values[i] = value();
    return values;
  };
  switch (spec.kind) {
    case "uniform": {
      const lo = spec.lo ?? 0;
      const span = (spec.hi ?? 1) - lo;
      return fill(() => lo + span * next());
    }
    case "ints":
      return fill(() => Math.floor(next() * spec.k));
    case "bell": {
      const mean = spec.mean ?? 0;
      const sd = spec.sd ?? 1;
      return fill(() => {
        let sum = next();
        for (let j = 1; j < 12; j++) sum += next();
        return mean + sd * (sum - 6);
      });
    }
    case "skew": {
      const scale = spec.scale ?? 1;
      return fill(() => {
        const u = next();
        return u * u * scale;
      });
    }
    case "zeroinf": {
      const scale = spec.scale ?? 1;
      return fill(() => {
        const gate = next();
        const u = next();
        return gate < spec.p ? 0 : scale * u;
      });
    }
  }
}

/** The sample that a spec of the oracle file stands for, bit for bit the one its values were computed from. */
export function oracleSample(spec: unknown): Float64Array {
  const described = spec as SampleSpec;
  const values = plain(described);
  const { round, nanEvery } = described;
  if (round !== undefined) for (const [i, v] of values.entries()) values[i] = Math.floor(v * round + 0.5) / round;
  if (nanEvery !== undefined) for (let i = 0; i < values.length; i += nanEvery) values[i] = Number.NaN;
  return values;
}

/** The labels that a sample stands for: class 1 from a half on. */
export const oracleLabels = (spec: unknown): Uint8Array =>
  Uint8Array.from(oracleSample(spec), (v) => (v >= 0.5 ? 1 : 0));
