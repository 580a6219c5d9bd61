import { plainIssue, type CellIssue } from "../contract/cells/issue.js";
import { cellReader, isIssue, type CellReader } from "../contract/cells.js";
import { numberReader } from "../contract/cells/number.js";
import { columnKinds, type Column } from "../contract/contract.js";
import type { ColumnData } from "../table/table.js";
import { ByteDictionary } from "./byte-dictionary.js";
import { Chunked } from "./chunked.js";
import { parsePlainDecimal } from "./decimal.js";
import type { RecordBatch } from "./record-batch.js";
import { decodeText } from "./utf8.js";

/** Called for each cell that breaks the contract, with the record's position in its batch and the reason. */
export type Refuse = (record: number, issue: CellIssue) => void;

/** Collects one column, batch by batch. */
export interface ColumnBuilder {
  /** Reads cell `index` of each record. */
  read(batch: RecordBatch, index: number, refuse: Refuse): void;
  /** Keeps the records just read: all `rows` of them, or those at the positions in `kept`. */
  commit(rows: number, kept: readonly number[] | undefined): void;
  /** The column of the rows since the last call. What the builder remembers for the rows to come is bounded. */
  finish(): ColumnData;
}

/** Limit on the distinct texts whose cell is remembered in columns where they may all differ. */
const memoCapacity = 65_536;
/** Limit on the distinct texts that a category remembers from one column to the next. */
const keptTexts = 4096;

function gather<T extends Float64Array | Int32Array>(scratch: T, kept: readonly number[]): number {
  for (let i = 0; i < kept.length; i++) scratch[i] = scratch[kept[i] as number] as number;
  return kept.length;
}

/** Numbers straight from bytes; every other text through the cell parser, once for each distinct text. */
class NumericBuilder implements ColumnBuilder {
  readonly #reader: CellReader;
  readonly #needed: boolean;
  readonly #fast: boolean;
  readonly #integer: boolean;
  readonly #low: number;
  readonly #high: number;
  /** Numbers that mean missing, such as -999. */
  readonly #markers: ReadonlySet<number>;
  readonly #memo = new ByteDictionary(memoCapacity);
  readonly #memoValues: number[] = [];
  readonly #issues = new Map<number, CellIssue>();
  readonly #scratch: Float64Array<ArrayBuffer>;
  readonly #values = new Chunked((length) => new Float64Array(length));

  constructor(column: Column, needed: boolean, batchRows: number) {
    this.#reader = cellReader(column);
    this.#needed = needed;
    this.#scratch = new Float64Array(batchRows);
    const number = column.kind === "number" ? column : undefined;
    // The parser handles strict limits and steps; a number strictly inside needs no more checks. Where the comma is
    // the decimal mark, a point is not.
    this.#fast = number !== undefined && number.multipleOf === undefined && number.numberFormat?.decimal !== ",";
    this.#integer = number?.integer ?? false;
    const { min = -Infinity, max = Infinity, exclusiveMin = -Infinity, exclusiveMax = Infinity } = number ?? {};
    this.#low = Math.max(min, exclusiveMin);
    this.#high = Math.min(max, exclusiveMax);
    this.#markers = new Set(
      number === undefined ? [] : number.missing.map(numberReader(number)).filter((value) => !Number.isNaN(value)),
    );
  }

  read(batch: RecordBatch, index: number, refuse: Refuse): void {
    const { bytes, starts, ends, rows, width } = batch;
    const scratch = this.#scratch;
    const fast = this.#fast;
    const low = this.#low;
    const high = this.#high;
    const integer = this.#integer;
    const markers = this.#markers.size > 0 ? this.#markers : undefined;
    for (let r = 0, i = index; r < rows; r++, i += width) {
      const start = starts[i] as number;
      const end = ends[i] as number;
      if (fast) {
        const value = parsePlainDecimal(bytes, start, end);
        // The parser handles a value equal to a limit, because it knows whether that is allowed; NaN and markers go
        // there too.
        if (value > low && value < high && !(integer && value !== Math.floor(value)) && markers?.has(value) !== true) {
          scratch[r] = value;
          continue;
        }
      }
      scratch[r] = this.#parse(bytes, start, end, r, refuse);
    }
  }

  #parse(bytes: Uint8Array, start: number, end: number, record: number, refuse: Refuse): number {
    const id = this.#memo.lookup(bytes, start, end);
    if (id >= 0 && id < this.#memoValues.length) {
      const issue = this.#issues.size === 0 ? undefined : this.#issues.get(id);
      if (issue !== undefined) refuse(record, issue);
      return this.#memoValues[id] as number;
    }
    const cell = this.#reader.fromText(decodeText(bytes, start, end).trim());
    const refused = this.#needed && isIssue(cell) ? plainIssue(cell) : undefined;
    if (refused !== undefined) refuse(record, refused);
    const value = typeof cell === "number" ? cell : NaN;
    if (id >= 0) {
      this.#memoValues.push(value);
      if (refused !== undefined) this.#issues.set(id, refused);
    }
    return value;
  }

  commit(rows: number, kept: readonly number[] | undefined): void {
    this.#values.append(this.#scratch, kept === undefined ? rows : gather(this.#scratch, kept));
  }

  finish(): ColumnData {
    return { storage: "numeric", values: this.#values.finish() };
  }
}

const codesOf = (levels: readonly string[]): Map<string, number> => new Map(levels.map((level, code) => [level, code]));

/** Codes for a distinct text that is not a level. */
const missingCode = -1;
const refusedCode = -2;

/** Categories and texts: a string is made once for each distinct text, a code for each cell. */
class CodedBuilder implements ColumnBuilder {
  readonly #reader: CellReader;
  readonly #needed: boolean;
  readonly #declared: readonly string[];
  /** Codes of the contract's labels; of all labels once one had another text: a default, a text with blanks around. */
  #known: Map<string, number>;
  #allKnown = false;
  /** The contract's own list until there is another label, so that readers recognize it. */
  #levels: readonly string[];
  /** The same list once it has other labels. */
  #others: string[] = [];
  #dictionary = new ByteDictionary();
  /** For each distinct text its code, or one of the constants above. */
  #codeOf = new Int32Array(64);
  #texts = 0;
  readonly #issues = new Map<number, CellIssue>();
  readonly #scratch: Int32Array<ArrayBuffer>;
  readonly #codes = new Chunked((length) => new Int32Array(length));
  #dropped = false;

  constructor(column: Column, needed: boolean, batchRows: number) {
    this.#reader = cellReader(column);
    this.#needed = needed;
    this.#scratch = new Int32Array(batchRows);
    this.#declared = column.kind === "category" ? column.levels : [];
    this.#levels = this.#declared;
    this.#known = codesOf(this.#levels);
  }

  read(batch: RecordBatch, index: number, refuse: Refuse): void {
    const { bytes, starts, ends, rows, width } = batch;
    const scratch = this.#scratch;
    for (let r = 0, i = index; r < rows; r++, i += width) {
      const start = starts[i] as number;
      const end = ends[i] as number;
      const id = this.#dictionary.lookup(bytes, start, end);
      if (id >= this.#texts) this.#learn(decodeText(bytes, start, end));
      const code = this.#codeOf[id] as number;
      scratch[r] = code;
      if (code === refusedCode) refuse(r, this.#issues.get(id) as CellIssue);
    }
  }

  /** Reads the next distinct text of the dictionary. */
  #learn(text: string): void {
    const id = this.#texts++;
    if (id >= this.#codeOf.length) {
      const grown = new Int32Array(id * 2);
      grown.set(this.#codeOf);
      this.#codeOf = grown;
    }
    const cell = this.#reader.fromText(text.trim());
    if (typeof cell === "string") this.#codeOf[id] = this.#known.get(cell) ?? this.#newLabel(cell, text);
    else if (isIssue(cell) && this.#needed) {
      this.#issues.set(id, plainIssue(cell));
      this.#codeOf[id] = refusedCode;
    } else this.#codeOf[id] = missingCode;
  }

  /**
   * Returns the code of a new label. Each text comes here once, so a text is a new label, and labels are looked up
   * only after the first one that differs from its text.
   */
  #newLabel(label: string, text: string): number {
    if (label !== text && !this.#allKnown) {
      this.#levels.forEach((level, code) => this.#known.set(level, code));
      this.#allKnown = true;
      const met = this.#known.get(label);
      if (met !== undefined) return met;
    }
    if (this.#levels === this.#declared) this.#others = this.#levels = [...this.#declared];
    const code = this.#others.push(label) - 1;
    if (this.#allKnown) this.#known.set(label, code);
    return code;
  }

  commit(rows: number, kept: readonly number[] | undefined): void {
    if (kept !== undefined) this.#dropped = true;
    this.#codes.append(this.#scratch, kept === undefined ? rows : gather(this.#scratch, kept));
  }

  finish(): ColumnData {
    const codes = this.#codes.finish();
    const others = this.#levels !== this.#declared;
    if (this.#dropped && others) this.#dropUnused(codes);
    const levels = this.#levels;
    if (others || this.#texts > keptTexts) this.#forget();
    return { storage: "coded", codes, levels };
  }

  /** Begins again with the contract's levels. */
  #forget(): void {
    this.#levels = this.#declared;
    this.#known = codesOf(this.#levels);
    this.#allKnown = this.#dropped = false;
    this.#dictionary = new ByteDictionary();
    this.#texts = 0;
    this.#issues.clear();
  }

  /** Removes labels that only rejected rows had. */
  #dropUnused(codes: Int32Array): void {
    const used = new Uint8Array(this.#levels.length);
    for (const code of codes) if (code >= 0) used[code] = 1;
    used.fill(1, 0, this.#declared.length);
    const renumbered = new Int32Array(used.length);
    let next = 0;
    for (let code = 0; code < used.length; code++) renumbered[code] = used[code] === 1 ? next++ : missingCode;
    if (next === used.length) return;
    this.#levels = this.#levels.filter((_, code) => used[code] === 1);
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i] as number;
      if (code >= 0) codes[i] = renumbered[code] as number;
    }
  }
}

/**
 * A builder for a column.
 *
 * @param needed whether a bad cell refuses its row; otherwise it is missing.
 * @param batchRows most records of a batch.
 */
export function columnBuilder(column: Column, needed: boolean, batchRows: number): ColumnBuilder {
  return columnKinds[column.kind].storage === "numeric"
    ? new NumericBuilder(column, needed, batchRows)
    : new CodedBuilder(column, needed, batchRows);
}
