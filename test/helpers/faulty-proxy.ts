import { createServer, request as send, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { uniform } from "../../src/base/random.js";

/** What may happen to a request on its way to the service or to the answer on its way back. */
export const faults = [
  /** 503 SlowDown, or 400 ThrottlingException where the protocol is JSON; nothing is done. */
  "throttle",
  /** 500, nothing is done. */
  "error",
  /** 500, though it is done. */
  "error-after",
  /** No answer at all, nothing is done. */
  "timeout",
  /** The connection breaks before anything is done. */
  "reset",
  /** It is done, and the connection breaks before the answer. */
  "lost",
  /** The body comes in pieces with pauses. */
  "slow",
  /** The body breaks off half-way. */
  "truncated",
  /** One bit of an object's body is another. */
  "flipped",
] as const;

export type Fault = (typeof faults)[number];

/** An answer of the proxy's making up, in place of the server's. */
export interface ErrorAnswer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

type Chosen = Fault | ErrorAnswer | undefined;

/** Decides what happens to a request; asked in the order in which requests come. */
export type Schedule = (request: IncomingMessage) => Chosen | Promise<Chosen>;

export interface FaultyProxy {
  readonly url: string;
  /** How often each fault was applied. */
  readonly applied: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

/** Faults by chance, the same for the same seed and order of requests: `share` of all requests meet one of `kinds`. */
export function seededFaults(seed: number, share: number, kinds: readonly Fault[] = faults): Schedule {
  const random = uniform(seed);
  return () => (random() < share ? kinds[Math.floor(random() * kinds.length)] : undefined);
}

/** A proxy on the loopback that hands every request on unchanged, its Host header too, so that its signature holds. */
export async function startFaultyProxy(target: string, schedule: Schedule): Promise<FaultyProxy> {
  const applied = new Map<string, number>();
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chosen = await schedule(request);
    const name = typeof chosen === "object" ? chosen.code : chosen;
    if (name !== undefined) applied.set(name, (applied.get(name) ?? 0) + 1);
    if (chosen === "timeout") return;
    if (chosen === "reset") return void request.socket.destroy();
    const body = await bytesOf(request);
    const isJson = request.headers["x-amz-target"] !== undefined;
    const refuse = (error: ErrorAnswer): void => (isJson ? answerJson : answerXml)(response, error);
    if (typeof chosen === "object") return refuse(chosen);
    if (chosen === "throttle") return refuse(isJson ? throttled : slowDown);
    if (chosen === "error") return refuse(internal);
    const real = await forward(target, request, body);
    if (chosen === "lost") return void request.socket.destroy();
    if (chosen === "error-after") return refuse(internal);
    return pass(response, real, chosen);
  };
  const server = createServer(
    (request, response) => void handle(request, response).catch(() => request.socket.destroy()),
  );
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    response.writeContinue();
    server.emit("request", request, response);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    applied,
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

const internal: ErrorAnswer = {
  status: 500,
  code: "InternalError",
  message: "We encountered an internal error. Please try again.",
};
const slowDown: ErrorAnswer = { status: 503, code: "SlowDown", message: "Please reduce your request rate." };
const throttled: ErrorAnswer = { status: 400, code: "ThrottlingException", message: "Rate exceeded" };

/** As S3 says it. */
function answerXml(response: ServerResponse, { status, code, message, headers = {} }: ErrorAnswer): void {
  response.writeHead(status, { "content-type": "application/xml", "x-amz-request-id": "0", ...headers });
  response.end(
    `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
  );
}

/** As the services say it that are called by JSON: SageMaker and its like. */
function answerJson(response: ServerResponse, { status, code, message, headers = {} }: ErrorAnswer): void {
  response.writeHead(status, { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": "0", ...headers });
  response.end(JSON.stringify({ __type: code, message }));
}

interface Answer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

function forward(target: string, { method, url, rawHeaders }: IncomingMessage, body: Buffer): Promise<Answer> {
  return new Promise((done, fail) => {
    const headers = rawHeaders.flatMap((name, i) =>
      i % 2 === 0 && !/^(expect|connection)$/i.test(name) ? [[name, rawHeaders[i + 1] ?? ""]] : [],
    );
    const upstream = send(new URL(url ?? "/", target), { method, headers: headers.flat(), agent: false }, (real) => {
      bytesOf(real).then(
        (bytes) => done({ status: real.statusCode ?? 0, headers: real.rawHeaders, body: bytes }),
        fail,
      );
    });
    upstream.on("error", fail);
    upstream.end(body);
  });
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

async function pass(
  response: ServerResponse,
  { status, headers, body }: Answer,
  fault: Fault | undefined,
): Promise<void> {
  response.writeHead(
    status,
    headers.filter((_, i) => !/^(connection|keep-alive)$/i.test(headers[i - (i % 2)] ?? "")),
  );
  if (fault === "truncated" && body.length > 1) {
    response.write(body.subarray(0, body.length >> 1));
    // Time for the first half to leave before the connection goes.
    await sleep(5);
    return void response.destroy();
  }
  if (fault === "flipped" && status < 300 && body.length > 0 && !body.subarray(0, 5).equals(Buffer.from("<?xml"))) {
    body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 1;
  }
  if (fault === "slow") {
    const step = Math.max(1, Math.ceil(body.length / 8));
    for (let at = 0; at < body.length; at += step) {
      response.write(body.subarray(at, at + step));
      await sleep(4);
    }
    return void response.end();
  }
  response.end(body);
}
