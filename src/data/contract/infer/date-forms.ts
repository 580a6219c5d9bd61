import type { Range } from "../contract.js";
import { dateFormatReader, type DateFormatReader } from "../cells/date-format.js";
import { formatDate, hasTime, parseIsoDate } from "../cells/date.js";
import { isFarFrom, sentinelDay } from "../sentinel-days.js";
import { CountedExamples, Examples, Spread } from "./spread.js";

/** Dates of one column under one reading. Possible fillers are counted separately. */
class Dates {
  readonly spread = new Spread();
  readonly fillers = new Map<number, number>();

  add(value: number, by: number): void {
    const day = sentinelDay(value);
    if (day !== undefined && (this.fillers.has(day) || this.fillers.size < 64))
      this.fillers.set(day, (this.fillers.get(day) ?? 0) + by);
    else this.spread.add(value, by);
  }

  join(other: Dates): void {
    this.spread.join(other.spread);
    for (const [day, count] of other.fillers) this.fillers.set(day, (this.fillers.get(day) ?? 0) + count);
  }

  get count(): number {
    return [...this.fillers.values()].reduce((sum, count) => sum + count, this.spread.count);
  }
}

/** Cells that the same formats read. */
interface Form {
  readonly dates: ReadonlyMap<string, Dates>;
  readonly examples: Examples;
  timed: number;
}

const newForm = (formats: readonly string[]): Form => ({
  dates: new Map(formats.map((format) => [format, new Dates()])),
  examples: new Examples(),
  timed: 0,
});

function note(form: Form, text: string, by: number): void {
  form.examples.add(text);
  if (hasTime(text)) form.timed += by;
}

const formats = new Map<string, DateFormatReader>();
const readerOf = (format: string): DateFormatReader => {
  let reader = formats.get(format);
  if (reader === undefined) formats.set(format, (reader = dateFormatReader(format)));
  return reader;
};

/** ISO 8601, which every column of dates accepts. */
const iso = "";
const digitsOnly = "yyyyMMdd";
const yearFirst = /^\d{4}([/.-])\d{1,2}\1\d{1,2}(?:[T,\s]|$)/;
const yearLast = /^\d{1,2}([/.-])\d{1,2}\1(\d{4}|\d{2})(?:[T,\s]|$)/;
const nameAndYear = /^[A-Za-z]{3,9}\.?([ ./-])(?:19|20|21)\d\d$/;
/** The basic form of ISO 8601 with its time; without one it is a number. */
const basic = /^\d{8}T?\d{4}/;
const yearMonth = /^(?:19|20|21)\d\d([/-])\d{1,2}$/;
const monthYear = /^\d{1,2}([/-])(?:19|20|21)\d\d$/;
const named =
  /^(?:[A-Za-z]{3,9},?\s+)?(?:\d{1,2}([ ./-])[A-Za-z]{3,9}\.?\1(\d{4}|\d{2})|[A-Za-z]{3,9}\.?\s\d{1,2}(,?)\s\d{4})(?:[T,\s]|$)/;
const clock = /^\d{1,3}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s?[AaPp]\.?[Mm]\.?)?$/;

/** Start of a text that may be a date or a time; it rules out most texts. */
const beginning =
  /^(?:\d{1,4}[/.-]|\d{8}T|\d{1,2} [A-Za-z]|[A-Za-z]{3,9}[.,]?[\s./-]\d|[A-Za-z]{3,9}[.,]?\s|\d{1,3}:\d\d)/;

/** Returns the formats that a text may have, from the positions of its digits and marks. */
function candidates(text: string): string[] {
  if (basic.test(text)) return [digitsOnly];
  const [, mark] = yearFirst.exec(text) ?? [];
  if (mark !== undefined) return [`yyyy${mark}MM${mark}dd`];
  const last = yearLast.exec(text);
  if (last !== null) {
    const [, point = "", digits = ""] = last;
    const year = digits.length === 4 ? "yyyy" : "yy";
    return [`dd${point}MM${point}${year}`, `MM${point}dd${point}${year}`];
  }
  const [, between] = yearMonth.exec(text) ?? [];
  if (between !== undefined) return [`yyyy${between}MM`];
  const [, behind] = monthYear.exec(text) ?? [];
  if (behind !== undefined) return [`MM${behind}yyyy`];
  const [, after] = nameAndYear.exec(text) ?? [];
  if (after !== undefined) return [`MMM${after}yyyy`];
  const words = named.exec(text);
  if (words === null) return [];
  const [, beside, year = "", comma = ""] = words;
  return [beside === undefined ? `MMM d${comma} yyyy` : `d${beside}MMM${beside}${year.length === 2 ? "yy" : "yyyy"}`];
}

/** Format of the dates of a column. */
export interface DateFacts {
  /** Undefined if they are ISO 8601. */
  readonly format: string | undefined;
  /** Cells that it reads, and how many of them have a time of day. */
  readonly count: number;
  readonly timed: number;
  /** Without the sentinels. */
  readonly range: Range;
  /** Days that mean "no date", as ISO texts, with their counts. */
  readonly sentinels: ReadonlyMap<string, number>;
  /** Cells that are dates in some form. */
  readonly alike: number;
  /** Cells that are times of day without a day. */
  readonly clocks: CountedExamples;
  /** Texts that are dates or times in any form. */
  readonly texts: readonly Examples[];
  /** Another format that reads every cell too, as other days; no cell decides between them. */
  readonly rival: string | undefined;
  /** A text that only this format reads, and not the one with day and month swapped. */
  readonly evidence: string | undefined;
  readonly example: string | undefined;
}

/** Counts the dates of a column by the forms in which they are written. Memory does not grow with the cells. */
export class DateForms {
  readonly #iso = newForm([iso]);
  readonly #forms = new Map([[iso, this.#iso]]);
  readonly #given: string | undefined;
  readonly #clocks = new CountedExamples();

  /** @param given a format that the user named. */
  constructor(given: string | undefined) {
    this.#given = given;
  }

  #take(text: string, by: number, values: readonly (readonly [format: string, value: number])[]): void {
    const formats = values.map(([format]) => format);
    const key = formats.join("|");
    let form = this.#forms.get(key);
    if (form === undefined) this.#forms.set(key, (form = newForm(formats)));
    for (const [format, value] of values) form.dates.get(format)?.add(value, by);
    note(form, text, by);
  }

  /** Adds a whole number that may be a day such as 20240331; it still is a number. */
  addDigits(text: string, by: number): void {
    if ((text.length !== 8 && text.length !== 14) || !/^\d+$/.test(text)) return;
    const year = Number(text.slice(0, 4));
    const value = readerOf(digitsOnly).read(text);
    if (Number.isNaN(value)) return;
    if ((year >= 1900 && year <= 2100) || sentinelDay(value) !== undefined) this.#take(text, by, [[digitsOnly, value]]);
  }

  /** Adds a text, `by` times; false if it is not a date in any form. */
  add(text: string, by: number): boolean {
    if (text.length > 60) return false;
    if (this.#given !== undefined) {
      const value = readerOf(this.#given).read(text);
      if (!Number.isNaN(value)) {
        this.#take(text, by, [[this.#given, value]]);
        return true;
      }
    }
    const value = parseIsoDate(text);
    if (!Number.isNaN(value)) {
      this.#iso.dates.get(iso)?.add(value, by);
      note(this.#iso, text, by);
      return true;
    }
    if (!beginning.test(text)) return false;
    const values = candidates(text)
      .map((format) => [format, readerOf(format).read(text)] as const)
      .filter(([, found]) => !Number.isNaN(found));
    if (values.length > 0) {
      this.#take(text, by, values);
      return true;
    }
    if (!clock.test(text)) return false;
    this.#clocks.add(text, by);
    return true;
  }

  /** Weighs all cells. */
  conclude(): DateFacts {
    const forms = [...this.#forms.values()];
    const countOf = ({ dates }: Form): number => [...dates.values()][0]?.count ?? 0;
    const sum = (some: readonly Form[]): number => some.reduce((total, form) => total + countOf(form), 0);
    const readBy = (format: string): Form[] => forms.filter(({ dates }) => dates.has(format) || dates.has(iso));
    // The first among equals: the given one, ISO 8601, and day before month, which most of the world writes.
    const known = new Set([
      ...(this.#given === undefined ? [] : [this.#given]),
      iso,
      ...forms.flatMap(({ dates }) => [...dates.keys()]),
    ]);
    const counts = [...known].map((format) => ({ format, count: sum(readBy(format)) }));
    const best = counts.reduce((a, b) => (b.count > a.count ? b : a), { format: iso, count: 0 });
    const chosen = readBy(best.format);
    const total = new Dates();
    for (const form of chosen) {
      const dates = form.dates.get(best.format) ?? form.dates.get(iso);
      if (dates !== undefined) total.join(dates);
    }
    const sentinels = new Map<string, number>();
    const range = new Spread();
    range.join(total.spread);
    for (const [day, count] of total.fillers) {
      if (isFarFrom(day, total.spread.range)) sentinels.set(formatDate(day, "date"), count);
      else range.add(day, count);
    }
    const rival =
      best.format === this.#given
        ? undefined
        : counts.find(
            ({ format, count }) =>
              format !== best.format &&
              format !== iso &&
              count === best.count &&
              chosen.some(({ dates }) => dates.has(format) && dates.has(best.format)),
          );
    const single = chosen.find(({ dates }) => dates.size === 1 && dates.has(best.format));
    const written = chosen.find(({ dates }) => dates.has(best.format));
    return {
      format: best.format === iso ? undefined : best.format,
      count: best.count,
      timed: chosen.reduce((timed, form) => timed + form.timed, 0),
      range: range.range,
      sentinels,
      alike: sum(forms.filter(({ dates }) => !dates.has(digitsOnly))),
      clocks: this.#clocks,
      texts: [...forms.map(({ examples }) => examples), this.#clocks.examples],
      rival: rival?.format,
      evidence: [...(single?.examples.texts ?? [])][0],
      example: [...(written?.examples.texts ?? [])][0],
    };
  }
}
