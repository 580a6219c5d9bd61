import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ChurnkitError } from "../../../base/errors.js";
import { closeGently } from "./node-close.js";
import { compressed } from "./node-compress.js";
import { bodyChunks, isWholeBodyAwaited, readBody } from "./node-body.js";
import { refuseUnreadable } from "./node-refusal.js";
import { failure, usualBodyBytes, type Handler, type ServeRequest, type ServeResponse } from "../../http.js";

/** Address and limits of {@link listen}. */
export interface NodeServerOptions {
  /** 0 picks a free port. Default 8080. */
  readonly port?: number;
  /** Default 127.0.0.1: reachable from this machine only. */
  readonly host?: string;
  /** Largest request body in bytes. Default 4 MiB. */
  readonly maxBodyBytes?: number;
  /** Milliseconds in which a client must have sent its headers. Default 10,000. */
  readonly headersTimeout?: number;
  /** Milliseconds in which a client must have sent its whole request. Default 30,000. */
  readonly requestTimeout?: number;
  /** Milliseconds that {@link NodeServer.close} waits for requests under way. Default 5,000. */
  readonly closeTimeout?: number;
}

/** A server that listens. */
export interface NodeServer {
  readonly url: string;
  readonly port: number;
  /** Stops accepting requests, waits for those under way (for `closeTimeout` at most), then closes. */
  close(): Promise<void>;
}

/** Longer than the 60 s of common load balancers, because they must hang up first. */
const keepAliveTimeout = 65_000;
/** How long a client's remaining bytes are discarded after its request was refused, so that it can read the refusal. */
const lingerMilliseconds = 1000;

/**
 * Puts a handler on node:http.
 *
 * @throws ChurnkitError IO_FAILED when the port is not available, OPTION_INVALID for an option out of range.
 */
export async function listen(handler: Handler, options: NodeServerOptions = {}): Promise<NodeServer> {
  const { port = 8080, host = "127.0.0.1", maxBodyBytes = usualBodyBytes } = options;
  const { headersTimeout = 10_000, requestTimeout = 30_000, closeTimeout = 5000 } = options;
  check({ port }, 0, 65_535);
  check({ maxBodyBytes, headersTimeout, requestTimeout, closeTimeout }, 1, 2 ** 31 - 1);
  const server = createServer({
    headersTimeout: Math.min(headersTimeout, requestTimeout),
    requestTimeout,
    connectionsCheckingInterval: Math.min(1000, Math.ceil(headersTimeout / 2)),
    keepAliveTimeout,
    maxHeaderSize: 16_384,
  });
  // A client that stops reading its answer is disconnected as well.
  server.timeout = 2 * requestTimeout;
  let closed: Promise<void> | undefined;

  const serve =
    (expectsContinue: boolean) =>
    (request: IncomingMessage, response: ServerResponse): void => {
      const begin = (): void => {
        if (expectsContinue) response.writeContinue();
      };
      const reading = {
        maxBodyBytes,
        body: () => readBody(request, maxBodyBytes, begin),
        chunks: () => bodyChunks(request, begin),
      };
      const answer = (result: ServeResponse): void => {
        const awaited = isWholeBodyAwaited(request, maxBodyBytes);
        // A client that was not told to continue may or may not send its body, so nothing after it can be parsed.
        const unasked = expectsContinue && !request.complete;
        if (awaited || unasked || closed) response.setHeader("connection", "close");
        send(request, response, result, awaited && !unasked);
      };
      const encode = (result: ServeResponse): void | Promise<void> => {
        const encoded = compressed(request, result);
        return encoded instanceof Promise ? encoded.then(answer) : answer(encoded);
      };
      handler(requestFrom(request, reading))
        .then(encode)
        .catch(() => answer(unanswered));
    };
  server.on("request", serve(false));
  server.on("checkContinue", serve(true));
  server.on("clientError", refuseUnreadable);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await started(server, port, host);
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`,
    port: address.port,
    close: () => (closed ??= closeGently(server, sockets, closeTimeout)),
  };
}

const unanswered = failure(500, { code: "IO_FAILED", message: "The request could not be answered." });

function check(numbers: Readonly<Record<string, number>>, least: number, most: number): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    throw new ChurnkitError("OPTION_INVALID", `${name} must be a whole number from ${least} to ${most}, not ${value}.`);
  }
}

function started(server: Server, port: number, host: string): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    // The listener stays: an error of a listening server, such as too many open files, must not end the process.
    server.on("error", (cause: NodeJS.ErrnoException) => {
      const reason =
        cause.code === "EADDRINUSE" ? "is already in use" : `cannot be used (${cause.code ?? cause.message})`;
      reject(
        new ChurnkitError("IO_FAILED", `Port ${port} on ${host} ${reason}. Pick another, or 0 for a free one.`, {
          cause,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
}

function requestFrom(
  { method = "GET", url = "/", headers, socket }: IncomingMessage,
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
  if (response.destroyed) return;
  const { body } = result;
  if (typeof body !== "string" && !(body instanceof Uint8Array)) {
    // The iterator's end is that of the answer, and its error cuts the connection: the caller must not take a part for all.
    response.writeHead(result.status, result.headers);
    pipeline(Readable.from(request.method === "HEAD" ? [] : body), response).catch(() => response.destroy());
    return;
  }
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
