import { argument, unary, type Evaluate, type Operator } from "./operator.js";
import { labelsIn } from "./parameters.js";
import type { LevelIndex } from "./levels.js";
import type { ParameterValue } from "../expression.js";

/**
 * Returns the code of a label in an argument; an argument without levels is a boolean, with the labels true and
 * false.
 */
function codeOf(label: string, levels: LevelIndex | undefined): number {
  if (levels === undefined) return label === "true" ? 1 : 0;
  return levels.add(label);
}

function isOneOf(labels: readonly string[], levels: LevelIndex | undefined): Evaluate {
  const codes = new Set(labels.map((label) => codeOf(label, levels)));
  return unary((a) => (a !== a ? NaN : codes.has(a) ? 1 : 0));
}

/** Counts the arguments with the label. Missing ones do not count; missing if all are. */
function countOf(label: ParameterValue, levels: readonly (LevelIndex | undefined)[]): Evaluate {
  const codes = Float64Array.from(levels, (own) => codeOf(String(label), own));
  return (out, n, args) => {
    out.fill(NaN, 0, n);
    for (let j = 0; j < args.length; j++) {
      const values = argument(args, j);
      const code = codes[j] as number;
      for (let i = 0; i < n; i++) {
        const value = values[i] as number;
        if (value !== value) continue;
        const soFar = out[i] as number;
        out[i] = (soFar !== soFar ? 0 : soFar) + (value === code ? 1 : 0);
      }
    }
  };
}

/** A pair's label. */
const pair = (a: string, b: string): string => `${a} & ${b}`;

/** Codes of pairs, in the order of `labels` below; unknown if either is, missing if either is. */
function crossed(first: LevelIndex | undefined, second: LevelIndex | undefined): Evaluate {
  const rows = first?.labels.length ?? 0;
  const columns = second?.labels.length ?? 0;
  return (out, n, args) => {
    const a = argument(args, 0);
    const b = argument(args, 1);
    for (let i = 0; i < n; i++) {
      const row = a[i] as number;
      const column = b[i] as number;
      if (row !== row || column !== column) out[i] = NaN;
      else out[i] = row < 0 || row >= rows || column < 0 || column >= columns ? -1 : row * columns + column;
    }
  };
}

/** Operators on labels. */
export const labelOperators = {
  equals: {
    args: ["labeled"],
    result: "boolean",
    parameters: { level: "label" },
    prepare: ({ level = "" }, [levels]) => isOneOf(labelsIn(level), levels),
  },
  isIn: {
    args: ["labeled"],
    result: "boolean",
    parameters: { levels: "labels" },
    prepare: ({ levels: labels = [] }, [levels]) => isOneOf(labelsIn(labels), levels),
  },
  countOf: {
    args: [],
    rest: { kind: "labeled", min: 1 },
    result: "number",
    parameters: { level: "label" },
    prepare: ({ level = "" }, levels) => countOf(level, levels),
  },
  cross: {
    args: ["category", "category"],
    result: "category",
    parameters: {},
    labels: ([first, second]) => (first?.labels ?? []).flatMap((a) => (second?.labels ?? []).map((b) => pair(a, b))),
    prepare: (_, [first, second]) => crossed(first, second),
  },
  isMissing: {
    args: ["any"],
    result: "boolean",
    parameters: {},
    prepare: () => unary((a) => (a !== a ? 1 : 0)),
  },
} as const satisfies Record<string, Operator>;
