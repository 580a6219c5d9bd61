import { ChurnkitError } from "../../base/errors.js";
import { sigmoid } from "../../stats/logistic.js";
import { evaluateExpression } from "../../data/features/index.js";
import { recordOf, type RecordValue, rowBuffer, type Table } from "../../data/table/index.js";
import type { CellIssue } from "../../data/contract/index.js";
import { recordWarnings } from "../scoring/record-warnings.js";
import type { ExplainedColumn, Explainer, Explanation } from "./explanation.js";
import { listed, signed, subjectOf } from "./words.js";

/** One reason for a score. */
export interface Reason {
  readonly column: string;
  /** The contract's columns in it: itself, or the sources of a derived column. */
  readonly madeOf: readonly string[];
  /** The customer's value; null is missing. */
  readonly value: RecordValue;
  readonly direction: "raises" | "lowers";
  /** The attribution, in log odds; e^logOdds is the factor on the odds. */
  readonly logOdds: number;
  /** Standard error of `logOdds` from the sampling; 0 if the method is exact. */
  readonly standardError: number;
  /** "tenure of 2 months raises the risk (log odds +0.81)" */
  readonly sentence: string;
}

/** Why a record has its score. */
export interface ReasonedScore {
  /** Calibrated probability of the explainer's class: the positive one, unless another was asked for. */
  readonly probability: number;
  /** log(probability / (1 - probability)) = `base` + the reasons' log odds + `others`. */
  readonly logOdds: number;
  /** The mean log odds of the background, with which the record is compared. */
  readonly base: number;
  /** The largest first. */
  readonly reasons: readonly Reason[];
  /** The log odds of all columns that are not among the reasons. */
  readonly others: number;
  /** Issues of a record that was scored anyway. */
  readonly issues: readonly CellIssue[];
}

/** A record that could not be scored; `issues` says why. */
export interface UnreasonedScore {
  readonly probability: null;
  readonly logOdds: null;
  readonly reasons: readonly [];
  readonly issues: readonly CellIssue[];
}

/** Number of reasons, and their wording. */
export interface ReasonOptions {
  /** Maximum number of reasons, 1 or more. Default 3. */
  readonly top?: number | undefined;
  /** Name of a high probability in a sentence. Default "risk" for the positive one of two classes, else `chance of "pro"`. */
  readonly outcome?: string | undefined;
  /** Only reasons in this direction: reasons that raise the risk are the ones to act on. Default both. */
  readonly direction?: Reason["direction"] | undefined;
}

/**
 * Returns the columns that raise or lower a record's score most, in words: each compared with the model's average
 * over the explainer's background. Columns that can't be distinguished from 0 (within two standard errors of the
 * sampling) are left out, so there may be fewer than `top`.
 *
 * A reason describes how the model uses a value, not what causes churn.
 *
 * @param record Parsed JSON, checked by the contract; one that breaks it gives `probability: null` with the issues.
 * @throws ChurnkitError OPTION_INVALID for a `top` that is not a whole number above 0.
 * @example
 * ```ts
 * import { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { explainerOf, logistic, reasons, train } from "churnkit/model";
 *
 * const { records } = syntheticCustomers({ rows: 500, seed: 1 });
 * const customers = tableFromRecords(syntheticContract, records);
 * const { artifact } = await train(defineFeatures(syntheticContract), customers, { learner: logistic() });
 * const explainer = await explainerOf(artifact);
 * for (const { sentence } of reasons(explainer, records[0]).reasons) console.log(sentence);
 * ```
 */
export function reasons(
  explainer: Explainer,
  record: unknown,
  options: ReasonOptions = {},
): ReasonedScore | UnreasonedScore {
  const { top = 3, outcome = outcomeOf(explainer), direction } = options;
  if (!Number.isInteger(top) || top < 1) {
    throw new ChurnkitError("OPTION_INVALID", `top is ${top}. Give a whole number above 0.`, { where: { value: top } });
  }
  const table = rowBuffer(explainer.contract).fill([record]);
  const broken = table.rejected[0];
  if (broken !== undefined) return withoutScore(broken.issues);
  const explanation = explained(explainer, table);
  if (explanation === undefined) return withoutScore([noScore]);
  const { base, columns, values, errors } = explanation;
  const logOdds = explanation.outputs[0] as number;
  const chosen = columns
    .map((column, i) => ({ column, value: values[i] as number, error: errors[i] as number }))
    .filter(({ value, error }) => value !== 0 && Math.abs(value) > 2 * error)
    .filter(({ value }) => direction === undefined || (value > 0 ? "raises" : "lowers") === direction)
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
    .slice(0, top);
  const others = chosen.reduce((rest, { value }) => rest - value, logOdds - base);
  return {
    probability: sigmoid(logOdds),
    logOdds,
    base,
    reasons: chosen.map(({ column, value, error }) => reasonOf(explainer, table, column, value, error, outcome)),
    others,
    issues: recordWarnings(explainer.contract)(table, 0),
  };
}

function outcomeOf({ class: explained, contract: { target } }: Explainer): string {
  const risk = target?.classes.length === 2 && explained === target.positive;
  return risk ? "risk" : `chance of ${JSON.stringify(explained)}`;
}

const withoutScore = (issues: readonly CellIssue[]): UnreasonedScore => ({
  probability: null,
  logOdds: null,
  reasons: [],
  issues,
});

const noScore: CellIssue = {
  column: "",
  rule: "finite",
  value: "",
  message: "The model has no finite score for this row, so there is nothing to explain.",
};

/** Undefined if the row has no finite score. */
function explained(explainer: Explainer, table: Table): Explanation | undefined {
  try {
    return explainer.explain(table);
  } catch (error) {
    if (ChurnkitError.isInstance(error) && error.code === "VALUE_INVALID") return undefined;
    throw error;
  }
}

function reasonOf(
  explainer: Explainer,
  table: Table,
  column: ExplainedColumn,
  logOdds: number,
  standardError: number,
  outcome: string,
): Reason {
  const { name, madeOf, derived } = column;
  const value = derived ? derivedValue(explainer, table, name) : (recordOf(table, 0)[name] ?? null);
  const declared = derived ? undefined : explainer.contract.columns.find((other) => other.name === name);
  const direction = logOdds > 0 ? "raises" : "lowers";
  const made = derived ? ` (made of ${listed(madeOf)})` : "";
  const sentence = `${subjectOf(name, declared, value)}${made} ${direction} the ${outcome} (log odds ${signed(logOdds)})`;
  return { column: name, madeOf, value, direction, logOdds, standardError, sentence };
}

/** Returns the value of a derived column in the first row: a label if it has labels. */
function derivedValue({ recipe }: Explainer, table: Table, name: string): RecordValue {
  const expression = recipe.derived.find((derived) => derived.name === name)?.expression;
  if (expression === undefined) return null;
  const { values, levels } = evaluateExpression(expression, table);
  const value = values[0] as number;
  if (Number.isNaN(value)) return null;
  if (levels.length > 0) return levels[value] ?? "an unknown label";
  return value;
}
