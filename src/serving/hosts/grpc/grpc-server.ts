import type { sendUnaryData, ServerCredentials, ServerUnaryCall, UntypedServiceImplementation } from "@grpc/grpc-js";
import { ChurnkitError } from "../../../base/errors.js";
import { parseJson } from "../../../base/json/index.js";
import { joinBinary, splitBinary } from "../../bodies/index.js";
import { callerFailure, usualBodyBytes, type Handler, type ServeRequest, type ServeResponse } from "../../http.js";
import { checkCertificate, type Certificate } from "../certificate.js";
import { inferenceMessages } from "./inference-messages.js";
import { calls, type Members, type Translation } from "./inference-calls.js";

/** Options of {@link listenGrpc}. */
export interface GrpcServerOptions {
  /** 0 picks a free port. Default 8081. */
  readonly port?: number | undefined;
  /** Default 127.0.0.1: reachable from this machine only. */
  readonly host?: string | undefined;
  /** Largest message in bytes. Default 4 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /** Certificate chain and private key, PEM: the server then takes calls over TLS alone. With `clientCa` as in {@link listen}. */
  readonly tls?: Certificate | undefined;
  /** Milliseconds that `close` waits for calls under way. Default 5,000. */
  readonly closeTimeout?: number | undefined;
}

/** A gRPC server that listens. */
export interface GrpcServer {
  readonly port: number;
  /** Stops accepting calls, waits for those under way (for `closeTimeout` at most), then closes. */
  close(): Promise<void>;
}

/**
 * Puts a handler behind gRPC: the Open Inference Protocol's `GRPCInferenceService`. Each call becomes a request to the handler's
 * `/v2` routes, with the call's metadata as headers, so middleware, metrics and monitors see it.
 *
 * @throws ChurnkitError PEER_MISSING without the packages `@grpc/grpc-js` and `@grpc/proto-loader`, IO_FAILED when the port cannot
 * be had, OPTION_INVALID for a certificate that cannot be used.
 * @example
 * ```ts
 * import { loadBundle } from "churnkit/model";
 * import { createHandler, listenGrpc } from "churnkit/serving";
 *
 * const { scorer } = await loadBundle("model");
 * const handler = createHandler({ scorer, name: "churn", version: "1", source: "local" });
 * const server = await listenGrpc(handler, { port: 0 });
 * await server.close();
 * ```
 */
export async function listenGrpc(handler: Handler, options: GrpcServerOptions = {}): Promise<GrpcServer> {
  const { port = 8081, host = "127.0.0.1", maxBodyBytes = usualBodyBytes, closeTimeout = 5000, tls } = options;
  const { Server, ServerCredentials, fromJSON } = await packages();
  const definition = fromJSON(inferenceMessages as Parameters<typeof fromJSON>[0], {
    keepCase: true,
    longs: Number,
    defaults: true,
  });
  const service = definition["inference.GRPCInferenceService"];
  const server = new Server({ "grpc.max_receive_message_length": maxBodyBytes });
  server.addService(service as Parameters<typeof server.addService>[0], implementation(handler, maxBodyBytes));
  const credentials =
    tls === undefined ? ServerCredentials.createInsecure() : ServerCredentials.createSsl(...secured(tls));
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${host.includes(":") ? `[${host}]` : host}:${port}`, credentials, (cause, found) => {
      if (cause === null) resolve(found);
      else
        reject(new ChurnkitError("IO_FAILED", `Port ${port} on ${host} cannot be used (${cause.message}).`, { cause }));
    });
  });
  return {
    port: bound,
    close: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.forceShutdown(), closeTimeout);
        server.tryShutdown(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}

function secured(tls: Certificate): Parameters<typeof ServerCredentials.createSsl> {
  checkCertificate(tls);
  const { cert, key, clientCa } = tls;
  return [
    clientCa === undefined ? null : Buffer.from(clientCa),
    [{ cert_chain: Buffer.from(cert), private_key: Buffer.from(key) }],
    clientCa !== undefined,
  ];
}

async function packages() {
  try {
    const [{ Server, ServerCredentials }, { fromJSON }] = await Promise.all([
      import("@grpc/grpc-js"),
      import("@grpc/proto-loader"),
    ]);
    return { Server, ServerCredentials, fromJSON };
  } catch (cause) {
    const message = "gRPC needs two packages. Install them: npm install @grpc/grpc-js @grpc/proto-loader";
    throw new ChurnkitError("PEER_MISSING", message, { cause });
  }
}

type Call = ServerUnaryCall<Members, Members>;

function implementation(handler: Handler, maxBodyBytes: number): UntypedServiceImplementation {
  const answer = async (call: Call, translate: (message: Members) => Translation): Promise<Members> => {
    const translation = translate(call.request);
    const { path, answered } = translation;
    const response = await handler(requestOf(call, translation, maxBodyBytes));
    const { json, binary } = splitBinary(response.headers, await bytesOf(response));
    const value = parseJson(new TextDecoder().decode(json)) as Members;
    // Not ready is an answer here, no error.
    const isReadiness = path.endsWith("/ready") && [400, 404, 503].includes(response.status);
    if (isReadiness) return { ready: false };
    if (response.status !== 200) throw Object.assign(new Error(messageIn(value)), { status: response.status });
    return answered(value, binary);
  };
  return Object.fromEntries(
    Object.entries(calls).map(([name, translate]) => [
      name,
      (call: Call, done: sendUnaryData<Members>) => {
        answer(call, translate).then(
          (value) => done(null, value),
          (error: unknown) => done(statusOf(error)),
        );
      },
    ]),
  );
}

function requestOf(call: Call, { path, body, tensors = [] }: Translation, maxBodyBytes: number): ServeRequest {
  const metadata = Object.entries(call.metadata.getMap()).filter(([, value]) => typeof value === "string");
  const { headers, body: bytes } = body === undefined ? noBody : joinBinary(body, tensors);
  return {
    method: body === undefined ? "GET" : "POST",
    path,
    query: "",
    headers: { ...(Object.fromEntries(metadata) as Record<string, string>), ...headers, "content-encoding": undefined },
    address: /^(?:ipv[46]:)?\[?(.+?)\]?:\d+$/.exec(call.getPeer())?.[1],
    body: () => bytes,
    maxBodyBytes,
  };
}

const noBody = { headers: {}, body: new Uint8Array() };

async function bytesOf({ body }: ServeResponse): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  if (typeof body === "string") return Buffer.from(body);
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(typeof piece === "string" ? Buffer.from(piece) : piece);
  return Buffer.concat(pieces);
}

function messageIn({ error }: Members): string {
  if (typeof error === "string") return error;
  return typeof error === "object" && error !== null && "message" in error ? String(error.message) : "It failed.";
}

/** Codes of gRPC for the statuses of HTTP. */
const codes: ReadonlyMap<number, number> = new Map([
  [400, 3],
  [401, 16],
  [403, 7],
  [404, 5],
  [413, 8],
  [422, 3],
  [429, 8],
  [503, 14],
]);
const internal = 13;

function statusOf(error: unknown): { readonly code: number; readonly details: string } {
  const refused = callerFailure(error);
  if (refused !== undefined)
    return { code: codes.get(refused.status) ?? internal, details: messageIn(parseJson(refused.body) as Members) };
  const status = error instanceof Error && "status" in error ? Number(error.status) : 500;
  return {
    code: codes.get(status) ?? internal,
    details: error instanceof Error && status !== 500 ? error.message : "The server failed.",
  };
}
