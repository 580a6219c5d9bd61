import { hasTime, parseIsoDate } from "../cells/date.js";
import { parseDecimal } from "../cells/number.js";
import type { Range } from "../contract.js";
import { distinctCounter, type DistinctCounter } from "./distinct.js";
import { isUnknownWord, missingMarkers } from "./markers.js";

/** Distinct texts held exactly; a column with more is counted by what its texts look like, and a sketch. */
const maxDistinct = 1_024;
/** Distinct texts remembered that are neither number nor date. */
const maxOthers = 64;

/** What the texts of one column look like. Counts are rows. */
export interface ColumnFacts {
  /** Empty cells. */
  readonly empty: number;
  /** Missing markers that hold in every column, with their counts. */
  readonly markers: ReadonlyMap<string, number>;
  /** Words such as "Unknown", which are missing in a column of numbers. They are among the `present` too. */
  readonly unknown: ReadonlyMap<string, number>;
  readonly unknownRows: number;
  /** Cells that are neither empty nor a marker. */
  readonly present: number;
  /** Number of distinct present texts; an estimate when `labels` is undefined. */
  readonly distinct: number;
  /** The distinct present texts with their counts, unless they are too many. */
  readonly labels: ReadonlyMap<string, number> | undefined;
  readonly numeric: number;
  readonly integers: number;
  /** Whole numbers with a leading zero or too many digits for a double: codes rather than quantities. */
  readonly codes: number;
  readonly range: Range;
  readonly dates: number;
  readonly timed: number;
  readonly dateRange: Range;
  readonly booleans: number;
  /** Present texts that are no number, no date, no boolean and no unknown word: the first 64 distinct ones. */
  readonly others: ReadonlyMap<string, number>;
  readonly characters: number;
  readonly longest: number;
  readonly spaced: number;
  readonly words: number;
  /** Is each row's whole number one more than the row's before? */
  readonly sequential: boolean;
}

/** Collects the facts of one column, one text at a time, in bounded memory. */
export interface Tally {
  add(text: string): void;
  facts(): ColumnFacts;
}

const leadingZero = /^[+-]?0\d/;
const bool = /^(?:true|false)$/i;

function bump(counts: Map<string, number>, text: string, by: number, limit: number): void {
  const count = counts.get(text);
  if (count !== undefined) counts.set(text, count + by);
  else if (counts.size < limit) counts.set(text, by);
}

/** Starts a column. Texts come trimmed. */
export function tally(): Tally {
  const exact = new Map<string, number>();
  let sketch: DistinctCounter | undefined;
  const markers = new Map<string, number>();
  const unknown = new Map<string, number>();
  const others = new Map<string, number>();
  const counts = {
    empty: 0, present: 0, unknownRows: 0, numeric: 0, integers: 0, codes: 0, dates: 0, timed: 0, booleans: 0,
    characters: 0, longest: 0, spaced: 0, words: 0,
  };
  const range = { min: Infinity, max: -Infinity };
  const dateRange = { min: Infinity, max: -Infinity };
  let sequential = true;
  let previous: number | undefined;

  const widen = (limits: { min: number; max: number }, value: number): void => {
    if (value < limits.min) limits.min = value;
    if (value > limits.max) limits.max = value;
  };

  /** Takes a present text for what it looks like, `by` times. */
  const classify = (text: string, by: number): void => {
    counts.characters += by * text.length;
    if (text.length > counts.longest) counts.longest = text.length;
    const value = parseDecimal(text);
    if (!Number.isNaN(value)) {
      counts.numeric += by;
      const whole = Number.isInteger(value);
      if (whole) counts.integers += by;
      if (leadingZero.test(text) || (whole && !Number.isSafeInteger(value))) counts.codes += by;
      widen(range, value);
      return;
    }
    const time = parseIsoDate(text);
    if (!Number.isNaN(time)) {
      counts.dates += by;
      if (hasTime(text)) counts.timed += by;
      widen(dateRange, time);
      return;
    }
    const spaces = text.split(/\s+/).length - 1;
    counts.words += by * (spaces + 1);
    if (spaces > 0) counts.spaced += by;
    if (bool.test(text)) counts.booleans += by;
    else if (isUnknownWord(text)) {
      counts.unknownRows += by;
      bump(unknown, text, by, maxOthers);
    } else bump(others, text.slice(0, 200), by, maxOthers);
  };

  const follow = (text: string): void => {
    const value = parseDecimal(text);
    if (!Number.isSafeInteger(value) || (previous !== undefined && value !== previous + 1)) sequential = false;
    previous = value;
  };

  return {
    add(text) {
      if (text === "") {
        counts.empty++;
        return;
      }
      if (missingMarkers.has(text)) {
        bump(markers, text, 1, maxOthers);
        return;
      }
      counts.present++;
      if (sequential) follow(text);
      if (sketch === undefined) {
        const count = exact.get(text);
        if (count !== undefined || exact.size < maxDistinct) {
          exact.set(text, (count ?? 0) + 1);
          return;
        }
        sketch = distinctCounter();
        for (const [label, times] of exact) {
          sketch.add(label);
          classify(label, times);
        }
        exact.clear();
      }
      sketch.add(text);
      classify(text, 1);
    },
    facts() {
      const labels = sketch === undefined ? new Map(exact) : undefined;
      if (sketch === undefined) {
        for (const [label, times] of exact) classify(label, times);
      }
      const distinct = sketch === undefined ? exact.size : Math.min(counts.present, Math.round(sketch.estimate()));
      return { ...counts, markers, unknown, others, range, dateRange, labels, distinct, sequential };
    },
  };
}
