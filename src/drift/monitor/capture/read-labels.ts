import { ChurnkitError } from "../../../base/errors.js";
import { textChunks, type ByteSource } from "../../../data/read/bytes.js";
import { classReader } from "../../../data/contract/cells/class.js";
import type { MonitorLabel } from "../monitor.js";
import { linesOf } from "./lines.js";
import { csvRows } from "./payload.js";
import { parseJson } from "../../../base/json/parse.js";

/** Lines that hold no label, and the first few of them as "source:line". */
export interface LabelLog {
  labels: number;
  bad: number;
  readonly examples: string[];
}

/** How to read labels. */
export interface LabelReadOptions {
  /** The positive class, beside 1 and true. */
  readonly positive: string;
  /** The other class, beside 0 and false. */
  readonly negative: string;
  readonly log: LabelLog;
  readonly source?: string | undefined;
}

/** An empty log. */
export const labelLog = (): LabelLog => ({ labels: 0, bad: 0, examples: [] });

const lineBytes = 2 ** 20;
const totalBytes = 64 * 2 ** 30;

type OutcomeReader = (value: unknown) => 0 | 1 | undefined;
type Members = Readonly<Record<string, unknown>>;
const membersOf = (value: unknown): Members => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : {});

/**
 * Reads labels line by line: our own form (`id`, `outcome`, and where known `time` and `recorded`) as JSON lines or as CSV
 * with these names in its header, and Model Monitor's ground truth files (`groundTruthData`, `eventMetadata.eventId`), gzip
 * unpacked by content. A line that holds no label is counted and named, never thrown.
 *
 * @throws whatever the source throws by itself, such as STORE_FAILED.
 */
export async function* readLabelLines(bytes: ByteSource, options: LabelReadOptions): AsyncGenerator<MonitorLabel> {
  const { log, source = "labels" } = options;
  const bad = (place: string): void => {
    log.bad++;
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
      // A file is of one form: that of its first line.
      if (!json && header === undefined) {
        header = cells.map((cell) => cell.trim());
        continue;
      }
      header ??= [];
      const found = json ? labelsOfJson(line.text, outcomeOf) : [labelOf(Object.fromEntries(header.map((name, i) => [name, cells[i]])), outcomeOf)];
      for (const label of found) {
        if (label === undefined) bad(`${source}:${line.number}`);
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

function labelsOfJson(text: string, outcomeOf: OutcomeReader): (MonitorLabel | undefined)[] {
  let line: Members;
  try {
    line = membersOf(parseJson(text));
  } catch {
    return [undefined];
  }
  if (!("groundTruthData" in line)) return [labelOf(line, outcomeOf)];
  const { data } = membersOf(line["groundTruthData"]);
  const { eventId } = membersOf(line["eventMetadata"]);
  const values = typeof data === "string" ? data.split(/[\n,]/) : Array.isArray(data) ? data : [data];
  // A batch has a value for each of its records; the others' ids have their place behind a #.
  return values.map((outcome: unknown, i) => labelOf({ id: typeof eventId === "string" && i > 0 ? `${eventId}#${i}` : eventId, outcome }, outcomeOf));
}

function labelOf({ id, outcome, time, recorded }: Members, outcomeOf: OutcomeReader): MonitorLabel | undefined {
  const known = outcomeOf(outcome);
  // A number names what the server wrote as a text.
  const name = typeof id === "number" && Number.isFinite(id) ? String(id) : id;
  if (typeof name !== "string" || name === "" || known === undefined) return undefined;
  const moment = (value: unknown): string | number | undefined => {
    if (typeof value === "number") return value;
    return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
  };
  return { id: name, outcome: known, time: moment(time), recorded: moment(recorded) };
}

/** Reads an outcome as labels of the target are read; 1 and 0, true and false stand for the positive class and the other one too. */
function outcomeReader({ positive, negative }: LabelReadOptions): OutcomeReader {
  const ofClasses = classReader([negative, positive]);
  const ofFlags = classReader(["0", "1"]);
  return (value) => {
    const text = String(value).trim();
    const label = ofClasses(text);
    if (label !== undefined) return label === positive ? 1 : 0;
    const flag = ofFlags(text);
    return flag === undefined ? undefined : flag === "1" ? 1 : 0;
  };
}
