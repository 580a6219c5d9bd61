import { ChurnkitError } from "../../../base/errors.js";
import { formatDate, type Column } from "../../../data/contract/index.js";
import { quantileOf, orderOf } from "../../../stats/ranks/index.js";
import type { RecordValue, Table } from "../../../data/table/index.js";
import { dataOf } from "./columns.js";

/** A column of a record with another value. */
export interface Move {
  readonly column: string;
  readonly from: RecordValue;
  readonly to: RecordValue;
  /** Numbers and dates in median absolute deviations of the background; 1 for another label. */
  readonly distance: number;
  /** Moves by a smaller step in the same direction, the smallest first; none for labels. */
  readonly smaller: readonly Move[];
}

/** Which way a column may change. */
export type Direction = "up" | "down";

const quantiles = 10;
const mostLabels = 50;
/** A move is refined in about so many steps. */
const fineSteps = 200;
const day = 86_400_000;

/**
 * The changes of one column to try: quantiles of the background for a number or a date, every other label for a category.
 * None for texts and for a missing value, which nobody can change.
 */
export function movesOf(
  column: Column,
  from: RecordValue,
  background: Table,
  direction: Direction | undefined,
): Move[] {
  if (from === null) return [];
  switch (column.kind) {
    case "boolean":
      return [{ column: column.name, from, to: from !== true, distance: 1, smaller: [] }];
    case "category":
      return labelsOf(column.levels, background, column.name)
        .filter((label) => label !== from)
        .slice(0, mostLabels)
        .map((to) => ({ column: column.name, from, to, distance: 1, smaller: [] }));
    case "number":
    case "date":
      return numericMoves(column, from, background, direction);
    default:
      return [];
  }
}

/** The contract's levels, or those of the background in an open category without levels. */
function labelsOf(levels: readonly string[], background: Table, name: string): readonly string[] {
  if (levels.length > 0) return levels;
  const data = dataOf(background, name);
  return data.storage === "coded" ? data.levels : [];
}

function numericMoves(
  column: Extract<Column, { kind: "number" | "date" }>,
  from: RecordValue,
  background: Table,
  direction: Direction | undefined,
): Move[] {
  const data = dataOf(background, column.name);
  const start = typeof from === "number" ? from : Date.parse(String(from));
  const order = orderOf(data.storage === "numeric" ? data.values : new Float64Array(0));
  if (order.length === 0 || !Number.isFinite(start)) return [];
  const scale = deviationOf(order);
  const step = stepOf(column, order, scale);
  const to = (value: number): RecordValue => (column.kind === "date" ? formatDate(value, column.precision) : value);
  const moveTo = (value: number, smaller: readonly Move[]): Move => ({
    column: column.name,
    from,
    to: to(value),
    distance: Math.abs(value - start) / scale,
    smaller,
  });
  const [least, most] = [order.at(0), order.at(order.length - 1)];
  const ends = new Set(
    Array.from({ length: quantiles }, (_, i) => {
      const quantile = quantileOf(order, i / (quantiles - 1));
      const near = snapped(quantile, step);
      return near >= least && near <= most ? near : quantile;
    }),
  );
  return [...ends]
    .filter((end) => (direction === "up" ? end > start : direction === "down" ? end < start : end !== start))
    .map((end) => {
      const count = Math.min(fineSteps, Math.floor(Math.abs(end - start) / step));
      const between = Array.from({ length: Math.max(0, count - 1) }, (_, i) =>
        snapped(start + ((i + 1) / count) * (end - start), step),
      );
      const inside = [...new Set(between)].filter(
        (value) => (value - start) * (end - value) > 0 && value >= least && value <= most,
      );
      return moveTo(
        end,
        inside.map((value) => moveTo(value, [])),
      );
    });
}

type Order = ReturnType<typeof orderOf>;

/** Median absolute deviation; where most values are equal the mean one, and 1 for a constant. */
function deviationOf(order: Order): number {
  const median = quantileOf(order, 0.5);
  const deviations = Float64Array.from({ length: order.length }, (_, rank) => Math.abs(order.at(rank) - median));
  const middle = quantileOf(orderOf(deviations), 0.5);
  if (middle > 0) return middle;
  const average = deviations.reduce((sum, value) => sum + value, 0) / deviations.length;
  return average > 0 ? average : 1;
}

/** The step in which a column's values are tried: its own, 1 where all are whole, or a power of ten small enough for its scale. */
function stepOf(column: Extract<Column, { kind: "number" | "date" }>, order: Order, scale: number): number {
  if (column.kind === "date") return column.precision === "date" ? day : 1000;
  if (column.multipleOf !== undefined) return column.multipleOf;
  if (column.integer || isWhole(order)) return 1;
  let step = 1;
  while (step > scale / 20 && step > 1e-12) step /= 10;
  while (step * 10 <= scale / 20 && step < 1e12) step *= 10;
  return step;
}

function isWhole(order: Order): boolean {
  for (let rank = 0; rank < order.length; rank++) if (!Number.isInteger(order.at(rank))) return false;
  return true;
}

/** The nearest multiple of a step, without the digits that binary fractions add. */
const snapped = (value: number, step: number): number => Number((Math.round(value / step) * step).toPrecision(12)) + 0;

/** @throws ChurnkitError OPTION_INVALID for a column that has no direction, or a direction that there is not. */
export function checkDirection({ name, kind }: Column, direction: Direction): void {
  const ordered = kind === "number" || kind === "date";
  if (ordered && (direction === "up" || direction === "down")) return;
  throw new ChurnkitError(
    "OPTION_INVALID",
    ordered
      ? `directions gives ${name} the direction ${JSON.stringify(direction)}. Give "up" or "down".`
      : `directions names ${name}, a ${kind}, which goes neither up nor down. Name a number or date, or put it into fixed.`,
    { where: { column: name } },
  );
}
