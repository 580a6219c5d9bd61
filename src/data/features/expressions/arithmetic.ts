import { log1p } from "../../../base/elementary.js";
import { argument, binary, folded, unary, type Evaluate, type Operator } from "./operator.js";
import { numberParameter, numbersParameter } from "./parameters.js";

/** Least-squares slope of the arguments over 0, 1, 2, ...: a fixed weight for each argument, since x never changes. */
function slope(): Evaluate {
  return (out, n, args) => {
    const k = args.length;
    const center = (k - 1) / 2;
    const spread = (k * (k * k - 1)) / 12; // sum of (j - center)^2
    for (let i = 0; i < n; i++) out[i] = 0;
    for (let j = 0; j < k; j++) {
      const y = argument(args, j);
      const weight = (j - center) / spread;
      for (let i = 0; i < n; i++) out[i] = (out[i] as number) + weight * (y[i] as number);
    }
  };
}

function meanOf(): Evaluate {
  const total = folded((a, b) => a + b);
  return (out, n, args) => {
    total(out, n, args);
    for (let i = 0; i < n; i++) out[i] = (out[i] as number) / args.length;
  };
}

/** Returns how many edges are at or below x: 0 below the first, `edges.length` from the last on. */
function bucketOf(edges: Float64Array): (x: number) => number {
  return (x) => {
    if (x !== x) return NaN;
    let low = 0;
    let high = edges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((edges[middle] as number) <= x) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

const one = { args: ["number"], result: "number", parameters: {} } as const;
const two = { args: ["number", "number"], result: "number", parameters: {} } as const;
const several = { args: [], rest: { kind: "number", min: 2 }, result: "number", parameters: {} } as const;

/** Operators from numbers to a number. A missing argument gives a missing result. */
export const arithmeticOperators = {
  constant: {
    args: [],
    result: "number",
    parameters: { value: "number" },
    prepare: (parameters) => {
      const value = numberParameter(parameters, "value");
      return (out, n) => void out.fill(value, 0, n);
    },
  },
  ratio: { ...two, prepare: () => binary((a, b) => (b === 0 ? NaN : a / b)) },
  difference: { ...two, prepare: () => binary((a, b) => a - b) },
  sum: { ...several, prepare: () => folded((a, b) => a + b) },
  product: { ...several, prepare: () => folded((a, b) => a * b) },
  min: { ...several, prepare: () => folded(Math.min) },
  max: { ...several, prepare: () => folded(Math.max) },
  mean: { ...several, prepare: meanOf },
  trend: { ...several, prepare: slope },
  coalesce: { ...several, prepare: () => folded((a, b) => (a !== a ? b : a)) },
  negate: { ...one, prepare: () => unary((a) => -a) },
  abs: { ...one, prepare: () => unary(Math.abs) },
  log1p: { ...one, prepare: () => unary((a) => (a <= -1 ? NaN : log1p(a))) },
  sqrt: { ...one, prepare: () => unary(Math.sqrt) },
  clip: {
    ...one,
    parameters: { low: "number", high: "number" },
    problem: ({ low, high }) =>
      Number(low) <= Number(high) ? undefined : `low (${String(low)}) is above high (${String(high)})`,
    prepare: (parameters) => {
      const low = numberParameter(parameters, "low");
      const high = numberParameter(parameters, "high");
      return unary((a) => (a < low ? low : a > high ? high : a));
    },
  },
  bucket: {
    ...one,
    parameters: { edges: "edges" },
    prepare: (parameters) => unary(bucketOf(numbersParameter(parameters, "edges"))),
  },
} as const satisfies Record<string, Operator>;
