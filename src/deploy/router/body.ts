import type { IncomingMessage, ServerResponse } from "node:http";
import { ChurnkitError } from "../../base/errors.js";
import { parseJson } from "../../base/json/index.js";
import type { Buffered } from "./forward.js";

const longestBody = 8 * 2 ** 20;

/** A member of a parsed value, if it is an object that has it. */
const memberOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;

/** A parsed body; undefined where it is not JSON. */
function parsed(body: Buffer): unknown {
  try {
    return parseJson(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

/**
 * What decides which version scores a body.
 *
 * @param by the member of its first record; without it, or where the record has none, the whole body decides.
 */
export function keyOf(body: Buffer, by: string | undefined): string {
  const text = body.toString("utf8");
  if (by === undefined || !text.includes(`"${by}"`)) return text;
  const given = parsed(body);
  const records: unknown = memberOf(given, "records") ?? given;
  const value = memberOf(Array.isArray(records) ? records[0] : records, by);
  return typeof value === "string" || typeof value === "number" ? String(value) : text;
}

/** Probabilities in an answer of `churnkit serve`, to one record or to a batch; none in any other. */
export function scoresIn(body: Buffer): number[] {
  const answer = parsed(body);
  const predictions = memberOf(answer, "predictions");
  const entries: readonly unknown[] = Array.isArray(predictions) ? predictions : [answer];
  return entries.flatMap((entry) => {
    const probability = memberOf(entry, "probability");
    return typeof probability === "number" && probability >= 0 && probability <= 1 ? [probability] : [];
  });
}

/**
 * Reads a request.
 *
 * @throws ChurnkitError INPUT_TOO_LARGE beyond 8 MiB.
 */
export async function buffered(request: IncomingMessage): Promise<Buffered> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > longestBody)
      throw new ChurnkitError("INPUT_TOO_LARGE", `The body is longer than ${longestBody} bytes. Send less at once.`);
    parts.push(part);
  }
  return {
    method: request.method ?? "GET",
    path: request.url ?? "/",
    headers: request.headers,
    body: Buffer.concat(parts),
  };
}

/** Answers without a server's answer, in the form that servers use. */
export function refuse(response: ServerResponse, error: unknown): void {
  const tooLarge = ChurnkitError.isInstance(error) && error.code === "INPUT_TOO_LARGE";
  const [status, code, message] = tooLarge
    ? [413, error.code, error.message]
    : [502, "SERVICE_FAILED", "No server could be reached. Try again."];
  response
    .writeHead(status, { "content-type": "application/json", connection: "close" })
    .end(JSON.stringify({ error: { code, message } }));
}
