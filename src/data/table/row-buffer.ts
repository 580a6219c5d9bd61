import { ChurnkitError } from "../../base/errors.js";
import { cellReader, isIssue, type CellReader } from "../contract/cells.js";
import { plainIssue, type CellIssue } from "../contract/cells/issue.js";
import { columnKinds, type Column, type Contract } from "../contract/contract.js";
import { memberNamed, spellingsOf } from "../contract/spellings.js";
import { columnsToRead, isNeeded, targetMode, type RowOptions } from "./row-options.js";
import type { CodedData, ColumnData, RejectedRow, Table } from "./table.js";

/** Reads records into the same columns again and again. */
export interface RowBuffer {
  /** Most records of one fill. */
  readonly capacity: number;
  /**
   * Reads records into the buffer. Those that break the contract are in `rejected` with all their issues;
   * `rowNumbers` has the positions of the others. The table is valid only until the next fill, and shares its arrays
   * with it. Issues are found on first access, so the records must not change before.
   *
   * @param leftOut columns that are not read; the table is without them.
   * @param silent leaves `rejected` empty: only `rowNumbers` shows what was refused, in less time.
   * @throws ChurnkitError INPUT_TOO_LARGE for more records than `capacity`.
   */
  fill(records: readonly unknown[], leftOut?: ReadonlySet<string>, silent?: boolean): Table;
}

/** One column of the buffer. */
interface Slot {
  readonly name: string;
  readonly reader: CellReader;
  readonly needed: boolean;
  /** Other spellings of the name, usually none. */
  readonly spellings: readonly string[];
  /** Whether there is another spelling, or a record without this key would expose a member of its prototype instead. */
  readonly guarded: boolean;
  /** Clears the previous fill. */
  reset(): void;
  store(row: number, cell: number | string | null): void;
  /** The column's first `rows` values. */
  view(rows: number): ColumnData;
}

/** Views of the first n values are cached for the last n, so that fills of one size make none. */
function lastView<T>(make: (rows: number) => T): (rows: number) => T {
  let size = -1;
  let held: T | undefined;
  return (rows) => {
    if (rows !== size || held === undefined) {
      held = make(rows);
      size = rows;
    }
    return held;
  };
}

function numericSlot(capacity: number): Pick<Slot, "reset" | "store" | "view"> {
  const values = new Float64Array(capacity);
  return {
    reset: () => undefined,
    store: (row, cell) => {
      values[row] = typeof cell === "number" ? cell : NaN;
    },
    view: lastView((rows) => ({ storage: "numeric", values: values.subarray(0, rows) })),
  };
}

function codedSlot(column: Column, capacity: number): Pick<Slot, "reset" | "store" | "view"> {
  const codes = new Int32Array(capacity);
  const declared = column.kind === "category" ? column.levels : [];
  const known = new Map(declared.map((level, code) => [level, code]));
  // Labels of this fill that the contract does not name.
  const others = new Map<string, number>();
  const view = lastView((rows): { -readonly [K in keyof CodedData]: CodedData[K] } => ({
    storage: "coded",
    codes: codes.subarray(0, rows),
    levels: declared,
  }));
  return {
    reset: () => others.clear(),
    store: (row, cell) => {
      if (typeof cell !== "string") codes[row] = -1;
      else {
        let code = known.get(cell) ?? others.get(cell);
        if (code === undefined) {
          code = declared.length + others.size;
          others.set(cell, code);
        }
        codes[row] = code;
      }
    },
    view: (rows) => {
      const data = view(rows);
      // The contract's own array if it is enough, so that code that compared its levels once recognizes it.
      data.levels = others.size === 0 ? declared : [...declared, ...others.keys()];
      return data;
    },
  };
}

function slotOf(column: Column, needed: boolean, spellings: readonly string[], capacity: number): Slot {
  const numeric = columnKinds[column.kind].storage === "numeric";
  return {
    name: column.name,
    reader: cellReader(column),
    needed,
    spellings,
    guarded: spellings.length > 0 || column.name in Object.prototype,
    ...(numeric ? numericSlot(capacity) : codedSlot(column, capacity)),
  };
}

/** Returns the value of a record's own key; a key that every object inherits counts only if the record has it. */
function valueOf(record: Readonly<Record<string, unknown>>, slot: Slot): unknown {
  return slot.guarded ? memberNamed(record, slot.name, slot.spellings) : record[slot.name];
}

function notRecord(record: unknown): CellIssue {
  const is = record === null ? "null" : Array.isArray(record) ? "an array" : `a ${typeof record}`;
  return {
    column: "",
    rule: "ragged",
    value: is,
    message: `the record is ${is}; give an object with a key for each column`,
  };
}

/**
 * Makes a buffer that reads plain records (parsed JSON, rows of a database) into columns by the contract, so that
 * scoring requests needs no new columns each time. A key that the contract does not know is left out; a missing key
 * is a missing value; the record may be untrusted.
 *
 * @param options.capacity limit on the records of one fill; default 1.
 * @param options.target default `ignore`: rows to score have no class yet.
 * @throws ChurnkitError OPTION_INVALID for a capacity that is not a whole number above 0.
 */
export function rowBuffer(contract: Contract, options: RowOptions & { readonly capacity?: number } = {}): RowBuffer {
  const capacity = options.capacity ?? 1;
  if (!Number.isSafeInteger(capacity) || capacity < 1) {
    throw new ChurnkitError("OPTION_INVALID", `The capacity is ${capacity}; it must be a whole number above 0.`);
  }
  const source = options.source ?? "request";
  const mode = targetMode(options.target ?? "ignore");
  const spellings = spellingsOf(contract.columns.map(({ name }) => name));
  const slots = columnsToRead(contract, mode).map((column) =>
    slotOf(column, isNeeded(column, mode), spellings.others(column.name), capacity),
  );
  const rowNumbers = new Uint32Array(capacity);
  const numbersView = lastView((rows) => rowNumbers.subarray(0, rows));
  const cells = new Array<number | string | null>(slots.length).fill(null);

  /** Reads one record as row `row`, unless it breaks the contract: then it keeps nothing and words no reason. */
  const read = (record: unknown, row: number, used: readonly Slot[]): boolean => {
    if (!isRecord(record)) return false;
    for (let i = 0; i < used.length; i++) {
      const slot = used[i] as Slot;
      if (!slot.needed) continue;
      const cell = slot.reader.fromJson(valueOf(record, slot));
      if (isIssue(cell)) return false;
      cells[i] = cell;
    }
    for (let i = 0; i < used.length; i++) {
      const slot = used[i] as Slot;
      const cell = slot.needed ? (cells[i] as number | string | null) : slot.reader.fromJson(valueOf(record, slot));
      slot.store(row, isIssue(cell) ? null : cell);
    }
    return true;
  };

  /** Returns everything that is wrong with a refused record. */
  const issuesOf = (record: unknown, used: readonly Slot[]): CellIssue[] => {
    if (!isRecord(record)) return [notRecord(record)];
    return used.flatMap((slot) => {
      const cell = slot.needed ? slot.reader.fromJson(valueOf(record, slot)) : null;
      return isIssue(cell) ? [plainIssue(cell)] : [];
    });
  };

  return {
    capacity,
    fill(records, leftOut, silent = false) {
      if (records.length > capacity) {
        const message = `${source}: ${records.length} records, where at most ${capacity} are read at once; send them in parts.`;
        throw new ChurnkitError("INPUT_TOO_LARGE", message, { where: { file: source } });
      }
      const used = leftOut === undefined || leftOut.size === 0 ? slots : slots.filter(({ name }) => !leftOut.has(name));
      const explain = (record: unknown): CellIssue[] => issuesOf(record, used);
      const rejected: RejectedRow[] = [];
      for (const slot of used) slot.reset();
      let rows = 0;
      for (let i = 0; i < records.length; i++) {
        if (read(records[i], rows, used)) rowNumbers[rows++] = i;
        else if (!silent) rejected.push(new LateRejection(i, records[i], explain));
      }
      const columns = new Map<string, ColumnData>();
      for (const slot of used) columns.set(slot.name, slot.view(rows));
      return { contract, rows, columns, rowNumbers: numbersView(rows), rejected, source };
    },
  };
}

const isRecord = (record: unknown): record is Readonly<Record<string, unknown>> =>
  typeof record === "object" && record !== null && !Array.isArray(record);

/** A rejected row whose issues are found on first access: a flood of broken records must cost little. */
class LateRejection implements RejectedRow {
  readonly #record: unknown;
  readonly #explain: (record: unknown) => readonly CellIssue[];
  #issues: readonly CellIssue[] | undefined;

  constructor(
    readonly row: number,
    record: unknown,
    explain: (record: unknown) => readonly CellIssue[],
  ) {
    this.#record = record;
    this.#explain = explain;
  }

  get issues(): readonly CellIssue[] {
    return (this.#issues ??= this.#explain(this.#record));
  }
}

/** A rejected row as plain data, without a reference to its record. */
export const plainRejection = ({ row, issues }: RejectedRow): RejectedRow => ({ row, issues });
