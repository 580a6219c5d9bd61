import type { $ZodObject } from "zod/v4/core";
import type { Contract } from "./contract/contract.js";
import { contractOf } from "./contract/from-zod.js";
import type { ColumnName, RequestOf, RowOf } from "./contract/row-types.js";

declare const rowType: unique symbol;
declare const requestType: unique symbol;

/**
 * A contract together with its types. `Row` is a full record and `Request` a scoring request; both exist only for the
 * compiler.
 */
export interface Dataset<Row = unknown, Request = unknown> {
  readonly contract: Contract;
  readonly [rowType]?: Row;
  readonly [requestType]?: Request;
}

/** The contract of a dataset, or the contract itself. */
export const contractIn = (given: Dataset | Contract): Contract => ("contract" in given ? given.contract : given);

/** The record type of a dataset: `type Customer = RowType<typeof customers>`. */
export type RowType<D extends Dataset> = D extends Dataset<infer Row> ? Row : never;

/** The request type of a dataset: a record without the target, with ids optional. */
export type RequestType<D extends Dataset> = D extends Dataset<unknown, infer Request> ? Request : never;

/** Options of {@link defineDataset}. */
export interface DatasetOptions<
  Schema extends $ZodObject,
  TargetName extends ColumnName<Schema>,
  IdName extends ColumnName<Schema>,
> {
  /** A name for messages and for the registry, such as "telco-churn". */
  readonly name: string;
  /** A plain zod 4 object: one key for each column, in order. */
  readonly schema: Schema;
  /** The column, or columns together, that identify a record. They never reach the model. */
  readonly id?: IdName | readonly IdName[];
  /** The column to predict. */
  readonly target: TargetName;
  /** The value of the target whose probability the model gives. */
  readonly positive: NoInfer<NonNullable<RowOf<Schema>[TargetName & keyof RowOf<Schema>]>>;
}

/**
 * Describes a customer record once, with a zod schema: the contract that everything reads, and the types that
 * everything is checked against.
 *
 * @throws ChurnkitError CONTRACT_UNSUPPORTED_TYPE naming every schema type that cannot be a column, by path;
 * CONTRACT_INVALID if the definition contradicts itself.
 * @example
 * ```ts
 * import { z } from "zod";
 * import { defineDataset } from "churnkit/data";
 *
 * const customers = defineDataset({
 *   name: "customers",
 *   schema: z.object({
 *     id: z.string(),
 *     tenure: z.int().min(0).meta({ unit: "months" }),
 *     plan: z.enum(["basic", "plus"]),
 *     churned: z.enum(["No", "Yes"]),
 *   }),
 *   id: "id",
 *   target: "churned",
 *   positive: "Yes",
 * });
 * console.log(customers.contract.target?.positive);
 * ```
 */
export function defineDataset<
  const Schema extends $ZodObject,
  const TargetName extends ColumnName<Schema>,
  const IdName extends ColumnName<Schema> = never,
>(options: DatasetOptions<Schema, TargetName, IdName>): Dataset<RowOf<Schema>, RequestOf<Schema, TargetName, IdName>> {
  const { name, schema, id, target, positive } = options;
  return { contract: contractOf(schema, { name, id, target, positive }) };
}
