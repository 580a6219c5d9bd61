/**
 * Every error code churnkit can throw, with what it means and what usually helps. This table is the only place a code
 * is declared: the type below, the docs and the tests all read it.
 */
export const errorCodes = {
  CONTRACT_UNSUPPORTED_TYPE: "A zod type in the schema cannot be lowered to a contract column.",
  CONTRACT_INVALID: "The contract contradicts itself: an unknown target, a repeated column, an empty enum.",
  CONTRACT_MISMATCH: "Two contracts that must agree do not: a table, recipe or bundle was made for other columns.",
  INPUT_NOT_FOUND: "A named file or folder does not exist or cannot be read.",
  INPUT_EMPTY: "The input has no header or no data rows.",
  INPUT_NOT_TEXT: "The input is binary or not valid UTF-8.",
  INPUT_MALFORMED: "The input breaks the rules of its format: an unclosed quote, a ragged row, invalid JSON.",
  INPUT_TOO_LARGE: "A line, cell, body, archive or file is larger than the limit that guards memory.",
  INPUT_COLUMNS: "A required column is missing, repeated or has an invalid name.",
  INPUT_UNSUPPORTED: "churnkit cannot read this file format.",
  VALUE_INVALID: "A value breaks the contract: wrong type, out of range, undeclared level, missing.",
  TARGET_INVALID: "The target does not have exactly two classes (or those of its contract), or a class never occurs.",
  TOO_FEW_ROWS: "There are too few rows for this operation.",
  FEATURES_INVALID: "A feature definition uses a missing column, or uses a column as the wrong kind.",
  OPTION_INVALID: "An option has an invalid value.",
  TRAINING_DIVERGED: "Training produced a loss that is not a number.",
  THREAD_FAILED: "A worker thread ended before its work was done.",
  CHECKPOINT_MISMATCH: "A checkpoint belongs to different data, settings or a different network.",
  BUNDLE_NOT_FOUND: "There is no bundle at that location.",
  BUNDLE_CORRUPT: "A file of the bundle is missing, was changed or cannot be parsed.",
  BUNDLE_VERSION: "The bundle was written in a format that this version cannot read.",
  BUNDLE_GOLDEN: "The loaded model does not reproduce its own golden scores, so it is not safe to serve.",
  ARCHIVE_UNSAFE: "An archive contains a path, link or size that is not allowed.",
  METRIC_UNDEFINED: "A statistic has no value for this input, such as an AUC over one class.",
  STORE_CONFLICT: "Someone else changed the object after it was read.",
  STORE_FAILED: "The object store could not be read or written.",
  REGISTRY_NOT_FOUND: "The registry has no such model, version or alias.",
  REGISTRY_REFUSED: "The registry does not allow this change, such as promoting a version that failed its gate.",
  REGISTRY_CORRUPT: "The registry's own record cannot be read.",
  SIGNATURE_MISMATCH: "A model's inputs or outputs do not match its consumer.",
  PEER_MISSING: "An optional package that this driver needs is not installed.",
  KERNEL_UNAVAILABLE: "The WebAssembly kernel cannot be compiled on this runtime.",
  REQUEST_INVALID: "A request to the server is malformed.",
  SERVICE_FAILED: "A prediction service could not be reached, kept failing, or gave a strange answer.",
  MODEL_NOT_READY: "The server has not loaded the model yet.",
  DEPLOY_FAILED: "A deployment did not become healthy; the previous one was kept.",
  AWS_FAILED: "AWS refused a call, or could not be reached.",
  PIPELINE_INVALID: "A pipeline's graph cannot run: an unknown job, an input of the wrong kind, a cycle of steps.",
  JOB_FAILED:
    "A job failed, was stopped or was not done in time; or a job of a pipeline threw an error without a code.",
  ARTIFACT_CORRUPT: "An artifact or record of a pipeline is missing from its store, or was changed.",
  STATE_CORRUPT: "The saved state of a monitor or a retraining policy cannot be read.",
  SINK_FAILED: "A metric sink did not take all points, or was closed.",
  IO_FAILED: "The operating system refused a read or write.",
  ACCESS_DENIED: "A request came without a valid API key, or with one for other routes.",
  TOO_BUSY: "The server refused a request because of a rate limit or its load, or gave up on it.",
} as const;

/** A stable, documented error code. */
export type ErrorCode = keyof typeof errorCodes;

/** Location of the problem, as far as it is known. Rows are 0-based data rows, as numbered in the file. */
export interface ErrorWhere {
  readonly file?: string | undefined;
  readonly row?: number | undefined;
  readonly column?: string | undefined;
  readonly value?: unknown;
  /** Path inside a JSON document or a schema. */
  readonly path?: string | undefined;
}

/** Marks the class across copies of the package. */
const marker = Symbol.for("churnkit.error");

/**
 * The one error class of churnkit. `code` is stable across versions; the message says what is wrong, where, and what
 * to do.
 *
 * @example
 * ```ts
 * import { ChurnkitError } from "churnkit";
 *
 * const error = new ChurnkitError("TARGET_INVALID", "The target holds one class only. Give rows of both.", {
 *   where: { column: "Churn" },
 * });
 * console.assert(ChurnkitError.isInstance(error) && error.code === "TARGET_INVALID");
 * ```
 */
export class ChurnkitError extends Error {
  declare readonly name: "ChurnkitError";
  readonly code: ErrorCode;
  readonly where: ErrorWhere;

  static {
    // On the prototype, so that the stack begins with the name and printing does not repeat it among the fields.
    Object.defineProperties(this.prototype, { name: { value: "ChurnkitError" }, [marker]: { value: true } });
  }

  constructor(code: ErrorCode, message: string, options: { where?: ErrorWhere; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.where = options.where ?? {};
  }

  /** `instanceof` works across copies too, because each entry of the package may bring its own. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isMarked(value);
  }

  /** True for a churnkit error, even one from another installed copy of the package. */
  static isInstance(value: unknown): value is ChurnkitError {
    return isMarked(value);
  }
}

// Outside the class: a bundler renames a class whose body uses its own name, and it would print under the new name.
function isMarked(value: unknown): boolean {
  return typeof value === "object" && value !== null && (value as Record<symbol, unknown>)[marker] === true;
}
