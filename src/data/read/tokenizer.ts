import type { ResolvedOptions } from "./options.js";
import type { RecordSink } from "./record-batch.js";
import { RecordCollector } from "./record-collector.js";
import { RecordErrors, type Position } from "./record-errors.js";
import type { TextForm } from "./text-form.js";

const sliceBytes = 256 * 1024;

const lineFeed = 10;
const carriageReturn = 13;
const quote = 34;
const isBlank = (byte: number | undefined): boolean => byte === 32 || byte === 9;

// States of the scanner. Plain constants, because the loop below runs once for each byte.
/** Before the first byte of a cell that is not a blank. */
const atStart = 0;
const inBare = 1;
const inQuoted = 2;
/** After a quote inside a quoted cell: it ends the cell, unless another quote follows. */
const atQuote = 3;
/** Behind the closing quote. */
const atClosed = 4;

// Classes of bytes.
const plain = 0;
const delimiting = 1;
const ending = 2;
const quoting = 3;
const nul = 4;
const high = 5;

function classTable(delimiter: number, quoted: boolean): Uint8Array {
  const table = new Uint8Array(256).fill(high, 128);
  table[0] = nul;
  table[lineFeed] = table[carriageReturn] = ending;
  if (quoted) table[quote] = quoting;
  table[delimiter] = delimiting;
  return table;
}

/**
 * Cuts delimited text (RFC 4180; LF, CRLF or CR ends a record) into records and cells without making a string or an
 * object for any cell. Bytes may arrive in pieces of any size. Blank lines are skipped. Cells are trimmed of blanks
 * and tabs outside quotes; a quote inside a bare cell is an ordinary character.
 */
export class DelimitedTokenizer {
  readonly #options: ResolvedOptions;
  readonly #errors: RecordErrors;
  readonly #records: RecordCollector;
  readonly #classes: Uint8Array;
  readonly #delimiter: number;
  #bytes = new Uint8Array(2 * sliceBytes);
  /** Bytes `recordStart..end` of the buffer belong to the unfinished record; those before `pos` were scanned. */
  #end = 0;
  #pos = 0;
  #recordStart = 0;
  #state = atStart;
  #cellStart = 0;
  /** Target of the next byte of a quoted cell: after a doubled quote its content moves to the left. */
  #write = 0;
  #cells = 0;
  #afterReturn = false;
  #line = 1;
  #recordLine = 1;
  #quoteLine = 1;
  /** Facts of the unfinished record; see `RecordEnd`. */
  #quoted = false;
  #high = false;
  #broken = "";

  constructor(form: Pick<TextForm, "delimiter" | "added" | "unnamed">, options: ResolvedOptions, sink: RecordSink) {
    const { delimiter } = form;
    this.#options = options;
    this.#errors = new RecordErrors(options);
    this.#records = new RecordCollector(form, options, sink, this.#errors);
    this.#delimiter = delimiter;
    this.#classes = classTable(delimiter, options.quote);
  }

  /**
   * Adds bytes and passes on the records that are complete.
   *
   * @throws ChurnkitError INPUT_MALFORMED, INPUT_TOO_LARGE, INPUT_NOT_TEXT, INPUT_COLUMNS, each with row and line.
   */
  push(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.length; from += sliceBytes) {
      const slice = chunk.subarray(from, from + sliceBytes);
      this.#makeRoom(slice.length);
      this.#bytes.set(slice, this.#end);
      this.#end += slice.length;
      this.#scan();
      this.#cells = this.#records.flush(this.#bytes, this.#cells);
      this.#checkUnfinished();
    }
  }

  /** Ends the input: a last record without a line end is a record too. */
  end(): void {
    if (this.#state === inQuoted) throw this.#errors.neverClosed(this.#position(), this.#quoteLine);
    if (this.#recordStart < this.#end) this.push(Uint8Array.of(lineFeed));
  }

  #position(): Position {
    return this.#records.position(this.#recordLine, this.#cells);
  }

  #makeRoom(size: number): void {
    if (this.#end + size <= this.#bytes.length) return;
    const kept = this.#end - this.#recordStart;
    const from = this.#bytes;
    if (kept + size > from.length) this.#bytes = new Uint8Array(Math.max(kept + size, from.length * 2));
    this.#bytes.set(from.subarray(this.#recordStart, this.#end));
    const shift = this.#recordStart;
    this.#recordStart = 0;
    this.#end = kept;
    this.#pos -= shift;
    this.#cellStart -= shift;
    this.#write -= shift;
    this.#records.shift(shift, this.#cells);
  }

  #checkUnfinished(): void {
    const { lineBytes, cellBytes } = this.#options.limits;
    if (this.#state !== atStart && this.#pos - this.#cellStart > cellBytes) {
      throw this.#errors.cellTooLong(this.#position(), this.#state === inQuoted ? this.#quoteLine : undefined);
    }
    if (this.#pos - this.#recordStart > lineBytes) throw this.#errors.lineTooLong(this.#position());
  }

  /** The state machine: reads each byte between `pos` and `end` once. */
  #scan(): void {
    const bytes = this.#bytes;
    const classes = this.#classes;
    const { starts, ends } = this.#records;
    const end = this.#end;
    let pos = this.#pos;
    let state = this.#state;
    let cellStart = this.#cellStart;
    let write = this.#write;
    let cells = this.#cells;
    while (pos < end) {
      const byte = bytes[pos] as number;
      if (state === atStart) {
        if (this.#afterReturn) {
          this.#afterReturn = false;
          if (byte === lineFeed) {
            this.#recordStart = ++pos;
            continue;
          }
        }
        if (isBlank(byte) && byte !== this.#delimiter) {
          pos++;
          continue;
        }
        if (classes[byte] === quoting) {
          state = inQuoted;
          this.#quoted = true;
          this.#quoteLine = this.#line;
          cellStart = write = ++pos;
          continue;
        }
        state = inBare;
        cellStart = pos;
      }
      if (state === inQuoted) {
        let kind = classes[byte] as number;
        while (kind === plain || kind === delimiting) {
          bytes[write++] = bytes[pos++] as number;
          if (pos === end) break;
          kind = classes[bytes[pos] as number] as number;
        }
        if (pos === end) break;
        if (kind === quoting) state = atQuote;
        else {
          if (kind === ending) this.#countLine(pos, cellStart);
          else if (kind === high) this.#high = true;
          else throw this.#errors.nul(this.#records.position(this.#recordLine, cells));
          bytes[write++] = bytes[pos] as number;
        }
        pos++;
        continue;
      }
      if (state === atQuote) {
        if (byte === quote) {
          bytes[write++] = quote;
          pos++;
          state = inQuoted;
          continue;
        }
        state = atClosed;
      }
      if (state === inBare) {
        while (pos < end && classes[bytes[pos] as number] === plain) pos++;
        if (pos === end) break;
      }
      const kind = classes[bytes[pos] as number] as number;
      if (kind === delimiting || kind === ending) {
        let stop = state === atClosed ? write : pos;
        if (state === inBare) while (stop > cellStart && isBlank(bytes[stop - 1])) stop--;
        starts[cells] = cellStart;
        ends[cells] = stop;
        cells++;
        pos++;
        state = atStart;
        if (kind === ending) cells = this.#closeRecord(cells, pos);
        continue;
      }
      if (kind === nul) throw this.#errors.nul(this.#records.position(this.#recordLine, cells));
      if (kind === high) this.#high = true;
      if (state === atClosed && !isBlank(byte)) {
        this.#broken ||= this.#errors.strayText(this.#records.position(this.#recordLine, cells), this.#quoteLine);
        state = inBare;
      }
      pos++;
    }
    this.#pos = pos;
    this.#state = state;
    this.#cellStart = cellStart;
    this.#write = write;
    this.#cells = cells;
  }

  /** Counts a line end inside quotes: CRLF is one. */
  #countLine(pos: number, cellStart: number): void {
    const second = this.#bytes[pos] === lineFeed && pos > cellStart && this.#bytes[pos - 1] === carriageReturn;
    if (!second) this.#line++;
  }

  /** Ends the record before `next`; returns how many cells the batch has now. */
  #closeRecord(cells: number, next: number): number {
    const start = this.#recordStart;
    const line = this.#recordLine;
    const quoted = this.#quoted;
    const high = this.#high;
    const broken = this.#broken;
    this.#afterReturn = this.#bytes[next - 1] === carriageReturn;
    this.#recordStart = next;
    this.#recordLine = ++this.#line;
    this.#quoted = this.#high = false;
    this.#broken = "";
    return this.#records.close(this.#bytes, cells, { start, next, line, quoted, high, broken });
  }
}
