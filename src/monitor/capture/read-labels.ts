import { ChurnkitError } from "../../base/errors.js";
import { textChunks, type ByteSource } from "../../data/read/index.js";
import { classReader, foldedLabel } from "../../data/contract/index.js";
import type { MonitorLabel } from "../counting/intake.js";
import { linesOf } from "./lines.js";
import { idText, membersOf, spelledIds, type Members } from "./capture.js";
import { csvRows } from "./payload.js";
import { parseJson } from "../../base/json/index.js";

/** Lines without a label, and the first few of them as "source:line". */
export interface LabelLog {
  labels: number;
  bad: number;
  readonly examples: string[];
  /** Causes, at most five different ones. */
  readonly causes: string[];
}

/** How to read labels. */
export interface LabelReadOptions {
  /** The positive class; 1 and true mean it too, unless they mean the other one. */
  readonly positive: string;
  /** The other class, or all others; 0 and false mean it too. */
  readonly negative: string | readonly string[];
  readonly log: LabelLog;
  readonly source?: string | undefined;
}

/** An empty log. */
export const labelLog = (): LabelLog => ({ labels: 0, bad: 0, examples: [], causes: [] });

const lineBytes = 2 ** 20;
const totalBytes = 64 * 2 ** 30;

/** Returns an outcome, or the reason for its absence. */
type OutcomeReader = (value: unknown) => 0 | 1 | string;

/**
 * Reads labels line by line: our own form (`id`, `outcome`, and optionally `time` and `recorded`) as JSON lines or as
 * CSV with these names in its header, and Model Monitor's ground truth files (`groundTruthData`,
 * `eventMetadata.eventId`), gzip unpacked by content. A line without a label is counted and named, never thrown.
 *
 * @throws the source's own errors, such as STORE_FAILED.
 *
 * @example
 * ```ts
 * import { labelLog, readLabelLines, type MonitorLabel } from "churnkit/monitor";
 *
 * const log = labelLog();
 * const bytes = new TextEncoder().encode('{"id":"p1","outcome":1}\n{"id":"p2","outcome":0}\n');
 * const found: MonitorLabel[] = [];
 * for await (const label of readLabelLines(bytes, { positive: "Yes", negative: "No", log })) found.push(label);
 * console.assert(found.length === 2 && log.bad === 0);
 * ```
 */
export async function* readLabelLines(bytes: ByteSource, options: LabelReadOptions): AsyncGenerator<MonitorLabel> {
  const { log, source = "labels" } = options;
  const bad = (place: string, cause?: string): void => {
    log.bad++;
    if (cause !== undefined && log.causes.length < 5 && !log.causes.includes(cause)) log.causes.push(cause);
    if (log.examples.length < 5) log.examples.push(place.slice(-200));
  };
  const outcomeOf = outcomeReader(options);
  let header: readonly string[] | undefined;
  try {
    for await (const line of linesOf(textChunks(bytes, { source, limit: totalBytes }), lineBytes)) {
      if ("problem" in line) {
        bad(`${source}:${line.number}`);
        continue;
      }
      const json = line.text.startsWith("{");
      const [cells = []] = json ? [] : csvRows(line.text, 1);
      // A file has one form: that of its first line.
      if (!json && header === undefined) {
        header = cells.map((cell) => cell.trim());
        continue;
      }
      header ??= [];
      const found = json
        ? labelsOfJson(line.text, outcomeOf)
        : [labelOf(Object.fromEntries(header.map((name, i) => [name, cells[i]])), outcomeOf)];
      for (const label of found) {
        if (typeof label === "string") bad(`${source}:${line.number}`, label);
        else {
          log.labels++;
          yield label;
        }
      }
    }
  } catch (error) {
    if (!ChurnkitError.isInstance(error) || !error.code.startsWith("INPUT_")) throw error;
    bad(source);
  }
}

function labelsOfJson(text: string, outcomeOf: OutcomeReader): (MonitorLabel | string)[] {
  let line: Members;
  try {
    line = membersOf(parseJson(text));
  } catch {
    return ["it is not valid JSON"];
  }
  const spelled = spelledIds(line, text);
  if (!("groundTruthData" in line)) return [labelOf({ ...line, id: spelled["id"] }, outcomeOf)];
  const { data } = membersOf(line["groundTruthData"]);
  const eventId = idText(membersOf(spelled["eventMetadata"])["eventId"]);
  const values = typeof data === "string" ? data.split(/[\n,]/) : Array.isArray(data) ? data : [data];
  // A batch has a value for each of its records; ids of all except the first have their position after a #.
  return values.map((outcome: unknown, i) =>
    labelOf({ id: eventId !== null && i > 0 ? `${eventId}#${i}` : eventId, outcome }, outcomeOf),
  );
}

/** Makes the reader of one label from its members; it gives the reason where there is none. */
export function labelReader(
  classes: Pick<LabelReadOptions, "positive" | "negative">,
): (line: Members) => MonitorLabel | string {
  const outcomeOf = outcomeReader(classes);
  return (line) => labelOf(line, outcomeOf);
}

/** A label, or the reason for its absence. */
function labelOf({ id, outcome, time, recorded }: Members, outcomeOf: OutcomeReader): MonitorLabel | string {
  const name = idText(id);
  if (name === null) return "it has no id";
  if (outcome === undefined) return "it has no outcome";
  const known = outcomeOf(outcome);
  if (typeof known === "string") return known;
  const moment = (value: unknown): string | number | undefined => {
    if (typeof value === "number") return value;
    return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
  };
  return { id: name, outcome: known, time: moment(time), recorded: moment(recorded) };
}

/**
 * Reads an outcome as labels of the target are read; 1 and 0, true and false also mean the positive class and the
 * others. If the positive class is the one that means no, such a flag is ambiguous and refused: a guess would
 * invert every label.
 */
function outcomeReader({ positive, negative }: Pick<LabelReadOptions, "positive" | "negative">): OutcomeReader {
  const others = typeof negative === "string" ? [negative] : negative;
  const ofClasses = classReader([...others, positive]);
  const ofFlags = classReader(["0", "1"]);
  const spellings = new Set([positive, ...others].map(foldedLabel));
  const meansNo = ofFlags(positive) === "0";
  const listed = [positive, ...others].map((label) => `"${label}"`).join(" or ");
  return (value) => {
    const text = String(value).trim();
    const label = ofClasses(text);
    const flag = ofFlags(text);
    if (label === undefined)
      return flag === undefined || meansNo
        ? `the outcome ${JSON.stringify(text.slice(0, 40))} is not a class; send ${listed}`
        : flag === "1"
          ? 1
          : 0;
    const outcome = label === positive ? 1 : 0;
    const folded = foldedLabel(text);
    const doubtful = flags.has(folded) && !spellings.has(folded) && String(outcome) !== flag;
    return doubtful
      ? `the outcome ${text} may mean the class "${label}" or, as a flag, "${label === positive ? others.join('" or "') : positive}": write the class`
      : outcome;
  };
}

const flags: ReadonlySet<string> = new Set(["0", "1", "true", "false"]);
