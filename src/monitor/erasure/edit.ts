import { parseJson } from "../../base/json/index.js";
import { ChurnkitError } from "../../base/errors.js";
import { membersOf } from "../capture/capture.js";
import { csvRows } from "../capture/payload.js";
import type { Matcher } from "./matcher.js";
import type { LineKind, Owners } from "./owners.js";
import { looksLikeState, stateWithout } from "./state-edit.js";

/** Kinds of what is found. */
export type FoundKind = LineKind | "rows" | "state" | "broken";

/** What is to be taken out of an object, and what was noticed. */
export interface Edit {
  /** Ranges of bytes of the lines that go, without their line ends. */
  readonly ranges: readonly (readonly [from: number, to: number])[];
  /** The whole new text, where parts of a document go. */
  readonly text: string | undefined;
  /** Whether blanks may take the lines' place: the object is lines of JSON. */
  readonly inPlace: boolean;
  readonly found: ReadonlyMap<FoundKind, number>;
  /** Other customers' records in the same captured requests, which go with them. */
  readonly others: number;
  /** Ids of the customers' predictions. */
  readonly predictions: readonly string[];
  /** Why the object may still hold them. */
  readonly left: readonly string[];
}

interface Draft {
  readonly ranges: [number, number][];
  text: string | undefined;
  inPlace: boolean;
  readonly found: Map<FoundKind, number>;
  others: number;
  readonly predictions: string[];
  readonly left: string[];
}

/** How objects are read for an erasure. */
export interface EditRules {
  readonly matcher: Matcher;
  readonly ownersIn: (text: string) => Owners;
  /** Names of columns, folded, that hold a customer's id in files of rows. */
  readonly customerColumns: readonly string[];
}

/** Finds what goes from the text of an object: lines of JSON, rows of CSV, or a monitor's state. */
export function editOf(bytes: Uint8Array, rules: EditRules): Edit {
  const draft: Draft = {
    ranges: [],
    text: undefined,
    inPlace: false,
    found: new Map(),
    others: 0,
    predictions: [],
    left: [],
  };
  // Decoded as they are needed: the text of a large object would take a multiple of its memory.
  const lines: Iterable<Line> = { [Symbol.iterator]: () => linesIn(bytes) };
  const first = find(lines, ({ text }) => text.trim() !== "")?.text ?? "";
  const state = stateIn(bytes);
  if (state !== undefined) editState(draft, state, rules.matcher);
  else if (find(lines, ({ text }) => text.startsWith("{") && isObject(text))) editLines(draft, lines, rules);
  else if (/^\s*[[{]/.test(first) || !editRows(draft, lines, rules)) {
    if (find(lines, ({ text }) => rules.matcher.mentions(text)))
      draft.left.push(
        "it holds the id in a form that is not read here: neither lines of JSON nor rows under a column of ids",
      );
  }
  return draft;
}

const count = ({ found }: Draft, kind: FoundKind, more = 1): void =>
  void found.set(kind, (found.get(kind) ?? 0) + more);

/** A line of an object. */
interface Line {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

const decoder = new TextDecoder();

function* linesIn(bytes: Uint8Array): Generator<Line> {
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(10, from);
    const to = end < 0 ? bytes.length : end;
    yield { from, to, text: decoder.decode(bytes.subarray(from, to)) };
    from = to + 1;
  }
}

function find(lines: Iterable<Line>, is: (line: Line) => boolean): Line | undefined {
  for (const line of lines) if (is(line)) return line;
  return undefined;
}

function isObject(text: string): boolean {
  try {
    return Object.keys(membersOf(parseJson(text))).length > 0;
  } catch {
    return false;
  }
}

/** The state of a monitor, if the whole text is one. */
function stateIn(bytes: Uint8Array): unknown {
  if (!/^\s*\{[^]*"settings"/.test(decoder.decode(bytes.subarray(0, 4096)))) return undefined;
  try {
    const value = parseJson(decoder.decode(bytes));
    return looksLikeState(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function editState(draft: Draft, value: unknown, { names, mentions }: Matcher): void {
  try {
    const { state, removed } = stateWithout(value, names);
    if (removed === 0) return;
    draft.text = JSON.stringify(state);
    count(draft, "state", removed);
  } catch (error) {
    if (!ChurnkitError.isInstance(error)) throw error;
    if (mentions(JSON.stringify(value))) draft.left.push(error.message);
  }
}

function editLines(draft: Draft, lines: Iterable<Line>, { matcher, ownersIn }: EditRules): void {
  draft.inPlace = true;
  let unsearched = 0;
  for (const { from, to, text } of lines) {
    if (text.trim() === "") continue;
    let found: Owners;
    try {
      found = ownersIn(text);
    } catch {
      // A line cut short, by a killed writer or by a former erasure: that one begins with a blank.
      if (!matcher.mentions(text) && !(text.startsWith(" ") && matcher.cleans)) continue;
      draft.ranges.push([from, to]);
      count(draft, "broken");
      continue;
    }
    const { kind, owners, whole } = found;
    if (!matcher.ownsAny(found)) {
      if (found.unsearched) unsearched++;
      continue;
    }
    const theirs = owners.filter(matcher.owns);
    // Named as a whole, or unreadable: all its records count as theirs.
    const counted = theirs.length === 0 ? owners : theirs;
    draft.ranges.push([from, to]);
    count(draft, kind, counted.length);
    draft.others += owners.length - counted.length;
    draft.predictions.push(...counted.flatMap(({ prediction }) => prediction), ...(theirs.length === 0 ? whole : []));
  }
  if (unsearched > 0 && matcher.cleans)
    draft.left.push(
      `${unsearched} captured requests were searched by their event's ids alone: give the model's contract`,
    );
}

/** Takes out rows of CSV; false where the header names no id. */
function editRows(draft: Draft, lines: Iterable<Line>, { matcher, customerColumns }: EditRules): boolean {
  const rows = rowsIn(lines);
  const { value: header, done } = rows.next();
  if (done === true) return true;
  const delimiter = [",", ";", "\t"].find((each) => header.text.includes(each)) ?? ",";
  const cellsOf = ({ text }: Line): string[] =>
    (csvRows(text.replace(/^\uFEFF/, ""), 1, delimiter)[0] ?? []).map((cell) => cell.trim());
  const names = cellsOf(header);
  const columns = customerColumns.map((name) =>
    names.findIndex((each) => each.normalize("NFC") === name.normalize("NFC")),
  );
  const placesOf = (...wanted: string[]): number[] => wanted.map((name) => names.indexOf(name)).filter((at) => at >= 0);
  const own = placesOf("id");
  const prediction = placesOf("predictionId", "prediction_id");
  const joins = columns.length > 0 && columns.every((at) => at >= 0);
  if (!joins && own.length + prediction.length === 0) return false;
  for (const row of rows) {
    const cells = cellsOf(row);
    const named = (places: readonly number[]): string[] =>
      places.map((at) => cells[at] ?? "").filter((cell) => cell !== "");
    const owner = {
      customer: [...named(own), ...(joins ? [named(columns).join("/")] : [])],
      prediction: named(prediction),
    };
    if (!matcher.ownsAny({ kind: "lines", owners: [owner], whole: [], unread: undefined, unsearched: false })) continue;
    draft.ranges.push([row.from, row.to]);
    count(draft, "rows");
    draft.predictions.push(...owner.prediction);
  }
  return true;
}

/** Rows of CSV: lines, joined where a quoted cell holds a line end. */
function* rowsIn(lines: Iterable<Line>): Generator<Line, undefined> {
  let open: Line | undefined;
  for (const line of lines) {
    const row: Line = open === undefined ? line : { from: open.from, to: line.to, text: `${open.text}\n${line.text}` };
    const quotes = row.text.split('"').length - 1;
    open = quotes % 2 === 1 ? row : undefined;
    if (open === undefined && row.text.trim() !== "") yield row;
  }
  if (open !== undefined) yield open;
}

/** The object's bytes after an edit: lines are gone with their ends. */
export function edited(bytes: Uint8Array, { ranges, text }: Edit): Uint8Array {
  if (text !== undefined) return new TextEncoder().encode(text);
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const [from, to] of ranges) {
    parts.push(bytes.subarray(at, from));
    at = Math.min(to + 1, bytes.length);
  }
  parts.push(bytes.subarray(at));
  return joined(parts);
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
