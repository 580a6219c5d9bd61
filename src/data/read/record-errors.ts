import { ChurnkitError, type ErrorCode } from "../../base/errors.js";
import { cutText } from "../contract/cells/issue.js";
import type { ResolvedOptions } from "./options.js";

/** Position of a tokenizer: the 0-based data row (-1 in the header), its line (from 1), the 0-based cell. */
export interface Position {
  readonly row: number;
  readonly line: number;
  readonly cell: number;
}

const bytesText = (bytes: number): string => (bytes % 1_048_576 === 0 ? `${bytes / 1_048_576} MiB` : `${bytes} bytes`);

/** Errors of text that is not a proper record, each with file, row, line and column. */
export class RecordErrors {
  /** Column names, once they are known. */
  names: readonly string[] = [];
  readonly #options: Pick<ResolvedOptions, "source" | "limits">;

  constructor(options: Pick<ResolvedOptions, "source" | "limits">) {
    this.#options = options;
  }

  #error(code: ErrorCode, at: Position, message: string, withColumn: boolean): ChurnkitError {
    const { source } = this.#options;
    const name = withColumn ? this.names[at.cell] : undefined;
    const place = at.row < 0 ? `the header (line ${at.line})` : `row ${at.row} (line ${at.line})`;
    const column = name === undefined ? "" : `, column "${cutText(name)}"`;
    return new ChurnkitError(code, `${source}: ${place}${column}: ${message}`, {
      where: { file: source, ...(at.row < 0 ? {} : { row: at.row }), ...(name === undefined ? {} : { column: name }) },
    });
  }

  /** A record that is refused with `message`. */
  malformed(at: Position, message: string): ChurnkitError {
    return this.#error("INPUT_MALFORMED", at, message, false);
  }

  /** Problem with a record of `count` cells. */
  ragged(at: Position, count: number): string {
    const hint = count > this.names.length ? "quote the cell that holds the delimiter" : "fill in the missing cells";
    const cells = `${count} ${count === 1 ? "cell" : "cells"}`;
    return `${cells} on line ${at.line}, where the header has ${this.names.length}; ${hint}`;
  }

  /** Problem with a record that fills a column left out for its empty cells. */
  unnamed({ line }: Position): string {
    return `a cell on line ${line} is filled, but the header has no name for its column; name it in the header, or empty the cell`;
  }

  /** Problem with text after a closing quote. */
  strayText(at: Position, quoteLine: number): string {
    const name = this.names[at.cell];
    const where = name === undefined ? "" : ` of column "${cutText(name)}"`;
    return (
      `text follows the closing quote of the cell${where} that was opened on line ${quoteLine}; ` +
      "write a quote inside a quoted cell twice, and check that every quote is closed"
    );
  }

  neverClosed(at: Position, quoteLine: number): ChurnkitError {
    const message = `the quote opened on line ${quoteLine} is never closed; add the closing quote, or read with quoting off.`;
    return this.#error("INPUT_MALFORMED", at, message, true);
  }

  cellTooLong(at: Position, quoteLine: number | undefined): ChurnkitError {
    const hint =
      quoteLine === undefined
        ? "; raise limits.cellBytes if you need more."
        : `; the quote on line ${quoteLine} may be unclosed.`;
    const message = `a cell is longer than ${bytesText(this.#options.limits.cellBytes)}${hint}`;
    return this.#error("INPUT_TOO_LARGE", at, message, true);
  }

  lineTooLong(at: Position): ChurnkitError {
    const message = `a line is longer than ${bytesText(this.#options.limits.lineBytes)}; is this a text file with line ends? Otherwise raise limits.lineBytes.`;
    return this.#error("INPUT_TOO_LARGE", at, message, false);
  }

  tooManyColumns(count: number): ChurnkitError {
    const { source, limits } = this.#options;
    const message = `${source}: the header has ${count} columns; the limit is ${limits.columns} (limits.columns).`;
    return new ChurnkitError("INPUT_COLUMNS", message, { where: { file: source } });
  }

  nul(at: Position): ChurnkitError {
    return this.#error(
      "INPUT_NOT_TEXT",
      at,
      "a NUL byte; the file is binary, or UTF-16 without a byte order mark: save it as UTF-8.",
      true,
    );
  }

  notUtf8(at: Position, byte: number): ChurnkitError {
    const message = `the byte 0x${byte.toString(16)} is not valid UTF-8; save the file as UTF-8 (it may be Latin-1 or Windows-1252).`;
    return this.#error("INPUT_NOT_TEXT", at, message, true);
  }
}
