import type { ResolvedOptions } from "./options.js";
import { batchCapacity, mostCells, mostRows, type RecordSink } from "./record-batch.js";
import type { Position, RecordErrors } from "./record-errors.js";
import type { TextForm } from "./text-form.js";
import { decodeText, invalidUtf8 } from "./utf8.js";

/** State of a record whose end the scanner has reached. */
export interface RecordEnd {
  /** Offsets of its first byte, and of the first byte after it and its line end. */
  readonly start: number;
  readonly next: number;
  /** The line it began on. */
  readonly line: number;
  /** Whether a cell was quoted; if so, the line is not blank. */
  readonly quoted: boolean;
  /** Whether it has a byte that is not ASCII. */
  readonly high: boolean;
  /** Reason to refuse it, or empty. */
  readonly broken: string;
}

/** Collects the cells of records, decides what to do with each record, and passes on batches of good ones. */
export class RecordCollector {
  /** Start and end of each cell; the scanner writes those of the unfinished record after the others. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** The data row being read. */
  row = 0;
  readonly #sink: RecordSink;
  readonly #options: ResolvedOptions;
  readonly #errors: RecordErrors;
  readonly #rowNumbers = new Uint32Array(mostRows);
  /** Index of the unfinished record's first cell. */
  #firstCell = 0;
  #rows = 0;
  #width = -1;
  #capacity = 0;
  readonly #form: Pick<TextForm, "added" | "unnamed">;

  constructor(
    form: Pick<TextForm, "added" | "unnamed">,
    options: ResolvedOptions,
    sink: RecordSink,
    errors: RecordErrors,
  ) {
    this.#form = form;
    this.#sink = sink;
    this.#options = options;
    this.#errors = errors;
    // Room for a full batch, and after it for the cells of an incomplete record.
    const room = mostCells + 2 * options.limits.columns;
    this.starts = new Int32Array(room);
    this.ends = new Int32Array(room);
  }

  /** Position of a record that began on `line`, after `cells` cells were written in total. */
  position(line: number, cells: number): Position {
    return { row: this.#width < 0 ? -1 : this.row, line, cell: cells - this.#firstCell };
  }

  /** Follows the bytes of the unfinished record, which moved to the left. */
  shift(by: number, cells: number): void {
    for (let i = this.#firstCell; i < cells; i++) {
      this.starts[i] = (this.starts[i] as number) - by;
      this.ends[i] = (this.ends[i] as number) - by;
    }
  }

  /** Passes on the whole records; the unfinished one's cells move to the front. Returns how many those are. */
  flush(bytes: Uint8Array, cells: number): number {
    if (this.#rows > 0) {
      const { starts, ends } = this;
      this.#sink.batch({ bytes, starts, ends, width: this.#width, rows: this.#rows, rowNumbers: this.#rowNumbers });
      this.#rows = 0;
    }
    const left = cells - this.#firstCell;
    if (this.#firstCell > 0) {
      this.starts.copyWithin(0, this.#firstCell, cells);
      this.ends.copyWithin(0, this.#firstCell, cells);
      this.#firstCell = 0;
    }
    return left;
  }

  /** Handles the record whose cells were just completed. Returns how many cells the batch has now. */
  close(bytes: Uint8Array, cells: number, end: RecordEnd): number {
    const first = this.#firstCell;
    const count = cells - first;
    if (count === 1 && !end.quoted && this.starts[first] === this.ends[first]) return first;
    const size = end.next - end.start;
    const { limits, ragged } = this.#options;
    if (size - 2 > limits.lineBytes) throw this.#errors.lineTooLong(this.position(end.line, first));
    if (size > limits.cellBytes || end.high) this.#checkCells(bytes, Math.min(cells, this.starts.length), end);
    if (this.#width < 0) {
      this.#takeHeader(bytes, count, end);
      return first;
    }
    const filled = this.#form.unnamed.last > 0 && count === this.#width && this.#filledAtEnd(cells);
    if (end.broken !== "" || count !== this.#width || filled) {
      const at = this.position(end.line, first);
      const message =
        end.broken !== "" ? end.broken : filled ? this.#errors.unnamed(at) : this.#errors.ragged(at, count);
      if (ragged === "error") throw this.#errors.malformed(at, message);
      this.#sink.refused(this.row++, message);
      return first;
    }
    this.#rowNumbers[this.#rows++] = this.row++;
    this.#firstCell = cells;
    return this.#rows === this.#capacity ? this.flush(bytes, cells) : cells;
  }

  #takeHeader(bytes: Uint8Array, count: number, end: RecordEnd): void {
    if (end.broken !== "") throw this.#errors.malformed(this.position(end.line, 0), end.broken);
    if (count > this.#options.limits.columns) throw this.#errors.tooManyColumns(count);
    const { added, unnamed } = this.#form;
    const names = Array.from({ length: count }, (_, i) =>
      decodeText(bytes, this.starts[i] as number, this.ends[i] as number).trim(),
    );
    if (added.first) names.unshift("");
    if (added.last) names.push("");
    this.#width = names.length;
    this.#capacity = batchCapacity(names.length);
    this.#errors.names = names;
    const stop = names.length - unnamed.last;
    this.#sink.header(names.map((name, i) => ((i === 0 && unnamed.first) || i >= stop ? undefined : name)));
  }

  /** Returns whether the record fills one of the unnamed columns at the end that are left out. */
  #filledAtEnd(cells: number): boolean {
    for (let i = cells - this.#form.unnamed.last; i < cells; i++) if (this.starts[i] !== this.ends[i]) return true;
    return false;
  }

  #checkCells(bytes: Uint8Array, cells: number, { line, high }: RecordEnd): void {
    for (let i = this.#firstCell; i < cells; i++) {
      const start = this.starts[i] as number;
      const end = this.ends[i] as number;
      if (end - start > this.#options.limits.cellBytes)
        throw this.#errors.cellTooLong(this.position(line, i), undefined);
      const bad = high ? invalidUtf8(bytes, start, end) : -1;
      if (bad >= 0) throw this.#errors.notUtf8(this.position(line, i), bytes[bad] as number);
    }
  }
}
