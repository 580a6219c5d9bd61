import type { Column } from "../contract.js";
import type { Problem } from "../problem.js";
import type { ColumnMeta } from "./meta.js";

type BaseKey =
  | "name"
  | "role"
  | "nullable"
  | "optional"
  | "default"
  | "defaultFor"
  | "missing"
  | "unit"
  | "description";

type Bare<C> = C extends Column ? Omit<C, BaseKey> : never;

/** A schema type's statement about the values of a column, without name, role and the handling of absence. */
export type ColumnType = Bare<Column>;

/** A column schema without its wrappers. */
export interface Lowered {
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly optional: boolean;
  readonly default?: string | number | boolean | undefined;
  readonly meta: ColumnMeta;
}

/** State of the lowering: the path for messages, the metadata of outer wrappers, the problems so far. */
export interface Context {
  readonly path: string;
  readonly meta: ColumnMeta;
  readonly problems: Problem[];
  /** Limit on wrapping; guards against a lazy schema that contains itself. */
  readonly depth: number;
}
