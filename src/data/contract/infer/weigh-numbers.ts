import type { NumberFormat, Range } from "../contract.js";
import type { Codes } from "./codes.js";
import { Spread, type Examples } from "./spread.js";

type Marks = Pick<NumberFormat, "decimal" | "grouping">;

/** Number styles, the plainest first: a column gets the first that reads most of its cells. */
export const styles: readonly Marks[] = ([".", ","] as const).flatMap((decimal) => [
  { decimal },
  ...([decimal === "." ? "," : ".", " ", "'"] as const).map((grouping) => ({ decimal, grouping })),
]);
/** All of them. */
export const everyStyle = (1 << styles.length) - 1;

/**
 * Share of the cells that must have a prefix or suffix for it to be the column's; also the share of large numbers
 * that makes them more than mistakes.
 */
const common = 0.1;

/** Cells of one form: the same affixes, and the same possible marks. */
export interface NumberForm {
  readonly prefix: string;
  readonly suffix: string;
  readonly accounting: boolean;
  /** Bit i: `styles[i]` reads them. */
  readonly mask: number;
  /** Their values if the decimal mark is a point, or does not matter, and if it is a comma. */
  readonly point: Spread;
  readonly comma: Spread;
  readonly examples: Examples;
}

/** Format of the numbers of a column. */
export interface NumberFacts {
  /** Undefined if they are plain decimals. */
  readonly format: NumberFormat | undefined;
  /** Cells that it reads, and how many of them are whole. */
  readonly count: number;
  readonly integers: number;
  readonly range: Range;
  /** Cells that are numbers in some form, in the column's form or not. */
  readonly alike: number;
  /** Cells of the column that look like codes rather than quantities, with examples. */
  readonly codes: string | undefined;
  readonly leadingZeros: { readonly count: number; readonly example: string | undefined };
  /** Numbers beyond 2^53 that are exceptions in the column. */
  readonly tooLarge: readonly string[];
  /** Texts that are numbers in any form. */
  readonly texts: readonly Examples[];
  /** A text that would be a different number with the other decimal mark, if no cell decides between them. */
  readonly ambiguous: string | undefined;
  /** Cells of the column's form without its prefix or suffix. */
  readonly bare: number;
  /** A text with the column's marks or affixes. */
  readonly example: string | undefined;
}

/** All forms of a column. */
export interface WeighedForms {
  readonly forms: readonly NumberForm[];
  /** One of them: numbers beyond 2^53, where whole numbers are not exact. */
  readonly huge: NumberForm;
  readonly codes: Codes;
  /** Cells that are neither empty nor a word for missing. */
  readonly known: number;
  /** The decimal mark, if the user gave it. */
  readonly decimal: NumberFormat["decimal"] | undefined;
}

type Affixes = Pick<NumberForm, "prefix" | "suffix">;

const size = ({ point, comma }: NumberForm): number => Math.max(point.count, comma.count);
const sizeOf = (forms: readonly NumberForm[]): number => forms.reduce((total, form) => total + size(form), 0);
const isBare = ({ prefix, suffix }: Affixes): boolean => prefix === "" && suffix === "";
const sameAffixes = (a: Affixes, b: Affixes): boolean => a.prefix === b.prefix && a.suffix === b.suffix;
const firstOf = (form: NumberForm | undefined): string | undefined => [...(form?.examples.texts ?? [])][0];

/** One way to read a column: the marks, the affixes to remove, and the forms that it reads. */
interface Reading extends Affixes {
  readonly style: number;
  readonly forms: readonly NumberForm[];
  readonly count: number;
}

function readingOf(forms: readonly NumberForm[], style: number, affixes: Affixes): Reading {
  const read = forms.filter((form) => (form.mask & (1 << style)) !== 0 && (isBare(form) || sameAffixes(form, affixes)));
  return { style, prefix: affixes.prefix, suffix: affixes.suffix, forms: read, count: sizeOf(read) };
}

/** Decides how to read a column's numbers: the plainest of the ways that read most cells. */
export function weighNumbers({ forms: all, huge, codes, known, decimal }: WeighedForms): NumberFacts {
  const forms = size(huge) > common * known ? all : all.filter((form) => form !== huge);
  const affixes = [{ prefix: "", suffix: "" }, ...forms].filter(
    (one, i, list) =>
      list.findIndex((other) => sameAffixes(one, other)) === i &&
      (isBare(one) || sizeOf(forms.filter((form) => sameAffixes(form, one))) >= common * known),
  );
  const allowed = styles.flatMap((style, i) => (decimal === undefined || style.decimal === decimal ? [i] : []));
  const readings = affixes.flatMap((one) => allowed.map((style) => readingOf(forms, style, one)));
  const best = readings.reduce((a, b) => (b.count > a.count ? b : a));
  const style = styles[best.style] ?? { decimal: "." };
  const total = new Spread();
  for (const form of best.forms)
    total.join(style.decimal === "." || form.mask === everyStyle ? form.point : form.comma);
  const rivals = readings.filter(
    (other) => styles[other.style]?.decimal !== style.decimal && sameAffixes(other, best) && other.count === best.count,
  );
  const doubtful = best.forms.find(
    ({ mask, point, comma }) =>
      mask !== everyStyle && rivals.some((other) => mask & (1 << other.style)) && point.range.max !== comma.range.max,
  );
  const accounting = best.forms.some((form) => form.accounting);
  const isPlain = style.decimal === "." && style.grouping === undefined && isBare(best) && !accounting;
  const marked =
    best.forms.find((form) => !isBare(form) || form.accounting) ??
    best.forms.find(({ mask }) => (mask & 1) === 0) ??
    best.forms.find(({ mask }) => mask !== everyStyle);
  const { prefix, suffix } = best;
  return {
    format: isPlain
      ? undefined
      : { ...style, ...(prefix && { prefix }), ...(suffix && { suffix }), ...(accounting && { accounting }) },
    count: total.count,
    integers: total.integers,
    range: total.range,
    alike: sizeOf(forms.filter((form) => affixes.some((one) => sameAffixes(one, form)))),
    codes: total.integers < 0.9 * total.count ? undefined : codes.conclude(known),
    leadingZeros: codes.leadingZeros,
    tooLarge: forms === all ? [] : [...huge.examples.texts],
    texts: all.map(({ examples }) => examples),
    ambiguous: firstOf(doubtful),
    bare: isBare(best) ? 0 : sizeOf(best.forms.filter(isBare)),
    example: firstOf(marked),
  };
}
