import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { gunzipSync } from "node:zlib";
import { parseJson } from "../../base/json/index.js";
import type { VirtualClock } from "../clock.js";
import { AwsError } from "./aws-error.js";
import { queryAnswer, queryError } from "./query.js";

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
    answered.catch((error: unknown) => fail(incoming, response, error));
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
  const body = await bodyOf(incoming);
  const form = isQuery(incoming) ? Object.fromEntries(new URLSearchParams(body.toString("utf8"))) : undefined;
  const operation = form?.["Action"] ?? call.operation;
  const input = form ?? jsonOf(body);
  onCall?.({ ...call, operation }, input);
  const run = Object.hasOwn(own, operation) ? own[operation] : undefined;
  if (run === undefined)
    throw new AwsError("UnknownOperationException", `The rehearsal does not know ${name}:${operation || "?"}.`);
  const output = (await run(input as never)) ?? {};
  if (form !== undefined)
    return respond(response, 200, queryAnswer(name, operation, output), { "content-type": "text/xml" });
  const type = incoming.headers["content-type"] ?? "application/x-amz-json-1.1";
  respond(response, 200, JSON.stringify(output), { "content-type": type });
}

/** Whether a request is in the query protocol, as those of STS, SNS and IAM. */
const isQuery = (incoming: IncomingMessage): boolean =>
  incoming.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true;

/** The body of a request, unpacked. */
async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    parts.push(part);
    size += part.length;
    if (size > largestBody) throw new AwsError("RequestEntityTooLargeException", "The request is too large.", 413);
  }
  const body = Buffer.concat(parts);
  if (incoming.headers["content-encoding"] !== "gzip") return body;
  try {
    return gunzipSync(body, { maxOutputLength: largestBody });
  } catch {
    throw new AwsError("SerializationException", "The request is not gzip.");
  }
}

function jsonOf(body: Buffer): unknown {
  try {
    return body.length === 0 ? {} : parseJson(body.toString("utf8"));
  } catch {
    throw new AwsError(
      "SerializationException",
      "The request is not JSON. The rehearsal takes the JSON protocols only.",
    );
  }
}

function respond(response: ServerResponse, status: number, text: string, headers: Record<string, string>): void {
  response.writeHead(status, {
    ...headers,
    "x-amzn-requestid": "rehearsal",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}

function fail(incoming: IncomingMessage, response: ServerResponse, error: unknown): void {
  const { name, message, status } =
    error instanceof AwsError
      ? error
      : new AwsError("InternalFailure", error instanceof Error ? error.message : "", 500);
  if (response.headersSent) return void response.destroy();
  if (isQuery(incoming)) return respond(response, status, queryError(name, message), { "content-type": "text/xml" });
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amzn-errortype": name };
  respond(response, status, JSON.stringify({ __type: name, message }), headers);
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
