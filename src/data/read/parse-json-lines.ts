import { JsonRefused, parseJson } from "../../base/json/index.js";
import { drained, textChunks, type ByteSource } from "./bytes.js";
import { arrayOpening, ElementSplitter } from "./json-elements.js";
import { LineSplitter } from "./lines.js";
import type { ResolvedOptions } from "./options.js";
import { RecordErrors } from "./record-errors.js";
import { invalidUtf8 } from "./utf8.js";

const decoder = new TextDecoder();

/** Receiver of parsed JSON lines: each record with its 0-based data row. Blank lines are not rows. */
export interface JsonLineSink {
  /** `bytes` is the length of its line. */
  record(record: unknown, row: number, bytes: number): void;
  /** A line that is not a JSON object, where those are set aside. */
  refused(row: number, message: string): void;
}

function problemOf(text: string, value: unknown, error: unknown): string {
  if (error === undefined) {
    const is = value === null ? "null" : Array.isArray(value) ? "an array" : `a ${typeof value}`;
    return `the line holds ${is}, not an object; write one JSON object per line`;
  }
  if (error instanceof JsonRefused) return `the line's JSON ${error.message}`;
  const start = text.trimStart();
  if (start.startsWith("["))
    return "the line starts an array; write one JSON object per line, without brackets around them";
  return `the line is not valid JSON (${error instanceof Error ? error.message.slice(0, 120) : "unreadable"})`;
}

/**
 * Reads JSON lines, or one JSON array of records, into a sink.
 *
 * @param parse reads one line.
 * @returns what is unusual about the form of the text, each a sentence.
 * @throws ChurnkitError INPUT_* naming row and line.
 */
export async function parseJsonLines(
  bytes: ByteSource,
  options: ResolvedOptions,
  sink: JsonLineSink,
  parse: (text: string) => unknown = parseJson,
): Promise<readonly string[]> {
  const notes: string[] = [];
  await drained(parseInSteps(bytes, options, sink, { parse, notes, step: Infinity }));
  return notes;
}

/**
 * Reads JSON lines into a sink as {@link parseJsonLines} does, and stops after each piece of about `step` bytes: the
 * sink then has every record that ends in what was read.
 *
 * @param notes receives what is unusual about the form of the text, before the first stop.
 */
export async function* parseInSteps(
  bytes: ByteSource,
  options: ResolvedOptions,
  sink: JsonLineSink,
  { parse, notes, step }: { parse: (text: string) => unknown; notes: string[]; step: number },
): AsyncGenerator<number> {
  const { source, limits, ragged } = options;
  const errors = new RecordErrors(options);
  let row = 0;
  const take = (raw: Uint8Array, line: number): void => {
    const at = { row, line, cell: 0 };
    const bad = invalidUtf8(raw, 0, raw.length);
    if (bad >= 0) throw errors.notUtf8(at, raw[bad] as number);
    const text = decoder.decode(raw);
    if (text.trim() === "") return;
    let value: unknown;
    let error: unknown;
    try {
      value = parse(text);
    } catch (cause) {
      error = cause;
    }
    row++;
    if (error === undefined && typeof value === "object" && value !== null && !Array.isArray(value)) {
      sink.record(value, at.row, raw.length);
      return;
    }
    const problem = problemOf(text, value, error);
    if (ragged === "error") throw errors.malformed(at, `${problem}.`);
    sink.refused(at.row, problem);
  };
  let records: LineSplitter | ElementSplitter | undefined;
  for await (const chunk of textChunks(bytes, { source, limit: limits.totalBytes })) {
    const skip = records === undefined ? arrayOpening(chunk) : 0;
    if (skip > 0) notes.push("The file is one JSON array; its elements are the rows.");
    records ??=
      skip === 0
        ? new LineSplitter(options, take)
        : new ElementSplitter(options, chunk.subarray(0, skip).includes(123), take);
    for (let from = skip; from < chunk.length; from += step) {
      const piece = chunk.subarray(from, from + step);
      records.push(piece);
      yield piece.length;
    }
  }
  records?.end();
}
