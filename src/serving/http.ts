import type { ErrorCode } from "../base/errors.js";

/** A request as the handler sees it, whatever carried it. */
export interface ServeRequest {
  readonly method: string;
  /** The path without query, e.g. `/predict`. */
  readonly path: string;
  /** The body, already read and within the size limit; empty for GET. */
  readonly body: Uint8Array;
}

/** An answer for the carrier to send. */
export interface ServeResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a failed request answers: always JSON, never a stack trace. */
export interface ErrorBody {
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly issues?: readonly { readonly column: string; readonly rule: string; readonly message: string }[];
  };
}

/** A JSON answer. */
export function json(status: number, value: unknown, headers: Record<string, string> = {}): ServeResponse {
  return { status, headers: { "content-type": "application/json; charset=utf-8", ...headers }, body: JSON.stringify(value) };
}

/** An error answer. */
export function failure(status: number, code: ErrorCode, message: string, issues?: ErrorBody["error"]["issues"]): ServeResponse {
  const body: ErrorBody = { error: { code, message, ...(issues ? { issues } : {}) } };
  return json(status, body);
}
