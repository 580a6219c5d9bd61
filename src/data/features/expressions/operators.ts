import { arithmeticOperators } from "./arithmetic.js";
import { dateOperators } from "./dates.js";
import { labelOperators } from "./expression-labels.js";
import type { Operator } from "./operator.js";

/**
 * Every operator of expressions, declared once: the kinds of its arguments and result, its parameters and its
 * evaluation. Checking, JSON parsing and evaluation read this table; the builders are its typed interface.
 */
export const operators = { ...arithmeticOperators, ...labelOperators, ...dateOperators };

/** A name of {@link operators}. */
export type OperatorName = keyof typeof operators;

/** The operator of that name, or undefined. */
export function operatorOf(name: string): Operator | undefined {
  return Object.hasOwn(operators, name) ? operators[name as OperatorName] : undefined;
}
