import { ChurnkitError } from "../../base/errors.js";
import { exactIdParser, LineSplitter, resolveOptions } from "../../data/read/index.js";
import { usualBodyBytes, type RequestProblem, type ServeRequest } from "../http.js";
import type { Naming } from "./features.js";
import { jsonOf, textOf, type Sent } from "./json.js";
import { bodyChunks } from "./read-body.js";
import { tooMany } from "./records.js";

/** Most lines that are scored at once. */
const linesAtOnce = 256;
/** Bytes of a chunk that are cut into lines at once. */
const bytesAtOnce = 64 * 1024;

/**
 * Reads a body of JSON lines, each a record.
 *
 * @throws ChurnkitError REQUEST_INVALID for a line that is not JSON, by its number; INPUT_TOO_LARGE for more lines than a batch holds.
 */
export function sentLines(request: ServeRequest, body: Uint8Array, most: number): Sent {
  const lines = textOf(body)
    .split("\n")
    .filter((line) => line.trim() !== "");
  if (lines.length > most) throw tooMany(lines.length, most);
  return {
    request,
    bytes: body.length,
    records: lines.map((line, i) => jsonOf(line, `Line ${i + 1}`)),
    exactRecords: (contract) => lines.map(exactIdParser(contract)),
  };
}

/** Some lines of a body, in order. */
export interface Lines {
  /** Their records; null for a line that holds none. */
  readonly sent: Sent;
  /** Problems of lines without a record, by position among the records. */
  readonly broken: ReadonlyMap<number, RequestProblem>;
}

/**
 * Cuts a body into lines while it arrives, however long it is. What has arrived is handed on at once.
 *
 * @throws ChurnkitError INPUT_TOO_LARGE for a line that is longer than the carrier's limit on a body, and the errors of the body.
 */
export async function* arrivingLines(request: ServeRequest, naming: Naming): AsyncGenerator<Lines> {
  const { maxBodyBytes: lineBytes = usualBodyBytes } = request;
  let lines: Line[] = [];
  let count = 0;
  const splitter = new LineSplitter(resolveOptions({ source: "The body", limits: { lineBytes } }), (bytes) => {
    const text = decoded(bytes);
    if (text?.trim() !== "") lines.push(text);
  });
  function* cut(): Generator<Lines> {
    for (let first = 0; first < lines.length; first += linesAtOnce) {
      const some = lines.slice(first, first + linesAtOnce);
      yield parsed(request, naming, some, count);
      count += some.length;
    }
    lines = [];
  }
  for await (const chunk of bodyChunks(request)) {
    for (let at = 0; at < chunk.length; at += bytesAtOnce) {
      splitter.push(chunk.subarray(at, at + bytesAtOnce));
      yield* cut();
    }
  }
  splitter.end();
  yield* cut();
}

/** A line's text; undefined where it is not UTF-8. */
type Line = string | undefined;

const decoder = new TextDecoder("utf-8", { fatal: true });

function decoded(bytes: Uint8Array): Line {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

function parsed(request: ServeRequest, naming: Naming, lines: readonly Line[], before: number): Lines {
  const broken = new Map<number, RequestProblem>();
  const records = lines.map((line, i) => {
    if (line === undefined) {
      broken.set(i, { code: "REQUEST_INVALID", message: `Line ${before + i + 1} is not valid UTF-8.` });
      return null;
    }
    try {
      return naming(jsonOf(line, `Line ${before + i + 1}`));
    } catch (error) {
      if (!ChurnkitError.isInstance(error)) throw error;
      broken.set(i, { code: error.code, message: error.message });
      return null;
    }
  });
  return {
    broken,
    sent: {
      request,
      bytes: lines.reduce((sum, line) => sum + (line?.length ?? 0), 0),
      records,
      exactRecords: (contract) => {
        const parse = exactIdParser(contract);
        return lines.map((line, i) => (line === undefined || broken.has(i) ? null : naming(parse(line))));
      },
    },
  };
}
