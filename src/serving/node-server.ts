import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ChurnkitError } from "../base/errors.js";
import type { Handler } from "./handler.js";
import { failure, type ServeResponse } from "./http.js";

export interface NodeServerOptions {
  /** 0 picks a free port. Default 8080. */
  readonly port?: number;
  /** Default 127.0.0.1: reachable from this machine only. */
  readonly host?: string;
  /** Largest request body in bytes. Default 4 MiB. */
  readonly maxBodyBytes?: number;
}

/** A server that listens. */
export interface NodeServer {
  readonly url: string;
  readonly port: number;
  /** Stops taking requests, lets those under way finish, then closes. */
  close(): Promise<void>;
}

/**
 * Puts a handler on node:http.
 *
 * @throws ChurnkitError IO_FAILED when the port cannot be had.
 */
export async function listen(handler: Handler, options: NodeServerOptions = {}): Promise<NodeServer> {
  const { port = 8080, host = "127.0.0.1", maxBodyBytes = 4 * 1024 * 1024 } = options;
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000, maxHeaderSize: 16_384 }, (request, response) => {
    answer(handler, request, maxBodyBytes).then(
      (result) => send(response, result),
      () => send(response, failure(500, "IO_FAILED", "The request could not be answered.")),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) =>
      reject(new ChurnkitError("IO_FAILED", `Port ${port} on ${host} cannot be used (${cause.code ?? cause.message}). Pick another port.`, { cause })),
    );
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  const shown = host.includes(":") ? `[${host}]` : host;
  return {
    url: `http://${shown}:${address.port}`,
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}

async function answer(handler: Handler, request: IncomingMessage, maxBodyBytes: number): Promise<ServeResponse> {
  const body = await readBody(request, maxBodyBytes);
  if (!body) {
    return { ...failure(413, "INPUT_TOO_LARGE", `The body is larger than ${maxBodyBytes} bytes. Send fewer records at a time.`) };
  }
  const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
  return handler({ method: request.method ?? "GET", path, body });
}

async function readBody(request: IncomingMessage, limit: number): Promise<Uint8Array | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > limit) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, result: ServeResponse): void {
  if (response.destroyed) return;
  // A body that was refused unread cannot be followed by another request on the same connection.
  if (result.status === 413) response.setHeader("connection", "close");
  response.writeHead(result.status, { ...result.headers, "content-length": Buffer.byteLength(result.body) });
  response.end(result.body);
}
