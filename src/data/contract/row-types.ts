import type { $ZodObject, input, output } from "zod/v4/core";
import type { ColumnKind } from "./contract.js";

declare const isoDateText: unique symbol;

/** The text of an ISO 8601 date: any string is assignable, and the compiler still knows that it is a date column. */
export type IsoDateText = string & { readonly [isoDateText]?: true };

type IsIsoDate<Schema> = Schema extends { _zod: { def: { type: "string"; format: "date" | "datetime" } } }
  ? true
  : Schema extends { _zod: { def: { innerType: infer Inner } } }
    ? IsIsoDate<Inner>
    : Schema extends { _zod: { def: { type: "pipe"; out: infer Out } } }
      ? IsIsoDate<Out>
      : false;

type ShapeOf<Schema extends $ZodObject> = Schema["_zod"]["def"]["shape"];

/** The names declared in an object schema; a catch-all adds none. */
export type ColumnName<Schema extends $ZodObject> = keyof ShapeOf<Schema> & string;

type Flavored<Schema, Value> = true extends IsIsoDate<Schema> ? Exclude<Value, string> | IsoDateText : Value;

/** The record type of a schema: zod's output, with ISO date texts marked as dates. */
export type RowOf<Schema extends $ZodObject> = {
  -readonly [Key in keyof output<Schema> as Key extends ColumnName<Schema> ? Key : never]: Flavored<
    ShapeOf<Schema>[Key & ColumnName<Schema>],
    output<Schema>[Key]
  >;
};

type RequestValue<Input, Output> = unknown extends Input
  ? Output
  : Date extends Output
    ? Input | Output | string
    : Input | Output;

type RequestFields<Schema extends $ZodObject> = {
  -readonly [Key in keyof input<Schema> as Key extends ColumnName<Schema> ? Key : never]: RequestValue<
    input<Schema>[Key],
    Key extends keyof output<Schema> ? output<Schema>[Key] : never
  >;
};

type Flat<T> = { [Key in keyof T]: T[Key] };

/** Type of a scoring request: the schema's input without the target, ids optional; dates may be ISO texts. */
export type RequestOf<Schema extends $ZodObject, TargetName extends string, IdName extends string> = Flat<
  Omit<RequestFields<Schema>, TargetName | IdName> &
    Partial<Pick<RequestFields<Schema>, Exclude<IdName, TargetName> & keyof RequestFields<Schema>>>
>;

type KindOfPresent<Value> = [Value] extends [never]
  ? never
  : [Value] extends [Date]
    ? "date"
    : [Value] extends [boolean]
      ? boolean extends Value
        ? "boolean"
        : "category"
      : [Value] extends [number]
        ? number extends Value
          ? "number"
          : keyof Value extends keyof number
            ? "category"
            : // A branded number has keys of its own; literals have not.
              "number"
        : [Value] extends [string]
          ? typeof isoDateText extends keyof Value
            ? "date"
            : "category"
          : "category";

/**
 * The column kind of a value's type: numbers, booleans and dates are their own kind; literals and texts are
 * categories (only the run time knows whether a text column is free text).
 */
export type KindOf<Value> = KindOfPresent<NonNullable<Value>> & ColumnKind;

/** The names of a row type's columns of one kind. */
export type ColumnsOfKind<Row, Kind extends ColumnKind> = {
  [Key in keyof Row & string]-?: KindOf<Row[Key]> extends Kind
    ? [KindOf<Row[Key]>] extends [never]
      ? never
      : Key
    : never;
}[keyof Row & string];

/** The names of a row type's number columns. */
export type NumericColumns<Row> = ColumnsOfKind<Row, "number">;
/** The names of a row type's columns of labels and texts. */
export type CategoryColumns<Row> = ColumnsOfKind<Row, "category">;
/** The names of a row type's boolean columns. */
export type BooleanColumns<Row> = ColumnsOfKind<Row, "boolean">;
/** The names of a row type's date columns. */
export type DateColumns<Row> = ColumnsOfKind<Row, "date">;
