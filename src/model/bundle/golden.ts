import type { Column, Contract, NumberColumn } from "../../data/contract/index.js";
import { mix32, uniform } from "../../base/random.js";
import type { GoldenRow } from "../artifact.js";

/** Options of {@link goldenRows}. */
export interface GoldenOptions {
  /** Number of rows. Default 16. */
  readonly rows?: number | undefined;
  /** Default 0. */
  readonly seed?: number | undefined;
}

const day = 24 * 3600 * 1000;
const missingShare = 0.15;

/**
 * Makes synthetic records from a contract alone, never from customers: declared or observed ranges, known levels,
 * missing values where allowed, and in the first row an unknown label for each open category. A bundle keeps them
 * with their scores, so that a loader can prove that it scores as the trainer did.
 *
 * The same contract and seed give the same records.
 */
export function goldenRows(contract: Contract, options: GoldenOptions = {}): GoldenRow["record"][] {
  const { rows = 16, seed = 0 } = options;
  const inputs = contract.columns.filter(({ role }) => role === "feature" || role === "id");
  return Array.from({ length: rows }, (_, row) => {
    const record: Record<string, string | number | boolean | null> = {};
    inputs.forEach((column, i) => {
      const random = uniform(mix32(mix32(seed) ^ (row * 65_537 + i)));
      record[column.name] = drawValue(column, row, random);
    });
    return record;
  });
}

function drawValue(column: Column, row: number, random: () => number): string | number | boolean | null {
  if (column.nullable && column.role === "feature" && random() < missingShare) return null;
  switch (column.kind) {
    case "number":
      return drawNumber(column, row, random());
    case "boolean":
      return random() < 0.5;
    case "date": {
      const min = column.min ?? column.observed?.min ?? Date.UTC(2020, 0, 1);
      const max = column.max ?? column.observed?.max ?? min + 5 * 365 * day;
      // Whole days strictly inside the limits, if there is room for one.
      const time = Math.ceil(min / day) * day + Math.floor(random() * Math.max(1, Math.floor((max - min) / day))) * day;
      const text = new Date(Math.min(Math.max(time, min), max)).toISOString();
      return column.precision === "date" ? text.slice(0, 10) : text;
    }
    case "category": {
      if (column.open && row === 0) return "an unseen label";
      return column.levels[Math.floor(random() * column.levels.length)] ?? `label ${Math.floor(random() * 5)}`;
    }
    case "text":
      return `text ${row}`.slice(0, column.maxLength);
  }
}

function drawNumber(column: NumberColumn, row: number, share: number): number {
  if (column.role === "id") return row + 1;
  const low = Math.max(column.min ?? -Infinity, column.exclusiveMin ?? -Infinity, column.observed?.min ?? -Infinity);
  const high = Math.min(column.max ?? Infinity, column.exclusiveMax ?? Infinity, column.observed?.max ?? Infinity);
  const from = Number.isFinite(low) ? low : Number.isFinite(high) ? high - 100 : 0;
  const to = Math.max(from, Number.isFinite(high) ? high : from + 100);
  const step = column.multipleOf ?? (column.integer ? 1 : undefined);
  if (step !== undefined) {
    const least = Math.ceil(from / step) + (Math.ceil(from / step) * step === column.exclusiveMin ? 1 : 0);
    const most = Math.floor(to / step) - (Math.floor(to / step) * step === column.exclusiveMax ? 1 : 0);
    return (least + Math.floor(share * Math.max(1, most - least + 1))) * step;
  }
  // Away from both ends, so that exclusive limits are met; six digits keep the file readable.
  const value = from + (0.01 + 0.98 * share) * (to - from);
  const short = Number(value.toPrecision(6));
  return short > from && short < to ? short : value;
}
