import { canonicalJson } from "../../base/json/index.js";
import {
  dateReader,
  formatDate,
  describeNumberFormat,
  cellReader,
  isIssue,
  type Cell,
} from "../../data/contract/index.js";
import { columnOf, type InputOf, type SignatureInput } from "./signature-input.js";
import type { SignatureChange, SignatureChangeKind } from "./signature.js";

type Note = readonly [change: SignatureChangeKind, breaking: boolean, message: string];

const day = 86_400_000;

/** Lists every difference between two descriptions of the same input. */
export function compareInputs(before: SignatureInput, after: SignatureInput): SignatureChange[] {
  const notes: Note[] = before.kind === after.kind ? [...common(before, after), ...ofKind(before, after)] : [];
  if (before.kind !== after.kind) notes.push(["kindChanged", true, `is a ${after.kind} now, and was a ${before.kind}`]);
  const column = after.name;
  return notes.map(([change, breaking, message]) => ({ column, change, breaking, message: `${column} ${message}` }));
}

function common(before: SignatureInput, after: SignatureInput): Note[] {
  const notes: Note[] = [];
  if (before.required !== after.required) {
    if (after.required) notes.push(["becameRequired", true, "is now required in a file"]);
    else notes.push(["becameOptional", false, "is now optional in a file"]);
  }
  if (before.nullable !== after.nullable) {
    if (after.nullable) notes.push(["becameNullable", false, "may be missing now"]);
    else notes.push(["becameNotNullable", true, "now needs a value"]);
  }
  if (before.unit !== after.unit) {
    const breaking = before.unit !== undefined && after.unit !== undefined;
    notes.push(["unitChanged", breaking, `is in ${shown(after.unit)} now, and was in ${shown(before.unit)}`]);
  }
  const added = without(after.missing, before.missing);
  if (added.length > 0) {
    const read = readerOf(before);
    const refused = after.nullable ? [] : added.filter((text) => !isIssue(read(text)));
    notes.push([
      "missingAdded",
      refused.length > 0,
      `reads ${listed(added)} as missing now${refused.length > 0 ? ", and needs a value" : ""}`,
    ]);
  }
  const removed = without(before.missing, after.missing);
  if (removed.length > 0) {
    const read = readerOf(after);
    const refused = before.nullable ? removed.filter((text) => isIssue(read(text))) : [];
    notes.push(["missingRemoved", refused.length > 0, `no longer reads ${listed(removed)} as missing`]);
  }
  return notes;
}

function ofKind(before: SignatureInput, after: SignatureInput): Note[] {
  if (before.kind === "number" && after.kind === "number") return numberNotes(before, after);
  if (before.kind === "boolean" && after.kind === "boolean") return booleanNotes(before, after);
  if (before.kind === "date" && after.kind === "date") return dateNotes(before, after);
  if (before.kind === "category" && after.kind === "category") return categoryNotes(before, after);
  if (before.kind === "text" && after.kind === "text") return textNotes(before, after);
  return [];
}

interface Bound {
  readonly value: number;
  /** Returns whether the value itself is outside. */
  readonly open: boolean;
}

function rangeNotes(
  before: readonly [Bound, Bound],
  after: readonly [Bound, Bound],
  show: (value: number) => string,
): Note[] {
  const said = ([low, high]: readonly [Bound, Bound]): string => {
    const from = low.value === -Infinity ? "" : `${low.open ? "above" : "from"} ${show(low.value)}`;
    const to = high.value === Infinity ? "" : `${high.open ? "below" : "to"} ${show(high.value)}`;
    return [from, to].filter((text) => text !== "").join(" ") || "without limits";
  };
  const wider = (a: Bound, b: Bound, sign: 1 | -1): boolean =>
    sign * a.value < sign * b.value || (a.value === b.value && b.open && !a.open);
  const narrowed = wider(before[0], after[0], 1) || wider(before[1], after[1], -1);
  const widened = wider(after[0], before[0], 1) || wider(after[1], before[1], -1);
  const message = `is ${said(after)} now, and was ${said(before)}`;
  if (narrowed) return [["rangeNarrowed", true, message]];
  return widened ? [["rangeWidened", false, message]] : [];
}

function numberNotes(before: InputOf<"number">, after: InputOf<"number">): Note[] {
  const bounds = ({ min, max, exclusiveMin, exclusiveMax }: InputOf<"number">): [Bound, Bound] => [
    { value: exclusiveMin ?? min ?? -Infinity, open: exclusiveMin !== undefined },
    { value: exclusiveMax ?? max ?? Infinity, open: exclusiveMax !== undefined },
  ];
  const notes = rangeNotes(bounds(before), bounds(after), String);
  if (before.integer !== after.integer) {
    if (after.integer) notes.push(["becameInteger", true, "must be a whole number now"]);
    else notes.push(["becameReal", false, "may be a fraction now"]);
  }
  if (before.multipleOf !== after.multipleOf) {
    const step = (value: number | undefined): string => (value === undefined ? "any number" : `a multiple of ${value}`);
    notes.push([
      "stepChanged",
      after.multipleOf !== undefined,
      `is ${step(after.multipleOf)} now, and was ${step(before.multipleOf)}`,
    ]);
  }
  if (canonicalJson(before.numberFormat ?? null) !== canonicalJson(after.numberFormat ?? null)) {
    const said = ({ numberFormat }: InputOf<"number">): string =>
      describeNumberFormat(numberFormat ?? { decimal: "." });
    notes.push(["formatChanged", !readsNumbersOf(before, after), `holds ${said(after)} now, and held ${said(before)}`]);
  }
  return notes;
}

/** Returns whether a column reads every text of numbers that another one reads, as the same number. */
function readsNumbersOf(
  { numberFormat: before }: InputOf<"number">,
  { numberFormat: after }: InputOf<"number">,
): boolean {
  if (before === undefined || after === undefined) return (before ?? after)?.decimal === "." && before === undefined;
  const kept = (["grouping", "prefix", "suffix", "accounting"] as const).every(
    (member) => before[member] === undefined || before[member] === after[member],
  );
  return before.decimal === after.decimal && kept;
}

function booleanNotes(before: InputOf<"boolean">, after: InputOf<"boolean">): Note[] {
  const texts = ({ truthy, falsy, caseSensitive }: InputOf<"boolean">): string =>
    JSON.stringify([truthy, falsy, caseSensitive]);
  if (texts(before) === texts(after)) return [];
  const read = readerOf(after);
  const lost = [
    ...before.truthy.filter((text) => read(text) !== 1),
    ...before.falsy.filter((text) => read(text) !== 0),
    ...[...before.truthy, ...before.falsy].filter(
      (text) => !before.caseSensitive && after.caseSensitive && text.toLowerCase() !== text.toUpperCase(),
    ),
  ];
  const message =
    lost.length > 0
      ? `no longer reads ${listed(lost)} in every spelling that it read before`
      : "reads other texts as true and false too";
  return [["textsChanged", lost.length > 0, message]];
}

function dateNotes(before: InputOf<"date">, after: InputOf<"date">): Note[] {
  // The accepted instants: a column of days accepts every hour of its last day.
  const bounds = ({ min = -Infinity, max = Infinity, precision }: InputOf<"date">): [Bound, Bound] => [
    { value: min, open: false },
    { value: precision === "date" ? max + day - 1 : max, open: false },
  ];
  const notes = rangeNotes(bounds(before), bounds(after), (value) => formatDate(value, after.precision));
  if (before.precision !== after.precision) {
    notes.push(["precisionChanged", false, `is read as ${after.precision === "date" ? "a day" : "an instant"} now`]);
  }
  if (before.dateFormat !== after.dateFormat) {
    const said = ({ dateFormat }: InputOf<"date">): string => dateFormat ?? "as ISO 8601";
    // Every column reads ISO 8601, unless its format reads the same text as another day.
    const probe = "2024-03-04";
    const widened = before.dateFormat === undefined && dateReader(after)(probe) === dateReader(before)(probe);
    notes.push(["formatChanged", !widened, `has dates written ${said(after)} now, and had ${said(before)}`]);
  }
  return notes;
}

function categoryNotes(before: InputOf<"category">, after: InputOf<"category">): Note[] {
  const notes: Note[] = [];
  const added = without(after.levels, before.levels);
  const removed = without(before.levels, after.levels);
  if (added.length > 0) notes.push(["levelsAdded", false, `has the levels ${listed(added)} too`]);
  if (removed.length > 0) {
    const message = `no longer has the levels ${listed(removed)}${after.open ? ", which count as unknown" : ""}`;
    notes.push(["levelsRemoved", !after.open, message]);
  }
  if (before.open !== after.open) {
    if (after.open) notes.push(["becameOpen", false, "accepts unknown levels now"]);
    else notes.push(["becameClosed", true, "refuses unknown levels now"]);
  }
  return notes;
}

function textNotes(before: InputOf<"text">, after: InputOf<"text">): Note[] {
  const [old, now] = [before.maxLength ?? Infinity, after.maxLength ?? Infinity];
  if (now < old) return [["lengthNarrowed", true, `may now have up to ${now} characters`]];
  return now > old ? [["lengthWidened", false, "may be longer now"]] : [];
}

const readerOf = (input: SignatureInput): ((text: string) => Cell) => {
  const reader = cellReader(columnOf(input));
  return (text) => reader.fromText(text);
};

function without(texts: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return texts.filter((text) => !known.has(text));
}

const shown = (text: string | undefined): string =>
  text === undefined ? "no unit" : JSON.stringify(text.length > 40 ? `${text.slice(0, 37)}...` : text);

const listed = (texts: readonly string[]): string =>
  texts.slice(0, 5).map(shown).join(", ") + (texts.length > 5 ? ` and ${texts.length - 5} more` : "");
