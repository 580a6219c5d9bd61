import { parseJson } from "../../base/json/index.js";
import { ChurnkitError } from "../../base/errors.js";
import { textChunks, type ByteSource } from "../../data/read/index.js";
import type { Contract } from "../../data/contract/index.js";
import {
  membersOf,
  parseCaptured,
  spelledIds,
  type CapturedPrediction,
  type CaptureLog,
  type Note,
} from "./capture.js";
import { inputOptions } from "./input.js";
import { linesOf } from "./lines.js";
import { checkOutput, type CaptureOutput } from "./output.js";
import { isCaptureEvent, parseCaptureEvent, type PayloadOptions, type SageMakerPrediction } from "./sagemaker.js";
import { WholeScores } from "./whole-scores.js";

/** Sizes that guard memory. */
export interface CaptureLimits {
  /** Longest line in bytes. Default 16 MiB. */
  readonly lineBytes: number;
  /** Limit on the records of one event. Default 10,000. */
  readonly records: number;
  /** Limit on the bytes of one source after decompression. Default 64 GiB. */
  readonly totalBytes: number;
}

const defaultLimits: CaptureLimits = { lineBytes: 16 * 2 ** 20, records: 10_000, totalBytes: 64 * 2 ** 30 };

/** How to read captured data. */
export interface CaptureReadOptions {
  /** Names the columns if a payload doesn't: its features, in order. */
  readonly contract: Contract;
  /** The columns of CSV payloads, unless they are the contract's features in order. */
  readonly columns?: readonly string[] | undefined;
  /**
   * Content of SageMaker's captured outputs when they do not name it. Without it only unambiguous outputs are read: a
   * number from 0 to 1, or numbers under names. Both classes' numbers, or a label next to a number, count as
   * `badOutput`.
   */
  readonly outputForm?: CaptureOutput | undefined;
  /** Receives every issue. */
  readonly log: CaptureLog;
  /** A name for places in the log, such as the file's. */
  readonly source?: string | undefined;
  readonly limits?: Partial<CaptureLimits> | undefined;
}

/**
 * Reads captured predictions, line by line and in constant memory: SageMaker's data-capture files (payloads as CSV
 * with or without a header, JSON or base64, single, in batches or by column) and our own form, in any mixture, gzip
 * unpacked by content. An unreadable line is counted and named in the log with the cause, never thrown.
 *
 * @throws ChurnkitError OPTION_INVALID for a limit out of range or an unknown `outputForm`; the source's own errors,
 * such as STORE_FAILED.
 *
 * @example
 * ```ts
 * import { syntheticContract } from "churnkit/data";
 * import { captureLog, readCaptureLines } from "churnkit/monitor";
 *
 * const line = { id: "a", at: "2026-02-01T10:00:00Z", record: { age: 30 }, probability: 0.4, label: "No", version: "1.0.0" };
 * const bytes = new TextEncoder().encode(`${JSON.stringify(line)}\nnot JSON\n`);
 * const log = captureLog();
 * for await (const { id, probability } of readCaptureLines(bytes, { contract: syntheticContract, log, source: "log.jsonl" })) console.log(id, probability);
 * console.assert(log.list()[0]?.examples[0] === "log.jsonl:2");
 * ```
 */
export async function* readCaptureLines(
  bytes: ByteSource,
  options: CaptureReadOptions,
): AsyncGenerator<CapturedPrediction> {
  const { contract, log, source = "captured data" } = options;
  const limits = { ...defaultLimits, ...options.limits };
  for (const [name, value] of Object.entries(limits)) {
    if (!(Number.isSafeInteger(value) && value > 0)) {
      throw new ChurnkitError("OPTION_INVALID", `The limit ${name} is ${value}; it must be a whole number above 0.`, {
        where: { value },
      });
    }
  }
  checkOutput(options.outputForm);
  const payloads: PayloadOptions = {
    ...inputOptions(contract, limits.records, options.columns),
    output: options.outputForm,
    target: contract.target,
  };
  const scores = new WholeScores();
  try {
    for await (const line of linesOf(textChunks(bytes, { source, limit: limits.totalBytes }), limits.lineBytes)) {
      const note: Note = (issue, cause) => log.note(issue, `${source}:${line.number}`, cause);
      if ("problem" in line) note(line.problem);
      else yield* scores.take(predictionsOf(line.text, payloads, note), note);
    }
  } catch (error) {
    // The bytes themselves are unreadable; the store's own errors are for the caller.
    if (!ChurnkitError.isInstance(error) || !error.code.startsWith("INPUT_")) throw error;
    log.note("unreadable", source);
  }
  yield* scores.end();
}

function predictionsOf(text: string, options: PayloadOptions, note: Note): readonly SageMakerPrediction[] {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    note("notJson");
    return [];
  }
  const line = membersOf(value);
  if (isCaptureEvent(line)) return parseCaptureEvent(line, options, note);
  if (!("record" in line)) {
    note("notPrediction");
    return [];
  }
  const found = parseCaptured({ ...line, id: spelledIds(line, text)["id"] }, note);
  return found === undefined ? [] : [found];
}
