import {
  cellReader,
  dateReader,
  isIssue,
  hasTime,
  numberReader,
  writableDates,
  type Cell,
  type Column,
} from "../../data/contract/index.js";
import type { LevelIndex } from "../../data/features/index.js";
import {
  add,
  and,
  atMost,
  constant,
  divide,
  equal,
  less,
  missing,
  multiply,
  never,
  not,
  nothing,
  or,
  subtract,
  unary,
  where,
  type Condition,
  type NumberNode,
  type TextNode,
} from "./node.js";

export const dayMilliseconds = 86_400_000;

/** A column's value as the encoder takes it: a number, a code, or missing. */
export interface ReadColumn {
  readonly value: NumberNode;
  /** When the value breaks the contract. */
  readonly refused: Condition;
}

/** What a value that is there comes to, before missing markers are told from it. */
interface Present {
  readonly raw: NumberNode | TextNode;
  readonly isMarker: Condition;
  readonly isBad: Condition;
  readonly value: NumberNode;
}

/**
 * Reads a column by the contract's rules, as `cellReader` does for values of the column's own type.
 *
 * @param levels the codes of a category's labels, complete when the graph is written.
 * @param booleans whether a column of booleans has texts (`true`, or those of the contract) or the numbers 1 and 0.
 */
export function readColumn(column: Column, levels: LevelIndex, booleans: "texts" | "numbers"): ReadColumn {
  const { raw, isMarker, isBad, value } = present(column, levels, booleans);
  const reader = cellReader(column);
  const [ofNull, ofMarker] = [reader.fromJson(null), reader.fromText("")];
  const isNull = missing(raw);
  const refused = or(
    ...(isIssue(ofNull) ? [isNull] : []),
    ...(isIssue(ofMarker) ? [isMarker] : []),
    and(not(isNull), not(isMarker), isBad),
  );
  const read = where(isNull, cellNode(ofNull, levels), where(isMarker, cellNode(ofMarker, levels), value));
  // Only features are held to the contract: elsewhere a bad value is missing.
  return column.role === "feature"
    ? { value: read, refused }
    : { value: where(refused, nothing, read), refused: never };
}

function cellNode(cell: Cell, levels: LevelIndex): NumberNode {
  if (typeof cell === "number") return constant(cell);
  return typeof cell === "string" ? { kind: "number", op: "code", label: cell, levels } : nothing;
}

function present(column: Column, levels: LevelIndex, booleans: "texts" | "numbers"): Present {
  switch (column.kind) {
    case "number":
      return presentNumber(column);
    case "date":
      return presentDate(column);
    case "boolean":
      return booleans === "texts" ? presentTruth(column) : presentBit(column);
    case "category":
    case "text": {
      const raw: TextNode = { kind: "text", column, lower: false };
      const isClosed = column.kind === "category" && !column.open;
      return {
        raw,
        isMarker: isOneOf(raw, ["", ...column.missing]),
        isBad: isClosed ? not(isOneOf(raw, column.levels)) : never,
        value: column.kind === "text" ? constant(0) : codeOf(raw, levels),
      };
    }
  }
}

const isOneOf = (text: TextNode, texts: readonly string[]): Condition => ({ op: "isOneOf", text, texts });
const rawNumber = (column: Column): NumberNode => ({ kind: "number", op: "column", column });

const codeOf = (text: TextNode, levels: LevelIndex): NumberNode => ({
  ...{ kind: "number", op: "lookup", text, otherwise: -1 },
  entries: () => new Map(levels.labels.map((label, code) => [label, code])),
});

function presentNumber(column: Extract<Column, { kind: "number" }>): Present {
  const { min, max, exclusiveMin, exclusiveMax, multipleOf } = column;
  const raw = rawNumber(column);
  const isFinite: Condition = { op: "finite", of: raw };
  const markers = column.missing.map(numberReader(column)).filter((marker) => !Number.isNaN(marker));
  const below = (limit: number | undefined): Condition[] => (limit === undefined ? [] : [less(raw, constant(limit))]);
  const above = (limit: number | undefined): Condition[] => (limit === undefined ? [] : [less(constant(limit), raw)]);
  const bad = [
    ...(column.nan === true ? [] : [not(isFinite)]),
    ...(column.integer ? [not(equal(raw, unary("floor", raw))), ...outsideExact(raw)] : []),
    ...[...below(min), ...above(max)],
    ...(exclusiveMin === undefined ? [] : [atMost(raw, constant(exclusiveMin))]),
    ...(exclusiveMax === undefined ? [] : [atMost(constant(exclusiveMax), raw)]),
    ...(multipleOf === undefined ? [] : [isBetweenSteps(raw, multipleOf)]),
  ];
  return {
    raw,
    isMarker: or(...markers.map((marker) => equal(raw, constant(marker)))),
    isBad: or(...bad),
    value: column.nan === true ? where(isFinite, raw, nothing) : raw,
  };
}

/** Beyond 2^53, where whole numbers are rounded. */
const outsideExact = (raw: NumberNode): Condition[] => [
  less(constant(Number.MAX_SAFE_INTEGER), raw),
  less(raw, constant(Number.MIN_SAFE_INTEGER)),
];

/** Not a multiple, but for rounding. */
function isBetweenSteps(raw: NumberNode, step: number): Condition {
  const quotient = divide(raw, constant(step));
  const nearest = unary("floor", add(quotient, constant(0.5)));
  const off = unary("abs", subtract(quotient, nearest));
  return less(multiply(constant(4 * Number.EPSILON), unary("abs", nearest)), off);
}

function presentDate(column: Extract<Column, { kind: "date" }>): Present {
  const { min, max } = column;
  const raw = rawNumber(column);
  const day = startOfDay(raw);
  const read = dateReader(column);
  const markers = column.missing
    .map((text) => ({ text, value: read(text) }))
    .filter(({ value }) => !Number.isNaN(value));
  const kept = column.precision === "date" ? day : raw;
  const [first, last] = writableDates;
  return {
    raw,
    // A day means every time of it.
    isMarker: or(...markers.map(({ text, value }) => equal(hasTime(text) ? raw : day, constant(value)))),
    isBad: or(
      less(kept, constant(Math.max(first, min ?? -Infinity))),
      less(constant(Math.min(last, max ?? Infinity)), kept),
    ),
    value: kept,
  };
}

/** The beginning of an instant's day in UTC. */
const startOfDay = (time: NumberNode): NumberNode =>
  multiply(unary("floor", divide(time, constant(dayMilliseconds))), constant(dayMilliseconds));

function presentTruth(column: Extract<Column, { kind: "boolean" }>): Present {
  const fold = (text: string): string => (column.caseSensitive ? text : text.toLowerCase());
  const raw: TextNode = { kind: "text", column, lower: false };
  const text: TextNode = { kind: "text", column, lower: !column.caseSensitive };
  // A database writes its own booleans as true and false.
  const entries = new Map([
    ...([
      ["true", 1],
      ["false", 0],
    ] as const),
    ...column.falsy.map((each) => [fold(each), 0] as const),
    ...column.truthy.map((each) => [fold(each), 1] as const),
  ]);
  return {
    raw,
    isMarker: isOneOf(raw, ["", ...column.missing]),
    isBad: not(isOneOf(text, [...entries.keys()])),
    value: { kind: "number", op: "lookup", text, entries: () => entries, otherwise: -1 },
  };
}

function presentBit(column: Extract<Column, { kind: "boolean" }>): Present {
  const raw = rawNumber(column);
  const isBad = and(not(equal(raw, constant(0))), not(equal(raw, constant(1))));
  return { raw, isMarker: never, isBad, value: raw };
}
