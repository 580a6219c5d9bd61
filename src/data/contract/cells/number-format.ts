import type { NumberFormat } from "../contract.js";

/** Limit on the characters of an affix. */
const longestAffix = 20;

// oxlint-disable-next-line no-control-regex -- ASCII is what is asked for; the text is left alone then
const ascii = /^[\x00-\x7f]*$/;

/** Converts blanks, minus signs, apostrophes and full-width characters of other keyboards to ASCII. */
export function plainCharacters(text: string): string {
  if (ascii.test(text)) return text;
  return text
    .replace(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .replace(/\s/g, " ")
    .replace(/[\u2212\u2012\u2013]/g, "-")
    .replace(/[\u2018\u2019\u02bc\u00b4]/g, "'");
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");

/**
 * Returns the pattern of an unsigned number with these marks, unanchored. Thousands are in groups of three, or of two
 * before the last one as in India; a number that starts with a zero has no groups.
 */
export function numberPattern({ decimal, grouping }: Pick<NumberFormat, "decimal" | "grouping">): string {
  const point = escaped(decimal);
  const whole =
    grouping === undefined
      ? "\\d+"
      : `(?:[1-9]\\d{0,2}(?:${escaped(grouping)}\\d{2,3})*${escaped(grouping)}\\d{3}|\\d+)`;
  return `(?:${whole}(?:${point}\\d*)?|${point}\\d+)(?:[eE][+-]?\\d+)?`;
}

/** The value of a text that {@link numberPattern} describes. */
export function markedNumber(text: string, { decimal, grouping }: Pick<NumberFormat, "decimal" | "grouping">): number {
  const bare = grouping === undefined ? text : text.replaceAll(grouping, "");
  return Number(decimal === "," ? bare.replace(",", ".") : bare);
}

const optional = (affix: string | undefined): string =>
  affix === undefined ? "" : `(?:${escaped(plainCharacters(affix))})?`;

const parenthesized = /^([^()]*)\(([^()]+)\)([^()]*)$/;

/**
 * Returns the unsigned text of a negative number as accountants write it: in parentheses with affixes inside or
 * outside, or with the sign after it. Undefined for any other text. Not `45,-`, which is a price without cents.
 */
export function accountingNegative(plain: string): string | undefined {
  const inside = plain.includes("(") ? parenthesized.exec(plain) : null;
  if (inside !== null) return `${inside[1]}${inside[2]}${inside[3]}`;
  return plain.endsWith("-") && !/[.,(]-$/.test(plain) ? plain.slice(0, -1).trimEnd() : undefined;
}

/**
 * Makes the reader of a format: it turns a trimmed text into a finite number, or NaN if the text does not have the
 * format. The sign comes before or after the prefix.
 */
export function formattedNumberReader(format: NumberFormat): (text: string) => number {
  const { prefix, suffix, accounting } = format;
  const pattern = new RegExp(
    `^([+-]?) *${optional(prefix)} *([+-]?) *(${numberPattern(format)}) *${optional(suffix)}$`,
  );
  return (text) => {
    const plain = plainCharacters(text);
    const unsigned = accounting === true ? accountingNegative(plain) : undefined;
    const match = pattern.exec(unsigned ?? plain);
    if (match === null) return NaN;
    const [, before = "", behind = "", body = ""] = match;
    if ((before !== "" && behind !== "") || (unsigned !== undefined && before + behind !== "")) return NaN;
    const value = markedNumber(body, format);
    if (!Number.isFinite(value)) return NaN;
    return unsigned !== undefined || before === "-" || behind === "-" ? 0 - value : value;
  };
}

/** Describes a format: `numbers with a decimal comma and the suffix "€"`. */
export function describeNumberFormat({ decimal, grouping, prefix, suffix, accounting }: NumberFormat): string {
  const parts = [
    decimal === "," ? "a decimal comma" : "",
    grouping === undefined
      ? ""
      : grouping === " "
        ? "blanks between thousands"
        : `${JSON.stringify(grouping)} between thousands`,
    prefix === undefined ? "" : `the prefix ${JSON.stringify(prefix)}`,
    suffix === undefined ? "" : `the suffix ${JSON.stringify(suffix)}`,
    accounting === true ? "negatives in accounting style" : "",
  ].filter((part) => part !== "");
  const last = parts.pop();
  return last === undefined
    ? "plain numbers"
    : `numbers with ${parts.length === 0 ? last : `${parts.join(", ")} and ${last}`}`;
}

/** Problem with a format, or undefined. */
export function numberFormatProblem({ decimal, grouping, prefix, suffix }: NumberFormat): string | undefined {
  if (decimal === grouping)
    return `${JSON.stringify(decimal)} cannot be both the decimal mark and the mark between thousands`;
  for (const affix of [prefix, suffix]) {
    if (affix === undefined) continue;
    if (affix === "" || affix.length > longestAffix) return `a prefix or suffix has 1 to ${longestAffix} characters`;
    if (affix !== affix.trim() || /[\d()+]|^-|-$/.test(plainCharacters(affix))) {
      return `the prefix or suffix ${JSON.stringify(affix)} must have no digit, sign or parenthesis, and no blanks at its ends`;
    }
  }
  return undefined;
}
