import { columnFinding } from "../../quality/finding.js";
import type { Finding } from "../../quality/rules.js";
import { booleanTexts, textLimits } from "../cells/label.js";
import type { ColumnType } from "../zod/lowered.js";
import { namesId, namesPerson } from "./names.js";
import type { ColumnFacts } from "./tally.js";

/** Labels listed as levels at most; an inferred category of more learns its levels when features are fitted. */
export const maxLevels = 50;

/** Share of odd cells that a column of numbers or dates may hold and still be one; their rows will be set aside. */
const tolerated = 0.05;

const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);

const quoted = (texts: Iterable<string>): string =>
  [...texts].slice(0, 3).map((text) => JSON.stringify(text.slice(0, 40))).join(", ");

/** Is a column of `fitting` cells out of `present` one of that kind, a few odd cells aside? */
function mostly(facts: ColumnFacts, fitting: number): boolean {
  const known = facts.present - facts.unknownRows;
  const odd = known - fitting;
  if (fitting === 0 || odd > tolerated * known) return false;
  // In a short list of labels, a word that keeps coming back is a label and no slip.
  const few = facts.labels !== undefined && facts.labels.size <= 30;
  return !(few && odd > 0.01 * known && Math.max(0, ...facts.others.values()) >= 3);
}

const isDate = (facts: ColumnFacts): boolean => mostly(facts, facts.dates);

const isNumber = (facts: ColumnFacts): boolean => facts.codes === 0 && mostly(facts, facts.numeric);

/** Is every number of a column whole? */
export const isWhole = (facts: ColumnFacts): boolean => facts.integers === facts.numeric;

/** The labels of a category in order of their UTF-16 units. */
export function sortedLabels(facts: ColumnFacts): string[] {
  return [...(facts.labels?.keys() ?? [])].sort((a, b) => (a < b ? -1 : 1));
}

/** The type that the texts of a column suggest. */
export function inferType(facts: ColumnFacts): ColumnType {
  if (isDate(facts)) {
    return { kind: "date", precision: facts.timed > 0 ? "datetime" : "date", observed: { ...facts.dateRange } };
  }
  if (isNumber(facts)) {
    // Never `integer`: that the numbers seen so far are whole is an observation, and a later 12.5 is no mistake.
    return { kind: "number", integer: false, observed: { ...facts.range } };
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

/** The texts that mean missing in a column of this type, in the order they appeared. */
export function inferMissing(facts: ColumnFacts, type: ColumnType): string[] {
  const words = type.kind === "number" || type.kind === "date" ? [...facts.unknown.keys()] : [];
  return [...facts.markers.keys(), ...words];
}

/** Why a column identifies its row, or undefined where it does not. */
function idReason(name: string, facts: ColumnFacts, type: ColumnType): string | undefined {
  const { present, distinct } = facts;
  if (present < 20) return undefined;
  // A sketch's count is off by 1.6 % (one standard error).
  const unique = distinct >= (facts.labels === undefined ? 0.93 : 0.95) * present;
  if (type.kind === "number") {
    if (!isWhole(facts) || !unique) return undefined;
    if (facts.sequential && present >= 50) return "it numbers the rows";
    return namesId(name) ? "it is a whole number of its own in (nearly) every row" : undefined;
  }
  if (type.kind !== "category") return undefined;
  if (unique) return "it has a label of its own in (nearly) every row";
  if (namesPerson(name) && distinct > maxLevels) return "it names a person";
  return undefined;
}

/** What stands against using a column as a feature, and what else deserves a note. The first finding decides. */
export function unfitFinding(name: string, facts: ColumnFacts, type: ColumnType): Finding | undefined {
  const rows = facts.present + facts.empty + sum(facts.markers);
  if (facts.present === 0) return columnFinding("allMissing", name, rows, "every value is missing, so it is left out");
  if (facts.distinct === 1 && facts.present === rows) {
    const [only = ""] = facts.labels?.keys() ?? [];
    return columnFinding("constant", name, rows, `it is ${JSON.stringify(only.slice(0, 40))} in every row, so it is left out`);
  }
  if (type.kind === "text") return columnFinding("freeText", name, facts.present, "it holds free text and is left out");
  const reason = idReason(name, facts, type);
  if (reason === undefined) return undefined;
  const message = `${reason}, so it is left out; name it as an id, or declare it a feature if it is one`;
  return columnFinding("idLike", name, facts.present, message);
}

const groupedNumber = /^[+-]?\d{1,3}(?:[,' ]\d{3})+(?:\.\d+)?$/;

/** Says of a column that it would be one of numbers, were it not for separators of thousands. */
export function groupedNumbersNote(name: string, facts: ColumnFacts, type: ColumnType): Finding[] {
  const texts = [...facts.others.keys()];
  if (type.kind === "number" || texts.length === 0 || !texts.every((text) => groupedNumber.test(text))) return [];
  const message = `its cells look like numbers with a thousands separator, such as ${quoted(texts)}; remove the separators, else it counts as a ${type.kind}`;
  return [columnFinding("number", name, sum(facts.others), message, { severity: "warning" })];
}

/** Notes about a column that is used: texts taken for missing, cells that will be refused. */
export function columnNotes(name: string, facts: ColumnFacts, type: ColumnType): Finding[] {
  const notes: Finding[] = [];
  const missing = inferMissing(facts, type);
  if (missing.length > 0) {
    const count = missing.reduce((rows, text) => rows + (facts.markers.get(text) ?? facts.unknown.get(text) ?? 0), 0);
    notes.push(columnFinding("markers", name, count, `${quoted(missing)} (${count} rows) ${missing.length > 1 ? "are" : "is"} read as missing`));
  }
  const fitting = type.kind === "number" ? facts.numeric : type.kind === "date" ? facts.dates : undefined;
  const odd = fitting === undefined ? 0 : facts.present - facts.unknownRows - fitting;
  if (odd > 0 && (type.kind === "number" || type.kind === "date")) {
    const message = `${odd} of its cells are no ${type.kind}, such as ${quoted(facts.others.keys())}; their rows will be set aside`;
    notes.push(columnFinding(type.kind, name, odd, message, { severity: "warning" }));
  }
  return notes;
}
