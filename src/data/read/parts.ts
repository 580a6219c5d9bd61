import type { Column, Contract } from "../contract/contract.js";
import { spellingsOf } from "../contract/spellings.js";
import { cellReader } from "../contract/cells.js";
import type { Table } from "../table/table.js";
import { Chunked } from "./chunked.js";
import { matchHeader } from "./header.js";
import type { ReadOptions } from "./options.js";
import type { RecordBatch } from "./record-batch.js";
import { decodeText } from "./utf8.js";

/** How to read rows in parts. */
export interface PartOptions extends ReadOptions {
  /** Bytes of text that a part has, approximately: not rows, so that wide rows take no more memory. */
  readonly partBytes: number;
}

/** The texts of one id column, as UTF-8, one after the other. An empty text is a missing id. */
export interface IdColumn {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each text ends. */
  readonly ends: Uint32Array<ArrayBuffer>;
}

/** Ids of every row that has cells, also of the rejected ones, unchanged whatever their type. */
export interface RowIds {
  readonly rowNumbers: Uint32Array<ArrayBuffer>;
  /** The id columns that the source has. */
  readonly columns: readonly IdColumn[];
}

/** Some rows of a source: its features, and who they are. */
export interface TablePart {
  readonly table: Table;
  readonly ids: RowIds;
}

/** Returns the contract of the features alone, for scoring. */
export const featuresOnly = (contract: Contract): Contract => ({
  ...contract,
  columns: contract.columns.filter(({ role }) => role === "feature"),
});

/** Returns a contract of the ids alone, as texts: ids are only passed on. */
export const idsOnly = (contract: Contract): Contract => ({
  ...contract,
  columns: contract.columns
    .filter(({ role }) => role === "id")
    .map(({ name }) => ({ name, role: "id", nullable: true, optional: true, missing: [], kind: "text" })),
});

/** Returns the names that a contract does not know, by any spelling. */
export function unknownNames(contract: Contract, names: readonly string[]): string[] {
  const known = spellingsOf(contract.columns.map(({ name }) => name)).columns;
  return names.filter((name) => !known.has(name));
}

/** Texts, one after the other. */
export class TextBytes {
  #bytes = new Uint8Array(1024);
  #used = 0;
  readonly #ends = new Chunked((length) => new Uint32Array(length));
  readonly #end = new Uint32Array(1);
  readonly #encoder = new TextEncoder();

  /** Adds `bytes[start..end)`. */
  add(bytes: Uint8Array, start: number, end: number): void {
    const used = this.#used + end - start;
    if (used > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(used, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = grown;
    }
    for (let i = start, to = this.#used; i < end; i++, to++) this.#bytes[to] = bytes[i] as number;
    this.#end[0] = this.#used = used;
    this.#ends.append(this.#end, 1);
  }

  addText(text: string): void {
    const bytes = this.#encoder.encode(text);
    this.add(bytes, 0, bytes.length);
  }

  /** The texts since the last call. */
  take(): Pick<IdColumn, "bytes" | "ends"> {
    const bytes = this.#bytes.slice(0, this.#used);
    this.#used = 0;
    return { bytes, ends: this.#ends.finish() };
  }
}

/** Collects the ids of batches. */
export class IdSink {
  readonly #contract: Contract;
  readonly #rowNumbers = new Chunked((length) => new Uint32Array(length));
  #columns: {
    readonly name: string;
    readonly index: number;
    readonly texts: TextBytes;
    readonly read: (text: string) => string;
  }[] = [];

  constructor(contract: Contract) {
    this.#contract = idsOnly(contract);
  }

  header(names: readonly (string | undefined)[]): void {
    const { columns } = matchHeader(names, this.#contract, { target: "ignore", absent: "error", source: "" });
    this.#columns = columns
      .filter(({ index }) => index >= 0)
      .map(({ column, index }) => ({ name: column.name, index, texts: new TextBytes(), read: textReader(column) }));
  }

  batch({ bytes, starts, ends, rows, width, rowNumbers }: RecordBatch): void {
    if (this.#columns.length === 0) return;
    this.#rowNumbers.append(rowNumbers, rows);
    for (const { index, texts, read } of this.#columns) {
      for (let r = 0, i = index; r < rows; r++, i += width) {
        const start = starts[i] as number;
        const end = ends[i] as number;
        if (isPlain(bytes, start, end)) texts.add(bytes, start, end);
        else texts.addText(read(decodeText(bytes, start, end)));
      }
    }
  }

  /** The ids since the last call. */
  take(): RowIds {
    return {
      rowNumbers: this.#rowNumbers.finish(),
      columns: this.#columns.map(({ name, texts }) => ({ name, ...texts.take() })),
    };
  }
}

/** Whether a text is short and begins and ends with a visible ASCII character: then it is read as it is. */
function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  if (end === start) return true;
  const first = bytes[start] as number;
  const last = bytes[end - 1] as number;
  return first > 32 && first < 127 && last > 32 && last < 127 && end - start < 1000;
}

function textReader(column: Column): (text: string) => string {
  const reader = cellReader(column);
  return (text) => {
    const cell = reader.fromText(text.trim());
    return typeof cell === "string" ? cell : "";
  };
}
