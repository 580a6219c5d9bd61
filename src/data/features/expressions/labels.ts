import { argument, unary, type Evaluate, type Operator } from "./operator.js";
import { labelsIn, textParameter } from "./parameters.js";
import type { LevelIndex } from "./levels.js";

/** The code that a label has in an argument; a boolean's labels are "true" (1) and "false" (0). */
function codeOf(label: string, levels: LevelIndex | undefined, isBoolean: boolean): number {
  if (isBoolean) return label === "true" ? 1 : label === "false" ? 0 : -2;
  return levels?.add(label) ?? -2;
}

/** An argument without labels is a boolean: the kinds were checked before. */
const isBoolean = (levels: LevelIndex | undefined): boolean => levels === undefined || levels.labels.length === 0;

function isOneOf(labels: readonly string[], levels: LevelIndex | undefined): Evaluate {
  const codes = new Set(labels.map((label) => codeOf(label, levels, isBoolean(levels))));
  return unary((a) => (a !== a ? NaN : codes.has(a) ? 1 : 0));
}
