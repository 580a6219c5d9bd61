import { ChurnkitError } from "../../base/errors.js";
import type { Contract } from "../contract/contract.js";
import { nameProblem } from "../contract/limits.js";
import type { Dataset } from "../dataset.js";
import type { ColumnsOf, Expression } from "./expression.js";
import { checkExpression, inputColumn } from "./expressions/check-expression.js";
import { parseExpression } from "./expressions/parse-expression.js";
import { policyProblem, type ColumnPolicy, type PolicyFor, type PolicyForExpression } from "./policy.js";
import type { DerivedColumn } from "./recipe.js";

/** Encoding of numbers without a policy: one scaled number, bins between quantiles, or both. */
export const numericEncodings = ["standard", "piecewise", "both"] as const;
/** A name of {@link numericEncodings}. */
export type NumericEncoding = (typeof numericEncodings)[number];

declare const rowType: unique symbol;
declare const requestType: unique symbol;

/**
 * Definition of the features: plain JSON. Fitting it on training rows gives a `Recipe`. `Row` and
 * `Request` are the types of the dataset, for the compiler only.
 */
export interface Features<Row = unknown, Request = unknown> {
  readonly format: 1;
  readonly contract: Contract;
  readonly derived: readonly DerivedColumn[];
  readonly numeric: NumericEncoding;
  /** Columns, of the contract or derived, that are not encoded by default rules. */
  readonly policies: readonly NamedPolicy[];
  readonly [rowType]?: Row;
  readonly [requestType]?: Request;
}

/** The policy of one column, of the contract or derived. */
export interface NamedPolicy {
  readonly column: string;
  readonly policy: ColumnPolicy;
}

/** Derived columns as the `derive` callback returns them. */
export type DerivedColumns = Readonly<Record<string, Expression>>;

/** Policies by column of a row type and by derived column. */
export type Policies<Row, Derived extends DerivedColumns> = (unknown extends Row
  ? Readonly<Record<string, ColumnPolicy>>
  : { readonly [Name in keyof Row & string]?: PolicyFor<NonNullable<Row[Name]>> }) & {
  readonly [Name in keyof Derived & string]?: PolicyForExpression<Derived[Name]>;
};

/** Options of {@link defineFeatures}. */
export interface FeatureOptions<Row, Derived extends DerivedColumns> {
  /**
   * Computes more columns from the contract's, which are passed as typed expressions. Expressions may use each other.
   */
  readonly derive?: (columns: ColumnsOf<Row>) => Derived;
  /** Columns that the default rules should not encode. */
  readonly columns?: Policies<Row, NoInfer<Derived>>;
  /** Default "both": bins let a linear model bend, and a network gains too on small tables. */
  readonly numeric?: NumericEncoding;
}

function invalid(path: string, problem: string, column?: string): ChurnkitError {
  return new ChurnkitError("FEATURES_INVALID", `${path}: ${problem}`, { where: { path, column } });
}

/** The contract's columns as expressions; an unknown name fails at once instead of returning undefined. */
function columnsOf(contract: Contract): Readonly<Record<string, Expression>> {
  const columns: Record<string, Expression> = Object.create(null) as Record<string, Expression>;
  return new Proxy(columns, {
    get(_, name) {
      if (typeof name === "symbol") return undefined;
      inputColumn(contract, name, `derive: c.${name}`);
      return { op: "column", name } satisfies Expression;
    },
  });
}

function checkDerived(contract: Contract, columns: DerivedColumns): DerivedColumn[] {
  return Object.entries(columns).map(([name, given]) => {
    const path = `derive.${name}`;
    const problem = nameProblem(name);
    if (problem !== undefined) throw invalid(path, `${problem}.`, name);
    if (contract.columns.some((column) => column.name === name)) {
      throw invalid(path, `the contract already has a column "${name}". Choose another name.`, name);
    }
    const expression = parseExpression(given, contract, path);
    const { kind } = checkExpression(expression, contract, path);
    if (kind === "date" || kind === "text" || expression.op === "column") {
      throw invalid(
        path,
        `a derived column must be a computed number, boolean or category; this is a plain ${kind}.`,
        name,
      );
    }
    return { name, expression };
  });
}

function checkPolicies(contract: Contract, derived: readonly DerivedColumn[], columns: object): NamedPolicy[] {
  return Object.entries(columns as Record<string, ColumnPolicy | undefined>).flatMap(([column, policy]) => {
    if (policy === undefined) return [];
    const path = `columns.${column}`;
    const own = derived.find((candidate) => candidate.name === column);
    const expression: Expression = own?.expression ?? { op: "column", name: column };
    const { kind } = checkExpression(expression, contract, path);
    if (contract.columns.some(({ name, role }) => name === column && role === "ignored")) {
      throw invalid(path, `"${column}" is ignored by the contract, so it is not encoded.`, column);
    }
    if (typeof policy !== "object" || policy === null) throw invalid(path, "a policy must be an object.", column);
    const problem = policyProblem(policy, kind);
    if (problem !== undefined) throw invalid(path, `${problem}.`, column);
    return [{ column, policy: { ...policy } }];
  });
}

/**
 * Defines what the model sees of a record. Without options every feature column is encoded by its kind and by the
 * shape of its values; see `fitRecipe` for the rules.
 *
 * @param source A dataset, whose row type checks the names and kinds at compile time, or a contract.
 * @throws ChurnkitError FEATURES_INVALID, with the path, for a missing column, a wrong kind, an unknown level, or a
 * policy that does not fit its column.
 * @example
 * ```ts
 * import { z } from "zod";
 * import { countOf, defineDataset, defineFeatures, ratio } from "churnkit/data";
 *
 * const customers = defineDataset({
 *   name: "customers",
 *   schema: z.object({
 *     tenure: z.number(),
 *     charges: z.number().nullable(),
 *     backup: z.enum(["Yes", "No"]),
 *     support: z.enum(["Yes", "No"]),
 *     churned: z.enum(["No", "Yes"]),
 *   }),
 *   target: "churned",
 *   positive: "Yes",
 * });
 * const features = defineFeatures(customers, {
 *   derive: (c) => ({
 *     chargesPerMonth: ratio(c.charges, c.tenure),
 *     services: countOf([c.backup, c.support], "Yes"),
 *   }),
 *   columns: { charges: { encode: "log" } },
 * });
 * console.assert(features.derived.length === 2);
 * ```
 */
export function defineFeatures<
  Row = unknown,
  Request = unknown,
  const Derived extends DerivedColumns = Record<never, Expression>,
>(
  source: Dataset<Row, Request> | Contract,
  options: FeatureOptions<NoInfer<Row>, Derived> = {},
): Features<Row, Request> {
  const contract = "contract" in source ? source.contract : source;
  const { derive, columns = {}, numeric = "both" } = options;
  if (!numericEncodings.includes(numeric)) {
    throw invalid("numeric", `"${String(numeric)}" is not one of ${numericEncodings.join(", ")}.`);
  }
  const made: unknown = derive?.(columnsOf(contract) as ColumnsOf<Row>) ?? {};
  if (typeof made !== "object" || made === null) throw invalid("derive", "it must return an object of expressions.");
  const derived = checkDerived(contract, made as DerivedColumns);
  return { format: 1, contract, derived, numeric, policies: checkPolicies(contract, derived, columns) };
}
