import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { serverFailure, usualBodyBytes, type Handler, type ServeRequest, type ServeResponse } from "../../http.js";
import { bodyChunks, isWholeBodyAwaited, readBody } from "./node-body.js";
import { compressed } from "./node-compress.js";

/** A listener of `node:http`'s requests. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => void;

/** How long a client's remaining bytes are discarded after its request was refused, so that it can read the refusal. */
const lingerMilliseconds = 1000;

/**
 * Adapts a handler for `node:http` and what is built on it: Express and Connect take it as a middleware, Next.js as an API route.
 * Where a body parser before it has taken the body, it uses the parser's result.
 *
 * @param maxBodyBytes largest request body; 4 MiB by default.
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { loadBundle } from "churnkit/model";
 * import { createHandler, nodeListener } from "churnkit/serving";
 *
 * const { scorer } = await loadBundle("model");
 * const churn = nodeListener(createHandler({ scorer, name: "churn", version: "1", source: "local" }));
 * // In Express: app.use("/churn", churn);
 * const server = createServer(churn).listen(0, () => server.close());
 * ```
 */
export const nodeListener = (
  handler: Handler,
  { maxBodyBytes = usualBodyBytes }: { readonly maxBodyBytes?: number } = {},
): NodeListener => listener(handler, { maxBodyBytes });

/** The listener of a server of our own, which answers `Expect: 100-continue` itself and closes. */
export function listener(
  handler: Handler,
  {
    maxBodyBytes,
    expectsContinue = false,
    isClosing = () => false,
  }: { readonly maxBodyBytes: number; readonly expectsContinue?: boolean; readonly isClosing?: () => boolean },
): NodeListener {
  return (request, response) => {
    const begin = (): void => {
      if (expectsContinue) response.writeContinue();
    };
    const parsed = parsedBody(request);
    const reading = {
      maxBodyBytes,
      body: parsed === undefined ? () => readBody(request, maxBodyBytes, begin) : () => parsed,
      ...(parsed === undefined ? { chunks: () => bodyChunks(request, begin) } : {}),
    };
    const answer = (result: ServeResponse): void => {
      const awaited = isWholeBodyAwaited(request, maxBodyBytes);
      // A client that was not told to continue may or may not send its body, so nothing after it can be parsed.
      const unasked = expectsContinue && !request.complete;
      if (awaited || unasked || isClosing()) response.setHeader("connection", "close");
      send(request, response, result, awaited && !unasked);
    };
    const encode = (result: ServeResponse): void | Promise<void> => {
      const encoded = compressed(request, result);
      return encoded instanceof Promise ? encoded.then(answer) : answer(encoded);
    };
    // A parser has decompressed the body as well.
    const headers = parsed === undefined ? request.headers : { ...request.headers, "content-encoding": undefined };
    handler(requestFrom(request, headers, reading))
      .then(encode)
      .catch(() => answer(serverFailure));
  };
}

/**
 * The body as a parser of Express left it: bytes, text, or a JSON value, which is written again. Undefined where nobody has read
 * the request: Express 4 sets an empty object for bodies that its parser leaves alone.
 */
function parsedBody(request: IncomingMessage): Uint8Array | undefined {
  const { body } = request as { readonly body?: unknown };
  if (body === undefined || !request.readableDidRead) return undefined;
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
}

function requestFrom(
  { method = "GET", url = "/", socket }: IncomingMessage,
  headers: IncomingMessage["headers"],
  reading: Pick<ServeRequest, "body" | "chunks" | "maxBodyBytes">,
): ServeRequest {
  const mark = url.indexOf("?");
  return {
    method,
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? "" : url.slice(mark + 1),
    // Node makes a list only of set-cookie, which has no meaning in a request.
    headers: headers as ServeRequest["headers"],
    address: socket.remoteAddress,
    ...reading,
  };
}

function send(request: IncomingMessage, response: ServerResponse, result: ServeResponse, linger: boolean): void {
  const { body } = result;
  if (typeof body !== "string" && !(body instanceof Uint8Array)) {
    // The iterator's end is that of the answer, and its error cuts the connection: the caller must not take a part for all.
    response.writeHead(result.status, result.headers);
    // It begins even for a client that is gone: the end of the iterator may be waited for.
    pipeline(Readable.from(request.method === "HEAD" ? [] : body), response).catch(() => response.destroy());
    return;
  }
  if (response.destroyed) return;
  response.writeHead(result.status, { ...result.headers, "content-length": Buffer.byteLength(body) });
  if (!linger) {
    response.end(body);
    return;
  }
  // Closing at once would reset the connection while the client still sends, and it would never see the answer.
  response.write(body);
  const end = (): void => void response.end();
  const timer = setTimeout(end, lingerMilliseconds);
  request.once("close", () => {
    clearTimeout(timer);
    end();
  });
  request.resume();
}
