import { ChurnkitError } from "../../../base/errors.js";
import { textChunks, type ByteSource } from "../../../data/read/bytes.js";
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
      const found = json ? labelsOfJson(line.text, options) : [labelOf(Object.fromEntries(header.map((name, i) => [name, cells[i]])), options)];
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

function labelsOfJson(text: string, options: LabelReadOptions): (MonitorLabel | undefined)[] {
  let line: Members;
  try {
    line = membersOf(parseJson(text));
  } catch {
    return [undefined];
  }
  if (!("groundTruthData" in line)) return [labelOf(line, options)];
  const { data } = membersOf(line["groundTruthData"]);
  const { eventId } = membersOf(line["eventMetadata"]);
  const values = typeof data === "string" ? data.split(/[\n,]/) : Array.isArray(data) ? data : [data];
  // A batch has a value for each of its records; the others' ids have their place behind a #.
  return values.map((outcome: unknown, i) => labelOf({ id: typeof eventId === "string" && i > 0 ? `${eventId}#${i}` : eventId, outcome }, options));
}

function labelOf({ id, outcome, time, recorded }: Members, options: LabelReadOptions): MonitorLabel | undefined {
  const known = outcomeOf(outcome, options);
  // A number names what the server wrote as a text.
  const name = typeof id === "number" && Number.isFinite(id) ? String(id) : id;
  if (typeof name !== "string" || name === "" || known === undefined) return undefined;
  const moment = (value: unknown): string | number | undefined => {
    if (typeof value === "number") return value;
    return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
  };
  return { id: name, outcome: known, time: moment(time), recorded: moment(recorded) };
}

function outcomeOf(value: unknown, { positive, negative }: LabelReadOptions): 0 | 1 | undefined {
  const text = String(value).trim();
  if (text === positive) return 1;
  if (text === negative) return 0;
  // Python writes True, spreadsheets TRUE.
  const folded = text.toLowerCase();
  if (folded === positive.toLowerCase() || ["1", "1.0", "true"].includes(folded)) return 1;
  return folded === negative.toLowerCase() || ["0", "0.0", "false"].includes(folded) ? 0 : undefined;
}
