import type { IncomingMessage } from "node:http";
import { ChurnkitError } from "../../../base/errors.js";
import { tooLarge } from "../../http.js";

const declaredLength = (request: IncomingMessage): number => Number(request.headers["content-length"] ?? 0);

/**
 * Reads a request's body. Bytes after the limit are thrown away on arrival.
 *
 * @param begin called when the body is about to be read: the moment for "100 Continue".
 * @throws ChurnkitError INPUT_TOO_LARGE beyond the limit, REQUEST_INVALID when the client hangs up.
 */
export function readBody(request: IncomingMessage, limit: number, begin: () => void): Promise<Uint8Array> {
  if (declaredLength(request) > limit) return Promise.reject(tooLarge(limit));
  begin();
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else {
        chunks = [];
        reject(tooLarge(limit));
      }
    });
    request.once("end", () => {
      const [only] = chunks;
      resolve(only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks));
    });
    request.once("error", () => {
      reject(new ChurnkitError("REQUEST_INVALID", "The connection closed before the whole body arrived."));
    });
  });
}

/** A request's body as it arrives. @param begin as for {@link readBody}. @throws ChurnkitError REQUEST_INVALID when the client hangs up. */
export async function* bodyChunks(request: IncomingMessage, begin: () => void): AsyncGenerator<Uint8Array> {
  begin();
  try {
    // Not destroyed at an early end: the answer still has to be sent.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) yield chunk as Uint8Array;
  } catch (cause) {
    throw new ChurnkitError("REQUEST_INVALID", "The connection closed before the whole body arrived.", { cause });
  } finally {
    request.resume();
  }
}

/** Whether a body is still to come that is too large, or of unknown length, so that no other request can follow it. */
export function isWholeBodyAwaited(request: IncomingMessage, limit: number): boolean {
  if (request.complete) return false;
  return request.headers["transfer-encoding"] !== undefined || declaredLength(request) > limit;
}
