import type { Column } from "../contract.js";
import type { Problem } from "../problem.js";
import type { ColumnMeta } from "./meta.js";

type BaseKey =
  "name" | "role" | "nullable" | "optional" | "default" | "defaultFor" | "missing" | "unit" | "description";

type Bare<C> = C extends Column ? Omit<C, BaseKey> : never;

/** A schema type's statement about the values of a column, without name, role and the handling of absence. */
export type ColumnType = Bare<Column>;

/** A column schema with its wrappers taken off. */
export interface Lowered {
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly optional: boolean;
  readonly default?: string | number | boolean | undefined;
  readonly meta: ColumnMeta;
}

/** Where the lowering stands: the path for messages, the metadata of the wrappers outside, the problems so far. */
export interface Context {
  readonly path: string;
  readonly meta: ColumnMeta;
  readonly problems: Problem[];
  /** Levels of wrapping; guards against a lazy schema that holds itself. */
  readonly depth: number;
}
