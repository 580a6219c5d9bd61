import type { QualityRule } from "../rules.js";

/** One reason why a row was set aside or deserves a look. */
export interface CellIssue {
  readonly column: string;
  /** The rule that was broken, a name of the quality rule table. */
  readonly rule: string;
  /** The offending value as text, cut to 80 characters. */
  readonly value: string;
  readonly message: string;
}

/** Cuts a text for a message, to 80 characters. */
export function cutText(text: string, limit = 80): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 3)}...`;
}

/** Describes a refused value of any type, without running any of its code. */
export function describeValue(value: unknown): string {
  if (typeof value === "string") return cutText(value);
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  return cutText(String(value));
}

/**
 * Problem with a cell and what to do, as the end of the sentence "column: value ..."; a function if that takes time.
 */
type CellProblem = string | (() => string);

/** A refusal that is put into words only on demand: refusing a cell must not cost more than reading it. */
class CellRefusal implements CellIssue {
  readonly #value: unknown;
  readonly #problem: CellProblem;

  constructor(
    readonly column: string,
    readonly rule: QualityRule,
    value: unknown,
    problem: CellProblem,
  ) {
    this.#value = value;
    this.#problem = problem;
  }

  get value(): string {
    return this.#value === undefined ? "" : describeValue(this.#value);
  }

  get message(): string {
    const given = typeof this.#value === "string" ? JSON.stringify(this.value) : this.value;
    const named = this.#value === undefined ? "the key" : given;
    const problem = typeof this.#problem === "string" ? this.#problem : this.#problem();
    return `Column "${cutText(this.column)}": ${named} ${problem}.`;
  }

  toJSON(): CellIssue {
    return plainIssue(this);
  }
}

/** Builds the issue for one refused cell, `undefined` without one; {@link plainIssue} makes it plain data. */
export const cellIssue = (column: string, rule: QualityRule, value: unknown, problem: CellProblem): CellIssue =>
  new CellRefusal(column, rule, value, problem);

/** Puts an issue into words: plain data that keeps no reference to the refused value. */
export const plainIssue = ({ column, rule, value, message }: CellIssue): CellIssue => ({
  column,
  rule,
  value,
  message,
});
