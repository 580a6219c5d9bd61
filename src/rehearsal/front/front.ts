import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { gunzipSync } from "node:zlib";
import { parseJson } from "../../base/json/index.js";
import type { VirtualClock } from "../clock.js";
import { AwsError } from "./aws-error.js";

/** A call of an AWS service. */
export interface AwsCall {
  /** The service's name in the request's signature: `monitoring`, `states`, `sagemaker`. */
  readonly service: string;
  readonly operation: string;
  /** The caller's access key. */
  readonly caller: string;
  /** Virtual milliseconds since 1970. */
  readonly time: number;
}

/** A service of the rehearsal: its operations by name, over plain JSON. */
export type Service = Readonly<Record<string, (input: never) => unknown>>;

export interface FrontOptions {
  readonly clock: VirtualClock;
  /** Our own services, by their name in signatures. */
  readonly services: Readonly<Record<string, Service>>;
  /** Where all other services are: the address of an emulator. */
  readonly others?: string | undefined;
  /** Is told each call; an error that it throws is the call's answer. */
  readonly onCall?: ((call: AwsCall, input: unknown) => void) | undefined;
}

/** An HTTP server that takes the requests of every AWS SDK client. */
export interface Front {
  /** For `AWS_ENDPOINT_URL`. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Bytes of a request to one of our own services, at most. */
const largestBody = 8 * 1024 * 1024;
const credentialPattern = /Credential=([^/,\s]+)\/\d+\/[^/]+\/([^/]+)\//;

/**
 * Starts the front: a request goes to one of our services by the name that its signature is made for, and otherwise to
 * the emulator. Signatures are not checked.
 */
export async function startFront(options: FrontOptions): Promise<Front> {
  const server = createServer((incoming, response) => {
    const answered = options.clock.during(() => answer(incoming, response, options));
    answered.catch((error: unknown) => fail(response, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(incoming: IncomingMessage, response: ServerResponse, options: FrontOptions): Promise<void> {
  const { clock, services, onCall } = options;
  const [, caller = "anonymous", name = "s3"] = credentialPattern.exec(incoming.headers.authorization ?? "") ?? [];
  const target = String(incoming.headers["x-amz-target"] ?? "");
  const own = Object.hasOwn(services, name) ? services[name] : undefined;
  const call = { service: name, caller, time: clock.now(), operation: target.replace(/^.*\./, "") };
  if (own === undefined) {
    onCall?.({ ...call, operation: call.operation || `${incoming.method} ${incoming.url}` }, undefined);
    return forward(incoming, response, options.others);
  }
  const run = Object.hasOwn(own, call.operation) ? own[call.operation] : undefined;
  const input = await inputOf(incoming);
  onCall?.(call, input);
  if (run === undefined)
    throw new AwsError("UnknownOperationException", `The rehearsal does not know ${name}:${call.operation || "?"}.`);
  const output = (await run(input as never)) ?? {};
  respond(response, 200, output, { "content-type": incoming.headers["content-type"] ?? "application/x-amz-json-1.1" });
}

async function inputOf(incoming: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    parts.push(part);
    size += part.length;
    if (size > largestBody) throw new AwsError("RequestEntityTooLargeException", "The request is too large.", 413);
  }
  const body = Buffer.concat(parts);
  try {
    const plain = incoming.headers["content-encoding"] === "gzip" ? unzipped(body) : body;
    return plain.length === 0 ? {} : parseJson(plain.toString("utf8"));
  } catch {
    throw new AwsError(
      "SerializationException",
      "The request is not JSON. The rehearsal takes the JSON protocols only.",
    );
  }
}

const unzipped = (body: Buffer): Buffer => gunzipSync(body, { maxOutputLength: largestBody });

function respond(response: ServerResponse, status: number, body: unknown, headers: Record<string, string>): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    ...headers,
    "x-amzn-requestid": "rehearsal",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}

function fail(response: ServerResponse, error: unknown): void {
  const { name, message, status } =
    error instanceof AwsError
      ? error
      : new AwsError("InternalFailure", error instanceof Error ? error.message : "", 500);
  if (response.headersSent) return void response.destroy();
  respond(
    response,
    status,
    { __type: name, message },
    { "content-type": "application/x-amz-json-1.1", "x-amzn-errortype": name },
  );
}

/** Passes a request on to the emulator, and its answer back, as they are. */
function forward(incoming: IncomingMessage, response: ServerResponse, others: string | undefined): Promise<void> {
  if (others === undefined)
    throw new AwsError("ServiceUnavailable", "This service needs the emulator, which the rehearsal runs without.", 503);
  const { hostname, port } = new URL(others);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers },
      (back) => {
        response.writeHead(back.statusCode ?? 502, back.headers);
        pipeline(back, response).then(resolve, reject);
      },
    );
    // Ends either way where a side hangs up, so that the clock does not wait for ever.
    pipeline(incoming, outgoing).catch(reject);
  });
}
