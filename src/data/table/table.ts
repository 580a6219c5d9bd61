import type { CellIssue } from "../contract/cells/issue.js";
import type { Contract } from "../contract/contract.js";

/** Values of a number, boolean or date column; NaN is missing. */
export interface NumericData {
  readonly storage: "numeric";
  readonly values: Float64Array;
}

/** Values of a category or text column; -1 is missing, other codes index `levels`. */
export interface CodedData {
  readonly storage: "coded";
  readonly codes: Int32Array;
  /** The contract's levels first, then other labels in order of appearance. */
  readonly levels: readonly string[];
}

/** The values of one column, one for each row kept. */
export type ColumnData = NumericData | CodedData;

/** A row that broke the contract: kept separately, counted and shown, never lost. */
export interface RejectedRow {
  /** 0-based data row, as numbered in the source. */
  readonly row: number;
  readonly issues: readonly CellIssue[];
}

declare const rowType: unique symbol;

/**
 * Rows in columns. `Row` is the record type of its schema, which only the compiler uses. A table never changes after
 * it was made.
 */
export interface Table<Row = unknown> {
  readonly contract: Contract;
  /** Number of rows kept. */
  readonly rows: number;
  /**
   * Data of each column present, by name. An id, target or ignored column absent from the source has no entry; an optional
   * feature absent from it is missing (or its default) in every row.
   */
  readonly columns: ReadonlyMap<string, ColumnData>;
  /** For each kept row, its 0-based data row in the source. */
  readonly rowNumbers: Uint32Array;
  readonly rejected: readonly RejectedRow[];
  /** A name for messages: the file's path, "request", ... */
  readonly source: string;
  /** Columns of the source that the contract does not know; they were left out. */
  readonly extraColumns?: readonly string[] | undefined;
  /** Unusual features of the source's layout and how they were read, each as a sentence. */
  readonly form?: readonly string[] | undefined;
  readonly [rowType]?: Row;
}

/** The name of a column, checked by the compiler where it knows the row type; any text for a contract read from a file. */
export type ColumnName<Row> = unknown extends Row ? string : Extract<keyof Row, string>;
