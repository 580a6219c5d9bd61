import { createServer, request, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { gunzipSync } from "node:zlib";
import type { VirtualClock } from "../clock.js";
import { AwsError, innerJson } from "./aws-error.js";
import { queryAnswer, queryError, s3Error } from "./query.js";
import { isQuery, readRequest, type Protocol } from "./request.js";
import type { ServiceModels } from "./shapes/model.js";
import { restAnswer, type RestModel } from "./rest.js";

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
  /** How those of them that are REST services read and answer. */
  readonly rest?: Readonly<Record<string, RestModel>> | undefined;
  /** Which of their calls are answered here; the emulator has the others. Default: all. */
  readonly isOurs?: ((service: string, input: unknown) => boolean) | undefined;
  /** Where all other services are: the address of an emulator. */
  readonly others?: string | undefined;
  /** AWS's models, by which requests of some protocols are read. */
  readonly models?: ServiceModels | undefined;
  /** Is told what S3 answered to a request. */
  readonly onS3?: ((answered: AnsweredS3) => void) | undefined;
  /** Is told each call; an error that it throws is the call's answer. */
  readonly onCall?: ((call: AwsCall, input: unknown, protocol?: Protocol) => void) | undefined;
}

/** A request that S3 has answered. */
export interface AnsweredS3 {
  readonly method: string;
  readonly url: string;
  /** Of a request about notifications; otherwise empty. */
  readonly body: string;
  /** Headers of the request. */
  readonly asked: IncomingHttpHeaders;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** An HTTP server that takes the requests of every AWS SDK client. */
export interface Front {
  /** For `AWS_ENDPOINT_URL`. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Bytes of a request to one of our own services, at most, and to the emulator, where a function's code is the largest. */
const largest = { own: 8 * 1024 * 1024, other: 80 * 1024 * 1024 };
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
  const { clock, services, models, rest, onCall, isOurs = () => true } = options;
  const { caller, name } = serviceOf(incoming);
  const own = Object.hasOwn(services, name) ? services[name] : undefined;
  const call = { service: name, caller, time: clock.now() };
  if (own === undefined && name === "s3") {
    onCall?.({ ...call, operation: `${incoming.method} ${incoming.url}` }, undefined);
    return forwardS3(incoming, response, options);
  }
  const limit = own === undefined ? largest.other : largest.own;
  const body = await bodyOf(incoming, limit);
  const request = readRequest(name, incoming, unpacked(incoming, body, limit), models, rest);
  const { operation, input, protocol } = request;
  onCall?.({ ...call, operation: operation || `${incoming.method} ${incoming.url}` }, input, protocol);
  if (own === undefined || !isOurs(name, input))
    return void (await forward(incoming, response, options.others, [body]));
  const run = Object.hasOwn(own, operation) ? own[operation] : undefined;
  if (run === undefined)
    throw new AwsError("UnknownOperationException", `The rehearsal does not know ${name}:${operation || "?"}.`);
  const output = (await run(input as never)) ?? {};
  const answers = rest?.[name]?.answers;
  if (protocol === "rest" && answers !== undefined) {
    const { status, body: bytes, headers } = restAnswer(answers[operation], output);
    return respond(response, status, bytes, headers);
  }
  if (protocol === "query")
    return respond(response, 200, queryAnswer(name, operation, output), { "content-type": "text/xml" });
  const type = incoming.headers["content-type"] ?? "application/x-amz-json-1.1";
  respond(response, 200, JSON.stringify(output), { "content-type": type });
}

/** Who calls, and the name of the service that the signature is for. */
function serviceOf({ headers }: IncomingMessage): { readonly caller: string; readonly name: string } {
  const [, caller = "anonymous", name = "s3"] = credentialPattern.exec(headers.authorization ?? "") ?? [];
  return { caller, name };
}

async function bodyOf(incoming: IncomingMessage, limit: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    parts.push(part);
    size += part.length;
    if (size > limit) throw new AwsError("RequestEntityTooLargeException", "The request is too large.", 413);
  }
  return Buffer.concat(parts);
}

function unpacked(incoming: IncomingMessage, body: Buffer, limit: number): Buffer {
  if (incoming.headers["content-encoding"] !== "gzip") return body;
  try {
    return gunzipSync(body, { maxOutputLength: limit });
  } catch {
    throw new AwsError("SerializationException", "The request is not gzip.");
  }
}

function respond(
  response: ServerResponse,
  status: number,
  body: string | Uint8Array,
  headers: Record<string, string>,
): void {
  response.writeHead(status, {
    ...headers,
    "x-amzn-requestid": "rehearsal",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}

function fail(incoming: IncomingMessage, response: ServerResponse, error: unknown): void {
  const { name, message, status, members } =
    error instanceof AwsError
      ? error
      : new AwsError("InternalFailure", error instanceof Error ? error.message : "", 500);
  if (response.headersSent) return void response.destroy();
  // The protocols in XML have a shorter name for it.
  const code = name === "AccessDeniedException" ? "AccessDenied" : name;
  const xml = { "content-type": "text/xml" };
  if (isQuery(incoming)) return respond(response, status, queryError(code, message), xml);
  if (serviceOf(incoming).name === "s3") return respond(response, status, s3Error(code, message), xml);
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amzn-errortype": name };
  respond(response, status, JSON.stringify({ __type: name, message, ...members }), headers);
}

/**
 * A bucket's policy without what it denies: moto denies that without a look at the conditions. Policies of buckets are not enforced here,
 * but moto asks them whether logs may be delivered.
 *
 * @returns undefined if it allows nothing.
 */
function allowing(body: Buffer): Buffer | undefined {
  const policy = innerJson(body.toString("utf8"), "MalformedPolicy") as { readonly Statement?: unknown } | null;
  const all: unknown[] = [policy?.Statement ?? []].flat();
  const allowed = all.filter((each) => (each as { readonly Effect?: unknown } | null)?.Effect === "Allow");
  return allowed.length === 0 ? undefined : Buffer.from(JSON.stringify({ ...policy, Statement: allowed }));
}

/** Passes a request of S3 on. */
async function forwardS3(incoming: IncomingMessage, response: ServerResponse, options: FrontOptions): Promise<void> {
  const { method = "GET", url = "/" } = incoming;
  if (method === "PUT" && /[?&]policy\b/.test(url)) {
    const policy = allowing(await bodyOf(incoming, largest.own));
    if (policy === undefined) return respond(response, 204, "", {});
    const kept = Object.entries(incoming.headers).filter(([name]) => !/md5|checksum/.test(name));
    incoming.headers = { ...Object.fromEntries(kept), "content-length": String(policy.length) };
    await forward(incoming, response, options.others, [policy]);
    return;
  }
  // What a bucket is to tell of is small, and is looked at.
  const body = method === "PUT" && /[?&]notification\b/.test(url) ? await bodyOf(incoming, largest.own) : undefined;
  const { statusCode: status = 502, headers } = await forward(
    incoming,
    response,
    options.others,
    body === undefined ? incoming : [body],
  );
  options.onS3?.({ method, url, body: body?.toString() ?? "", asked: incoming.headers, status, headers });
}

/** Passes a request on to the emulator, and its answer back, as they are. */
function forward(
  incoming: IncomingMessage,
  response: ServerResponse,
  others: string | undefined,
  body: AsyncIterable<Buffer> | Iterable<Buffer>,
): Promise<IncomingMessage> {
  if (others === undefined)
    throw new AwsError("ServiceUnavailable", "This service needs the emulator, which the rehearsal runs without.", 503);
  const { hostname, port } = new URL(others);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers },
      (back) => {
        response.writeHead(back.statusCode ?? 502, back.headers);
        pipeline(back, response).then(() => resolve(back), reject);
      },
    );
    // Ends either way where a side hangs up, so that the clock does not wait for ever.
    pipeline(body, outgoing).catch(reject);
  });
}
