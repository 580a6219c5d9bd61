import { ChurnkitError } from "../../base/errors.js";
import { JsonRefused, parseJson } from "../../base/json/index.js";
import type { Contract } from "../../data/contract/index.js";
import { exactIdParser } from "../../data/read/index.js";
import type { ServeRequest } from "../http.js";

/** The records of a request, parsed once. */
export interface Sent {
  readonly request: ServeRequest;
  /** Length of the body. */
  readonly bytes: number;
  readonly records: readonly unknown[];
  /** The records read again, with every id of a contract that JSON rounds as the text that was sent. */
  readonly exactRecords: (contract: Contract) => readonly unknown[];
}

/**
 * Reads a body of JSON.
 *
 * @param recordsIn finds the records in the parsed body.
 * @throws ChurnkitError REQUEST_INVALID for a body that is empty or not JSON; the errors of `recordsIn`.
 */
export function sentJson(
  request: ServeRequest,
  body: Uint8Array,
  recordsIn: (value: unknown) => readonly unknown[],
): Sent {
  const text = textOf(body);
  return {
    request,
    bytes: body.length,
    records: recordsIn(jsonOf(text)),
    exactRecords: (contract) => recordsIn(exactIdParser(contract)(text)),
  };
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** The text of a body. */
export function textOf(body: Uint8Array): string {
  if (body.length === 0)
    throw new ChurnkitError("REQUEST_INVALID", "The body is empty. Send a JSON document, or lines of CSV or JSON.");
  try {
    return decoder.decode(body);
  } catch (cause) {
    throw new ChurnkitError("REQUEST_INVALID", "The body is not valid UTF-8. Send text in UTF-8, not compressed.", {
      cause,
    });
  }
}

/** The value of a JSON text. @param what names the text, for errors. */
export function jsonOf(text: string, what = "The body"): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    if (cause instanceof JsonRefused)
      throw new ChurnkitError("REQUEST_INVALID", `${what}'s JSON ${cause.message}.`, { cause });
    const reason = cause instanceof Error ? cause.message.slice(0, 200) : "unreadable";
    throw new ChurnkitError("REQUEST_INVALID", `${what} is not valid JSON (${reason}).`, { cause });
  }
}
