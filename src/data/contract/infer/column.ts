import { dateReader } from "../cells/date.js";
import { booleanTexts, textLimits } from "../cells/label.js";
import { numberReader } from "../cells/number.js";
import type { ColumnType } from "../zod/lowered.js";
import type { ColumnFacts } from "./tally.js";

/** Limit on the labels listed as levels; an inferred category with more learns its levels when features are fitted. */
export const maxLevels = 50;

/** Share of its filled cells that must be numbers (or dates) for a column to be of that kind. */
const nineTenths = 0.9;

export const sumOf = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);

/** Cells that are neither empty nor a word for missing. */
export const knownCells = (facts: ColumnFacts): number => facts.present - facts.unknownRows;

/** Returns whether most cells of a column have that kind, so that the others are slips. */
const mostly = (facts: ColumnFacts, fitting: number): boolean =>
  fitting > 0 && fitting >= nineTenths * knownCells(facts);

const isDate = (facts: ColumnFacts): boolean => mostly(facts, facts.dates.count);

/** Returns the recurring word in a short list of labels that is a label and not a slip: "0", "1", "2", "3 or more". */
export function recurringLabel({ labels, others, ...facts }: ColumnFacts): string | undefined {
  if (labels === undefined || labels.size > 30) return undefined;
  const known = facts.present - facts.unknownRows;
  return [...others.texts].find((text) => (labels.get(text) ?? 0) >= Math.max(3, 0.01 * known));
}

const isNumber = (facts: ColumnFacts): boolean =>
  mostly(facts, facts.numbers.count) && facts.numbers.codes === undefined && recurringLabel(facts) === undefined;

/** Returns whether every number of a column is whole. */
export const isWhole = ({ numbers }: ColumnFacts): boolean => numbers.integers === numbers.count;

/** The labels of a category in order of their UTF-16 units. */
export function sortedLabels(facts: ColumnFacts): string[] {
  return [...(facts.labels?.keys() ?? [])].sort((a, b) => (a < b ? -1 : 1));
}

/** The type that the texts of a column suggest. */
export function inferType(facts: ColumnFacts): ColumnType {
  if (isDate(facts)) {
    const { format, timed, range, count } = facts.dates;
    const written = format === undefined ? {} : { dateFormat: format };
    const observed = count > sumOf(facts.dates.sentinels) ? { observed: { ...range } } : {};
    return { kind: "date", precision: timed > 0 ? "datetime" : "date", ...written, ...observed };
  }
  if (isNumber(facts)) {
    const { format, range } = facts.numbers;
    // Never `integer`: whole numbers so far are only an observation, and a later 12.5 is not a mistake.
    return {
      kind: "number",
      integer: false,
      ...(format === undefined ? {} : { numberFormat: format }),
      observed: { ...range },
    };
  }
  if (facts.booleans > 0 && facts.booleans === facts.present) {
    return { kind: "boolean", truthy: booleanTexts.truthy, falsy: booleanTexts.falsy, caseSensitive: false };
  }
  if (facts.longest > textLimits.category || isFreeText(facts)) return { kind: "text" };
  const levels = facts.distinct <= maxLevels ? sortedLabels(facts) : [];
  return { kind: "category", levels, open: true };
}

function isFreeText(facts: ColumnFacts): boolean {
  const { present, distinct } = facts;
  if (present === 0 || distinct <= maxLevels || distinct < 0.3 * present) return false;
  return facts.spaced > 0.5 * present && (facts.words >= 3.5 * present || facts.characters >= 40 * present);
}

/** Cells that a column of this type does not read and that are not a word for missing. */
export interface OddCells {
  /** The remembered texts, in the order they appeared. */
  readonly texts: readonly string[];
  readonly count: number;
  /** Whether some could not be remembered; their rows will be set aside. */
  readonly more: boolean;
}

/** Cells of a column of numbers or dates that are neither. */
export function oddCells(facts: ColumnFacts, type: ColumnType): OddCells {
  if (type.kind !== "number" && type.kind !== "date") return { texts: [], count: 0, more: false };
  const read = type.kind === "number" ? numberReader(type) : dateReader(type);
  const tooLarge = new Set(type.kind === "number" ? facts.numbers.tooLarge : []);
  const isOdd = (text: string): boolean => tooLarge.has(text) || Number.isNaN(read(text));
  const found = facts.examples.map(({ texts, more }) => ({ odd: [...texts].filter(isOdd), more }));
  const count = knownCells(facts) - (type.kind === "number" ? facts.numbers.count : facts.dates.count);
  const more = count > 0 && found.some(({ odd, more: forgotten }) => odd.length > 0 && forgotten);
  return { texts: [...new Set(found.flatMap(({ odd }) => odd))], count, more };
}

/** The markers and words for missing of a column of this type, in the order they appeared. */
export const inferMarkers = (facts: ColumnFacts, { kind }: ColumnType): string[] => [
  ...facts.markers.keys(),
  ...(kind === "number" || kind === "date" ? facts.unknown.keys() : []),
];

/** All texts that mean missing in a column of this type. */
export function inferMissing(facts: ColumnFacts, type: ColumnType): string[] {
  const fillers = type.kind === "date" ? facts.dates.sentinels.keys() : [];
  return [...new Set([...inferMarkers(facts, type), ...fillers, ...oddCells(facts, type).texts])];
}
