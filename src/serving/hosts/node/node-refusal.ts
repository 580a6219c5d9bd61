import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { failure, type TextResponse } from "../../http.js";

const refusals: ReadonlyMap<string, TextResponse> = new Map([
  ["HPE_HEADER_OVERFLOW", failure(431, { code: "INPUT_TOO_LARGE", message: "The headers are larger than 16 KiB." })],
  [
    "ERR_HTTP_REQUEST_TIMEOUT",
    failure(408, { code: "REQUEST_INVALID", message: "The request did not arrive in time." }),
  ],
]);
const unreadable = failure(400, { code: "REQUEST_INVALID", message: "This is not a readable HTTP request." });

/** Answers input that never became a request (bad syntax, too slow, headers too large) and hangs up. */
export function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  // A connection that somebody opened in advance: an answer to no question would be taken for one to the next. Its own time limit ends it.
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT" && (socket as Socket).bytesRead === 0) return;
  const { status, headers, body } = refusals.get(error.code ?? "") ?? unreadable;
  const head = Object.entries({ ...headers, "content-length": Buffer.byteLength(body), connection: "close" });
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    ...head.map(([name, value]) => `${name}: ${value}`),
    "",
    body,
  ];
  socket.end(lines.join("\r\n"), () => socket.destroy());
}
