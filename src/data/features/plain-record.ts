import { cellReader, isIssue } from "../contract/cells.js";
import type { Column, Contract } from "../contract/contract.js";
import { spellingsOf } from "../contract/spellings.js";
import { columnsToRead, isNeeded } from "../table/row-options.js";
import type { Input, Inputs } from "./expressions/evaluate.js";

/** Instead of a value, which is always finite or NaN: there is something to say about it. */
const odd = Infinity;

/** Texts of a column that are remembered, and how long they are at most: what callers send takes no more memory. */
const remembered = { texts: 1000, characters: 100 } as const;

/** One key of records. */
interface Slot {
  readonly name: string;
  /** All spellings of the key. */
  readonly keys: readonly string[];
  /** Whether a record may lack it without a warning. */
  readonly mayLack: boolean;
  /** A value as its input holds it, or {@link odd}; undefined where nothing is read. */
  readonly read: ((value: unknown) => number) | undefined;
  /** Where the value goes. */
  readonly values: Float64Array;
  /** The last record that had the key. */
  seen: number;
}

/** The test of a cell that the contract lets through: is there nothing that a warning would say? */
function usualTest(column: Column): (cell: number | string | null) => boolean {
  if (column.role !== "feature") return () => true;
  switch (column.kind) {
    case "category": {
      const known = new Set(column.levels);
      if (!column.open || known.size === 0) return () => true;
      return (cell) => typeof cell !== "string" || known.has(cell);
    }
    case "number":
    case "date": {
      const { observed } = column;
      if (observed === undefined) return () => true;
      return (cell) => typeof cell !== "number" || !(cell < observed.min || cell > observed.max);
    }
    default:
      return () => true;
  }
}

/** Reads a column's values by its one reader of cells, and remembers what texts came to. */
function valueReader(column: Column, input: Input | undefined): (value: unknown) => number {
  const reader = cellReader(column);
  const isUsual = usualTest(column);
  const refused = isNeeded(column, "ignore") ? odd : NaN;
  const exactly = (value: unknown): number => {
    const cell = reader.fromJson(value);
    if (isIssue(cell)) return refused;
    if (!isUsual(cell)) return odd;
    if (typeof cell !== "string") return cell ?? NaN;
    if (input?.levels !== undefined) return input.levels.codeOf(cell);
    if (input !== undefined) input.texts = [cell];
    return 0;
  };
  if (column.kind === "text") return exactly;
  const texts = new Map<string, number>();
  return (value) => {
    if (typeof value !== "string") return exactly(value);
    const known = texts.get(value);
    if (known !== undefined) return known;
    const found = exactly(value);
    if (found !== odd && texts.size < remembered.texts && value.length <= remembered.characters)
      texts.set(value, found);
    return found;
  };
}

/**
 * Makes the reader of records that are all that the contract expects: it puts a record's values into the inputs, as the
 * first row, or says false where there would be anything to say about the record, be it an issue or a warning. Then the
 * inputs hold no row.
 *
 * It takes each key of the record once, in the record's order, which most callers never change.
 */
export function plainRecordReader(contract: Contract, inputs: Inputs): (record: unknown) => boolean {
  const { columns } = contract;
  const spellings = spellingsOf(columns.map(({ name }) => name));
  const read = new Set(columnsToRead(contract, "ignore"));
  const nowhere = new Float64Array(1);
  const slots = columns.map((column): Slot => {
    const { name, role, optional, default: given } = column;
    const input = inputs.column(name);
    const matters = read.has(column) && (isNeeded(column, "ignore") || input !== undefined);
    return {
      name,
      keys: [name, ...spellings.others(name)],
      mayLack: role !== "feature" || optional || given !== undefined,
      read: matters ? valueReader(column, input) : undefined,
      values: input?.values ?? nowhere,
      seen: 0,
    };
  });
  const byKey = new Map(slots.flatMap((slot) => slot.keys.map((key) => [key, slot] as const)));
  /** The keys of the last record in their order, and their slots. */
  const order: { readonly key: string; readonly slot: Slot }[] = [];
  let records = 0;

  const slotAt = (place: number, key: string): Slot | undefined => {
    const expected = order[place];
    if (expected?.key === key) return expected.slot;
    const slot = byKey.get(key);
    if (slot !== undefined && place < columns.length) order[place] = { key, slot };
    return slot;
  };

  const put = (slot: Slot, value: unknown): boolean => {
    if (slot.read === undefined) return true;
    const cell = slot.read(value);
    slot.values[0] = cell;
    return cell !== odd;
  };

  return (record) => {
    if (!isPlain(record)) return false;
    const number = ++records;
    let place = 0;
    for (const key in record) {
      if (!Object.hasOwn(record, key)) return false;
      const slot = slotAt(place++, key);
      const value = record[key];
      if (slot === undefined || slot.seen === number || value === undefined || !put(slot, value)) return false;
      slot.seen = number;
    }
    if (place === slots.length) return true;
    for (const slot of slots) {
      if (slot.seen === number) continue;
      if (!slot.mayLack || slot.keys.some((key) => key in record) || !put(slot, undefined)) return false;
    }
    return true;
  };
}

/** Returns whether it is an object with only its own keys, as JSON makes them. */
function isPlain(record: unknown): record is Readonly<Record<string, unknown>> {
  if (typeof record !== "object" || record === null) return false;
  const prototype: unknown = Object.getPrototypeOf(record);
  return prototype === Object.prototype || prototype === null;
}
