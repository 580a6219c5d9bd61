import { parseDecimal } from "../cells/number.js";
import type { NumberFormat } from "../contract.js";
import { DateForms, type DateFacts } from "./date-forms.js";
import { distinctCounter, type DistinctCounter } from "./distinct.js";
import { isUnknownWord, missingMarkers } from "./markers.js";
import { NumberForms } from "./number-forms.js";
import { CountedExamples, Examples } from "./spread.js";
import type { NumberFacts } from "./weigh-numbers.js";

/** Limit on the distinct texts held exactly; a column with more is described by the form of its texts and a sketch. */
const maxDistinct = 1_024;
/** Distinct markers and words for missing that are remembered. */
const maxOthers = 64;

/** Statistics about the texts of one column. Counts are rows. */
export interface ColumnFacts {
  /** Empty cells. */
  readonly empty: number;
  /** Missing markers that apply to every column, with their counts. */
  readonly markers: ReadonlyMap<string, number>;
  /** Words such as "Unknown", which are missing in a column of numbers. They count as `present` too. */
  readonly unknown: ReadonlyMap<string, number>;
  readonly unknownRows: number;
  /** Cells that are neither empty nor a marker. */
  readonly present: number;
  /** Number of distinct present texts; an estimate when `labels` is undefined. */
  readonly distinct: number;
  /** The distinct present texts with their counts, unless they are too many. */
  readonly labels: ReadonlyMap<string, number> | undefined;
  readonly numbers: NumberFacts;
  readonly dates: DateFacts;
  /**
   * Present texts that consist of digits and marks, or of parts of a date, but are not a number or date in a known
   * form.
   */
  readonly nearNumbers: CountedExamples;
  readonly nearDates: CountedExamples;
  readonly booleans: number;
  /**
   * Present texts that are not a number, a date or an unknown word, and all those that are numbers or dates in some
   * form.
   */
  readonly others: Examples;
  readonly examples: readonly Examples[];
  readonly characters: number;
  readonly longest: number;
  readonly spaced: number;
  readonly words: number;
  /** Whether each row's whole number is one more than the previous row's. */
  readonly sequential: boolean;
}

/** Collects the facts of one column, one text at a time, in bounded memory. */
export interface Tally {
  add(text: string): void;
  facts(): ColumnFacts;
}

const hasDigit = /[\d\uff10-\uff19]/;
const letter = /\p{L}/u;
/** A day of a year in digits, or the name of a month next to a year. */
const partsOfDate =
  /\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\b\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b.*\d|\b(?:19|20)\d\d-?[QWqw]\d/i;
const bool = /^(?:true|false)$/i;

function bump(counts: Map<string, number>, text: string, by: number, limit: number): void {
  const count = counts.get(text);
  if (count !== undefined) counts.set(text, count + by);
  else if (counts.size < limit) counts.set(text, by);
}

/** Formats of numbers and dates, if the user gave them for the whole file. */
export interface WrittenForms {
  readonly decimal?: NumberFormat["decimal"] | undefined;
  readonly dateFormat?: string | undefined;
}

/** Starts a column. Texts are trimmed before. */
export function tally({ decimal, dateFormat }: WrittenForms = {}): Tally {
  const exact = new Map<string, number>();
  let sketch: DistinctCounter | undefined;
  const markers = new Map<string, number>();
  const unknown = new Map<string, number>();
  const others = new Examples();
  const nearNumbers = new CountedExamples();
  const nearDates = new CountedExamples();
  const numbers = new NumberForms();
  const dates = new DateForms(dateFormat);
  const counts = { empty: 0, present: 0, unknownRows: 0, booleans: 0, characters: 0, longest: 0, spaced: 0, words: 0 };
  let sequential = true;
  let previous: number | undefined;

  /** Classifies a present text, `by` times. */
  const classify = (text: string, by: number): void => {
    counts.characters += by * text.length;
    if (text.length > counts.longest) counts.longest = text.length;
    if (numbers.addPlain(text, by)) {
      dates.addDigits(text, by);
      return;
    }
    const isUnknown = isUnknownWord(text);
    if (!isUnknown && hasDigit.test(text) && (dates.add(text, by) || numbers.add(text, by))) return;
    const spaces = text.split(/\s+/).length - 1;
    counts.words += by * (spaces + 1);
    if (spaces > 0) counts.spaced += by;
    if (isUnknown) {
      counts.unknownRows += by;
      bump(unknown, text, by, maxOthers);
      return;
    }
    if (bool.test(text)) counts.booleans += by;
    others.add(text);
    if (!hasDigit.test(text) || text.length > 80) return;
    if (partsOfDate.test(text)) nearDates.add(text, by);
    else if (!letter.test(text)) nearNumbers.add(text, by);
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
      const read = { numbers: numbers.conclude(counts.present - counts.unknownRows, decimal), dates: dates.conclude() };
      const examples = [...read.numbers.texts, ...read.dates.texts, others];
      return {
        ...counts,
        ...read,
        nearNumbers,
        nearDates,
        markers,
        unknown,
        others,
        examples,
        labels,
        distinct,
        sequential,
      };
    },
  };
}
