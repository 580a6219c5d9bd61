import { RecordErrors, type Position } from "./record-errors.js";
import type { ResolvedOptions } from "./options.js";
import { decodeText, invalidUtf8 } from "./utf8.js";

/** Whole records, cut into cells. Valid only while it is being handed over: the next batch uses the same memory. */
export interface RecordBatch {
  /** Cell c of record r is `bytes[starts[i]..ends[i])` with i = r * width + c: trimmed, unquoted, valid UTF-8. */
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly width: number;
  readonly rows: number;
  /** For each record its 0-based data row. */
  readonly rowNumbers: Uint32Array<ArrayBuffer>;
}

/** What a tokenizer hands its records to. */
export interface RecordSink {
  /** Called once, before any batch. */
  header(names: readonly string[]): void;
  batch(batch: RecordBatch): void;
  /** A record with a broken form, where those are set aside; may come before the batch that holds earlier rows. */
  refused(row: number, message: string): void;
}

const mostRows = 8192;
const mostCells = 131_072;
const sliceBytes = 256 * 1024;

/** Most records in a batch, for records of `width` cells. */
export const batchCapacity = (width: number): number => Math.min(mostRows, Math.ceil(mostCells / width));

const enum State {
  /** Before the first byte of a cell that is not a blank. */
  Start,
  Bare,
  Quoted,
  /** Behind a quote inside a quoted cell: it ends the cell, unless another quote follows. */
  QuoteSeen,
  /** Behind the closing quote. */
  Closed,
}

const enum Class {
  Plain,
  Delimiter,
  LineFeed,
  CarriageReturn,
  Quote,
  Nul,
  High,
}

function classTable(delimiter: number, quote: boolean): Uint8Array {
  const table = new Uint8Array(256);
  table.fill(Class.High, 128);
  table[0] = Class.Nul;
  table[10] = Class.LineFeed;
  table[13] = Class.CarriageReturn;
  if (quote) table[34] = Class.Quote;
  table[delimiter] = Class.Delimiter;
  return table;
}

/**
 * Cuts delimited text (RFC 4180; LF, CRLF or CR ends a record) into records and cells without making a string or an
 * object for any of them. Bytes may come in pieces of any size. Blank lines are no records. Cells are trimmed of blanks
 * and tabs outside quotes; a quote inside a bare cell is an ordinary character.
 */
export class DelimitedTokenizer {
  readonly #sink: RecordSink;
  readonly #options: ResolvedOptions;
  readonly #errors: RecordErrors;
  readonly #classes: Uint8Array;
  readonly #delimiter: number;
  #bytes = new Uint8Array(2 * sliceBytes);
  /** Bytes `recordStart..end` of the buffer are not yet handed over; those before `pos` were looked at. */
  #end = 0;
  #pos = 0;
  #recordStart = 0;
  #state: State = State.Start;
  #cellStart = 0;
  /** Where the next byte of a quoted cell goes: behind a doubled quote its content moves to the left. */
  #write = 0;
  #afterReturn = false;
  #line = 1;
  #recordLine = 1;
  #high = false;
  #quoted = false;
  /** Why the present record must be refused, if it must. */
  #broken = "";
  #quoteLine = 1;

  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  readonly #rowNumbers = new Uint32Array(mostRows);
  #capacity = 0;
  /** Cells in the batch and, of those, cells of whole records. */
  #cells = 0;
  #firstCell = 0;
  #rows = 0;
  #width = -1;
  /** The data row being read. */
  #row = 0;

  constructor(delimiter: number, options: ResolvedOptions, sink: RecordSink) {
    this.#sink = sink;
    this.#options = options;
    this.#errors = new RecordErrors(options);
    this.#delimiter = delimiter;
    this.#classes = classTable(delimiter, options.quote);
    // Room for a full batch, and behind it for the cells of a record that is not complete.
    const room = mostCells + 2 * options.limits.columns;
    this.#starts = new Int32Array(room);
    this.#ends = new Int32Array(room);
  }

  /**
   * Takes more bytes and hands over the records that are complete.
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
      this.#flush();
      this.#checkUnfinished();
    }
  }

  /** Ends the input: a last record without a line end is a record too. */
  end(): void {
    if (this.#state === State.Quoted) throw this.#errors.neverClosed(this.#position(), this.#quoteLine);
    if (this.#recordStart < this.#end) {
      // One more line end; it stands behind the last byte and so changes none.
      this.push(Uint8Array.of(10));
    }
    this.#flush();
  }

  /** Data rows met so far, refused ones included. */
  get rows(): number {
    return this.#row;
  }

  #position(): Position {
    return { row: this.#width < 0 ? -1 : this.#row, line: this.#recordLine, cell: this.#cells - this.#firstCell };
  }

  #makeRoom(size: number): void {
    if (this.#end + size <= this.#bytes.length) return;
    const kept = this.#end - this.#recordStart;
    const from = this.#bytes;
    if (kept + size > from.length) this.#bytes = new Uint8Array(Math.max(kept + size, from.length * 2));
    if (this.#bytes === from) from.copyWithin(0, this.#recordStart, this.#end);
    else this.#bytes.set(from.subarray(this.#recordStart, this.#end));
    const shift = this.#recordStart;
    this.#recordStart = 0;
    this.#end = kept;
    this.#pos -= shift;
    this.#cellStart -= shift;
    this.#write -= shift;
    for (let i = this.#firstCell; i < this.#cells; i++) {
      this.#starts[i] = (this.#starts[i] as number) - shift;
      this.#ends[i] = (this.#ends[i] as number) - shift;
    }
  }

  /** Hands over the whole records; cells of the unfinished one move to the front. */
  #flush(): void {
    if (this.#rows > 0) {
      this.#sink.batch({
        bytes: this.#bytes,
        starts: this.#starts,
        ends: this.#ends,
        width: this.#width,
        rows: this.#rows,
        rowNumbers: this.#rowNumbers,
      });
      this.#rows = 0;
    }
    if (this.#firstCell > 0) {
      this.#starts.copyWithin(0, this.#firstCell, this.#cells);
      this.#ends.copyWithin(0, this.#firstCell, this.#cells);
      this.#cells -= this.#firstCell;
      this.#firstCell = 0;
    }
  }

  #checkUnfinished(): void {
    const { lineBytes, cellBytes } = this.#options.limits;
    if (this.#state !== State.Start && this.#pos - this.#cellStart > cellBytes) {
      throw this.#errors.cellTooLong(this.#position(), this.#state === State.Quoted ? this.#quoteLine : undefined);
    }
    if (this.#pos - this.#recordStart > lineBytes) throw this.#errors.lineTooLong(this.#position());
  }

  /** The machine: looks at each byte between `pos` and `end` once. */
  #scan(): void {
    const bytes = this.#bytes;
    const classes = this.#classes;
    const starts = this.#starts;
    const ends = this.#ends;
    const end = this.#end;
    let pos = this.#pos;
    let state = this.#state;
    let cellStart = this.#cellStart;
    let write = this.#write;
    let cells = this.#cells;
    while (pos < end) {
      const byte = bytes[pos] as number;
      if (state === State.Start) {
        if (this.#afterReturn) {
          this.#afterReturn = false;
          if (byte === 10) {
            this.#recordStart = ++pos;
            continue;
          }
        }
        if ((byte === 32 || byte === 9) && byte !== this.#delimiter) {
          pos++;
          continue;
        }
        if (classes[byte] === Class.Quote) {
          state = State.Quoted;
          this.#quoted = true;
          this.#quoteLine = this.#line;
          cellStart = write = ++pos;
          continue;
        }
        state = State.Bare;
        cellStart = pos;
      }
      if (state === State.Quoted) {
        let kind: number = classes[byte] as number;
        while (kind === Class.Plain || kind === Class.Delimiter) {
          bytes[write++] = bytes[pos++] as number;
          if (pos === end) break;
          kind = classes[bytes[pos] as number] as number;
        }
        if (pos === end) break;
        if (kind === Class.Quote) state = State.QuoteSeen;
        else {
          if (kind === Class.LineFeed) this.#line += pos > cellStart && bytes[pos - 1] === 13 ? 0 : 1;
          else if (kind === Class.CarriageReturn) this.#line++;
          else if (kind === Class.High) this.#high = true;
          else throw this.#errors.nul(this.#nowAt(cells));
          bytes[write++] = bytes[pos] as number;
        }
        pos++;
        continue;
      }
      if (state === State.QuoteSeen) {
        if (byte === 34) {
          bytes[write++] = 34;
          pos++;
          state = State.Quoted;
          continue;
        }
        state = State.Closed;
      }
      if (state === State.Bare) {
        while (pos < end && classes[bytes[pos] as number] === Class.Plain) pos++;
        if (pos === end) break;
      }
      const kind = classes[bytes[pos] as number] as number;
      if (kind === Class.Delimiter || kind === Class.LineFeed || kind === Class.CarriageReturn) {
        let stop = state === State.Closed ? write : pos;
        if (state === State.Bare) {
          while (stop > cellStart && (bytes[stop - 1] === 32 || bytes[stop - 1] === 9)) stop--;
        }
        starts[cells] = cellStart;
        ends[cells] = stop;
        cells++;
        pos++;
        state = State.Start;
        if (kind !== Class.Delimiter) {
          this.#afterReturn = kind === Class.CarriageReturn;
          this.#line++;
          cells = this.#closeRecord(cells, pos);
        }
        continue;
      }
      if (kind === Class.Nul) throw this.#errors.nul(this.#nowAt(cells));
      if (kind === Class.High) this.#high = true;
      if (state === State.Closed && byte !== 32 && byte !== 9) {
        this.#broken ||= this.#errors.strayText(this.#nowAt(cells), this.#quoteLine);
        state = State.Bare;
      }
      pos++;
    }
    this.#pos = pos;
    this.#state = state;
    this.#cellStart = cellStart;
    this.#write = write;
    this.#cells = cells;
  }

  #nowAt(cells: number): Position {
    this.#cells = cells;
    return this.#position();
  }

  /** Decides what becomes of a whole record; returns how many cells the batch holds now. */
  #closeRecord(cells: number, next: number): number {
    const first = this.#firstCell;
    const count = cells - first;
    const start = this.#recordStart;
    const quoted = this.#quoted;
    const high = this.#high;
    const broken = this.#broken;
    const at: Position = { row: this.#width < 0 ? -1 : this.#row, line: this.#recordLine, cell: 0 };
    this.#recordStart = next;
    this.#recordLine = this.#line;
    this.#quoted = this.#high = false;
    this.#broken = "";
    if (count === 1 && !quoted && this.#starts[first] === this.#ends[first]) return first;

    const { cellBytes, lineBytes } = this.#options.limits;
    const bytes = next - start;
    if (bytes - 2 > lineBytes) throw this.#errors.lineTooLong(at);
    const stored = Math.min(count, this.#starts.length - first);
    if (bytes > cellBytes || high) this.#checkCells(first, stored, at, high);
    if (this.#width < 0) {
      if (broken !== "") throw this.#errors.malformed(at, broken);
      if (count > this.#options.limits.columns) throw this.#errors.tooManyColumns(count);
      const names = Array.from({ length: count }, (_, i) =>
        decodeText(this.#bytes, this.#starts[i] as number, this.#ends[i] as number).trim(),
      );
      this.#width = count;
      this.#capacity = batchCapacity(count);
      this.#errors.names = names;
      this.#sink.header(names);
      return first;
    }
    const row = this.#row++;
    if (broken !== "" || count !== this.#width) {
      const message = broken === "" ? this.#errors.ragged(at, count) : broken;
      if (this.#options.ragged === "error") throw this.#errors.malformed(at, message);
      this.#sink.refused(row, message);
      return first;
    }
    this.#rowNumbers[this.#rows++] = row;
    this.#firstCell = cells;
    if (this.#rows === this.#capacity) {
      this.#cells = cells;
      this.#flush();
      return 0;
    }
    return cells;
  }

  #checkCells(first: number, count: number, at: Position, high: boolean): void {
    for (let i = 0; i < count; i++) {
      const start = this.#starts[first + i] as number;
      const end = this.#ends[first + i] as number;
      if (end - start > this.#options.limits.cellBytes) throw this.#errors.cellTooLong({ ...at, cell: i }, undefined);
      const bad = high ? invalidUtf8(this.#bytes, start, end) : -1;
      if (bad >= 0) throw this.#errors.notUtf8({ ...at, cell: i }, this.#bytes[bad] as number);
    }
  }
}
