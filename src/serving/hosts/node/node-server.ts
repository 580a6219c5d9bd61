import { createServer, type Server } from "node:http";
import { createServer as createSecureServer, type ServerOptions } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { ChurnkitError } from "../../../base/errors.js";
import { checkCertificate, type Certificate } from "../certificate.js";
import { closeGently } from "./node-close.js";
import { listener, type NodeListener } from "./node-listener.js";
import { refuseUnreadable } from "./node-refusal.js";
import { usualBodyBytes, type Handler } from "../../http.js";

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
  /**
   * Certificate chain and private key, PEM: the server then speaks HTTPS alone. With `clientCa`, certificates of authorities, a client
   * has to show a certificate that one of them signed (mutual TLS).
   */
  readonly tls?: Certificate | undefined;
  /** Most connections at once; further ones are closed as they come. Default: as many as the system allows. */
  readonly maxConnections?: number | undefined;
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

/**
 * Puts a handler on node:http, or on node:https with a certificate.
 *
 * @throws ChurnkitError IO_FAILED when the port is not available, OPTION_INVALID for an option out of range and for a certificate
 * that is not valid or does not fit its key.
 */
export async function listen(handler: Handler, options: NodeServerOptions = {}): Promise<NodeServer> {
  const { port = 8080, host = "127.0.0.1", maxBodyBytes = usualBodyBytes } = options;
  const { headersTimeout = 10_000, requestTimeout = 30_000, closeTimeout = 5000, tls, maxConnections } = options;
  check({ port }, 0, 65_535);
  check(
    { maxBodyBytes, headersTimeout, requestTimeout, closeTimeout, maxConnections: maxConnections ?? 1 },
    1,
    2 ** 31 - 1,
  );
  const settings = {
    headersTimeout: Math.min(headersTimeout, requestTimeout),
    requestTimeout,
    connectionsCheckingInterval: Math.min(1000, Math.ceil(headersTimeout / 2)),
    keepAliveTimeout,
    maxHeaderSize: 16_384,
  };
  const server = tls === undefined ? createServer(settings) : secured(settings, tls);
  // A client that stops reading its answer is disconnected as well.
  server.timeout = 2 * requestTimeout;
  let closed: Promise<void> | undefined;

  const serve = (expectsContinue: boolean): NodeListener =>
    listener(handler, { maxBodyBytes, expectsContinue, isClosing: () => closed !== undefined });
  server.on("request", serve(false));
  server.on("checkContinue", serve(true));
  server.on("clientError", refuseUnreadable);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    // Not by the server's own maxConnections: in a cluster, Node hands what a full worker refuses from one to the next for ever.
    if (maxConnections !== undefined && sockets.size >= maxConnections) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await started(server, port, host);
  const address = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${address.port}`,
    port: address.port,
    close: () => (closed ??= closeGently(server, sockets, closeTimeout)),
  };
}

function secured(settings: ServerOptions, tls: Certificate): Server {
  checkCertificate(tls);
  const { cert, key, clientCa } = tls;
  const clients = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true };
  return createSecureServer({ ...settings, cert, key, ...clients });
}

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
      const message =
        cause.code === "EADDRNOTAVAIL"
          ? `${host} is not an address of this machine. Take 127.0.0.1, or 0.0.0.0 for all of its addresses.`
          : `Port ${port} on ${host} ${reason}. Pick another, or 0 for a free one.`;
      reject(new ChurnkitError("IO_FAILED", message, { cause }));
    });
    server.listen(port, host, resolve);
  });
}
