import type { NumberFormat } from "../contract.js";
import { accountingNegative, markedNumber, numberPattern, plainCharacters } from "../cells/number-format.js";
import { parseDecimal } from "../cells/number.js";
import { Codes } from "./codes.js";
import { Examples, Spread } from "./spread.js";
import { everyStyle, styles, weighNumbers, type NumberFacts, type NumberForm } from "./weigh-numbers.js";

const patterns = styles.map((style) => new RegExp(`^${numberPattern(style)}$`));
const withPoint = styles.reduce((mask, { decimal }, i) => (decimal === "." ? mask | (1 << i) : mask), 0);
const pointsBetweenThousands = 1 << styles.findIndex(({ decimal, grouping }) => decimal === "," && grouping === ".");

/** Limit on the distinct forms of one column. */
const mostForms = 48;
const longestForm = 60;

const currency =
  "(?:[A-Z]{0,3}\\p{Sc}|(?:USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|BRL|MXN|ZAR|TRY|RUB|KRW|SGD|HKD|ILS|AED|Fr\\.|Rs\\.?|kr\\.?))";
/** Signs for "about" and "from", and the text order mark of a spreadsheet. */
const symbol = "[%~≈<>≤≥]=?";
/** Words may follow each other: "sq ft". */
const unit = "(?:[%\\p{Sc}\\p{L}°µ/](?:[\\p{L}\\p{Sc}%°µ²³/.]| (?=[\\p{L}/])){0,19})";
/** Sign, prefix, sign, digits with marks, suffix. */
const shape = new RegExp(
  `^([+-]?) *(${currency}|${symbol})? *([+-]?) *((?:\\d(?:[\\d.,' ]*[\\d.,])?|[.,]\\d+)(?:[eE][+-]?\\d+)?) *(${unit})?$`,
  "u",
);
const thousandsByPoint = /^[+-]?[1-9]\d{0,2}\.\d{3}$/;

const newForm = (
  mask: number,
  { prefix, suffix, accounting } = { prefix: "", suffix: "", accounting: false },
): NumberForm => ({
  prefix,
  suffix,
  accounting,
  mask,
  point: new Spread(),
  comma: new Spread(),
  examples: new Examples(),
});

/** Returns the value of digits with marks for a decimal mark, if one of the styles with that mark reads them. */
function valueOf(body: string, mask: number, decimal: NumberFormat["decimal"]): number | undefined {
  const style = styles.find((each, i) => each.decimal === decimal && (mask & (1 << i)) !== 0);
  return style === undefined ? undefined : markedNumber(body, style);
}

/** Counts the numbers of a column by the forms in which they are written. Memory does not grow with the cells. */
export class NumberForms {
  readonly #forms = new Map<string, NumberForm>();
  readonly #codes = new Codes();
  readonly #huge = newForm(everyStyle);
  readonly #whole = newForm(everyStyle);
  readonly #pointed = newForm(withPoint);
  readonly #thousands = newForm(withPoint | pointsBetweenThousands);

  /** Adds a plain decimal, `by` times; false if the text is not one. */
  addPlain(text: string, by: number): boolean {
    const value = parseDecimal(text);
    if (Number.isNaN(value)) return false;
    // Beyond this, whole numbers are no longer exact: mistakes, or the largest float as a filler.
    const huge = Math.abs(value) > Number.MAX_SAFE_INTEGER;
    const pointed = text.includes(".");
    const form = huge
      ? this.#huge
      : !pointed
        ? this.#whole
        : thousandsByPoint.test(text)
          ? this.#thousands
          : this.#pointed;
    form.point.add(value, by);
    if (form === this.#thousands) form.comma.add(Number(text.replace(".", "")), by);
    form.examples.add(text);
    if (!pointed) this.#codes.add(text, value, by);
    return true;
  }

  /** Adds a text with marks, a sign or a unit, `by` times; false if it is not a number in any form. */
  add(text: string, by: number): boolean {
    if (text.length > longestForm) return false;
    const plain = plainCharacters(text);
    const unsigned = accountingNegative(plain);
    const accounting = unsigned !== undefined;
    const match = shape.exec(unsigned ?? plain);
    if (match === null) return false;
    const [, before = "", prefix = "", behind = "", body = "", suffix = ""] = match;
    if (before + behind !== "" && (accounting || (before !== "" && behind !== ""))) return false;
    let mask = 0;
    patterns.forEach((pattern, i) => {
      if (pattern.test(body)) mask |= 1 << i;
    });
    const [point, comma] = [valueOf(body, mask, "."), valueOf(body, mask, ",")];
    // No reading at all, or only one beyond the largest double.
    if (!Number.isFinite(point ?? comma)) return false;
    const key = JSON.stringify([prefix, suffix, accounting, mask]);
    let form = this.#forms.get(key);
    if (form === undefined) {
      if (this.#forms.size >= mostForms) return false;
      this.#forms.set(key, (form = newForm(mask, { prefix, suffix, accounting })));
    }
    const sign = accounting || before === "-" || behind === "-" ? -1 : 1;
    if (point !== undefined) form.point.add(sign * point + 0, by);
    if (comma !== undefined) form.comma.add(sign * comma + 0, by);
    form.examples.add(text);
    return true;
  }

  /**
   * Weighs all cells.
   *
   * @param known cells that are neither empty nor a word for missing.
   * @param decimal the decimal mark, if the user gave it.
   */
  conclude(known: number, decimal: NumberFormat["decimal"] | undefined): NumberFacts {
    const plain = [this.#huge, this.#whole, this.#pointed, this.#thousands];
    const forms = [...plain, ...this.#forms.values()].filter(({ point, comma }) => point.count + comma.count > 0);
    return weighNumbers({ forms, huge: this.#huge, codes: this.#codes, known, decimal });
  }
}
