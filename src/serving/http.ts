import { ChurnkitError, type ErrorCode } from "../base/errors.js";
import type { CellIssue } from "../data/contract/index.js";

/**
 * A request as the handler sees it, whatever its carrier. Smaller than Fetch's `Request`, which costs more to build
 * than a score.
 */
export interface ServeRequest {
  readonly method: string;
  /** The path without query, e.g. `/predict`. */
  readonly path: string;
  /** Text after the question mark, or `""`: `new URLSearchParams(query)` reads it. */
  readonly query: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** IP address of the other end of the connection, if the carrier knows it. Behind a proxy it is the proxy's. */
  readonly address?: string | undefined;
  /** Name of the API key that the request was sent with, once `apiKeys` has accepted it. */
  readonly caller?: string | undefined;
  /** Takes members for the request's line in the log, where there is one: a middleware may add its own. */
  readonly logged?: Record<string, unknown> | undefined;
  /**
   * Reads the body. Called at most once, and only if a route takes one.
   *
   * @throws ChurnkitError INPUT_TOO_LARGE beyond the carrier's limit, REQUEST_INVALID when it never arrives
   * completely.
   */
  readonly body: () => Uint8Array | Promise<Uint8Array>;
  /**
   * Reads the body as it arrives, whatever its length, instead of `body`. Absent where the carrier gets requests whole.
   *
   * @throws ChurnkitError REQUEST_INVALID when it never arrives whole.
   */
  readonly chunks?: (() => AsyncIterable<Uint8Array>) | undefined;
  /** The carrier's limit on a body, which holds for one that was compressed as well. Default 4 MiB. */
  readonly maxBodyBytes?: number | undefined;
}

/** An answer for the carrier to send. */
export interface ServeResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Text, bytes, or pieces of either that are sent as they come. */
  readonly body: string | Uint8Array | AsyncIterable<string | Uint8Array>;
}

/** An answer whose body is text. */
export interface TextResponse extends ServeResponse {
  readonly body: string;
}

/** Maps a request to its answer. */
export type Handler = (request: ServeRequest) => Promise<ServeResponse>;

/**
 * A function around the handler: it may answer directly, change the request or the answer, or inspect both.
 *
 * @example
 * ```ts
 * import type { Middleware } from "churnkit/serving";
 *
 * const key = "a long secret";
 * const requireKey: Middleware = (next) => async (request) =>
 *   request.path === "/health" || request.headers["x-api-key"] === key
 *     ? next(request)
 *     : { status: 401, headers: { "content-type": "text/plain" }, body: "Send x-api-key." };
 * // createHandler(model, { middleware: [requireKey] });
 * ```
 */
export type Middleware = (next: Handler) => Handler;

/** Error of a request or of one record of a batch; `issues` names the columns. */
export interface RequestProblem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly issues?: readonly CellIssue[];
}

/** Answer to a failed request: always JSON, never a stack trace. */
export interface ErrorBody {
  readonly error: RequestProblem;
}

/**
 * Headers of every answer: scores are about people, so caches must not keep them, and browsers must not read JSON as
 * another type.
 */
export const commonHeaders = { "cache-control": "no-store", "x-content-type-options": "nosniff" } as const;

const jsonHeaders = { "content-type": "application/json; charset=utf-8", ...commonHeaders } as const;

/** A JSON answer. */
export const json = (status: number, value: unknown, headers?: Readonly<Record<string, string>>): TextResponse =>
  jsonText(status, JSON.stringify(value), headers);

/** An answer that is JSON text already. */
export const jsonText = (status: number, body: string, headers?: Readonly<Record<string, string>>): TextResponse => ({
  status,
  headers: headers ? { ...jsonHeaders, ...headers } : jsonHeaders,
  body,
});

/** An error answer. */
export function failure(
  status: number,
  error: RequestProblem,
  headers?: Readonly<Record<string, string>>,
): TextResponse {
  const body: ErrorBody = { error };
  return json(status, body, headers);
}

/** The same answer with more headers. */
export const withHeaders = (
  { status, headers, body }: ServeResponse,
  more: Readonly<Record<string, string>>,
): ServeResponse => ({ status, headers: { ...headers, ...more }, body });

/** Errors that a caller can cause, by itself or with others. Any other error is the server's own, and its message stays inside. */
const callerErrors: ReadonlyMap<ErrorCode, number> = new Map<ErrorCode, number>([
  ["REQUEST_INVALID", 400],
  ["INPUT_TOO_LARGE", 413],
  ["VALUE_INVALID", 422],
  ["TOO_BUSY", 503],
]);

/** Returns the answer to a thrown error, or undefined if the request was not at fault. */
export function callerFailure(error: unknown): TextResponse | undefined {
  if (!ChurnkitError.isInstance(error)) return undefined;
  const { code, message } = error;
  const status = callerErrors.get(code);
  if (status === undefined) return undefined;
  return failure(status, { code, message }, status === 503 ? { "retry-after": "1" } : undefined);
}

/** The answer to an error of the server itself, which tells nothing of its cause. */
export const serverFailure = failure(500, {
  code: "IO_FAILED",
  message: "The server failed to answer; the request was not at fault.",
});

/** The refusal of a body above a carrier's limit. */
export const tooLarge = (limit: number): ChurnkitError =>
  new ChurnkitError("INPUT_TOO_LARGE", `The body is larger than ${limit} bytes. Send fewer records at a time.`);

/** Largest body that a carrier accepts by default. */
export const usualBodyBytes = 4 * 1024 * 1024;
