import { Readable } from "node:stream";
import { ChurnkitError } from "../../../base/errors.js";
import {
  callerFailure,
  serverFailure,
  tooLarge,
  usualBodyBytes,
  type Handler,
  type ServeRequest,
  type ServeResponse,
} from "../../http.js";

/** The part of a Fastify application that the plugin uses, so that types need no Fastify. */
interface FastifyApp {
  readonly prefix: string;
  removeAllContentTypeParsers(): unknown;
  addContentTypeParser(
    type: string,
    options: { readonly parseAs: "buffer"; readonly bodyLimit: number },
    parse: (request: never, body: Uint8Array, done: (error: Error | null, body?: unknown) => void) => void,
  ): unknown;
  setErrorHandler(answer: (error: unknown, request: FastifyRequest, reply: FastifyReply) => unknown): unknown;
  all(path: string, answer: (request: FastifyRequest, reply: FastifyReply) => unknown): unknown;
}

interface FastifyRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly ip: string;
  readonly body: unknown;
}

interface FastifyReply {
  code(status: number): FastifyReply;
  headers(values: Record<string, string>): FastifyReply;
  send(body: unknown): unknown;
}

/**
 * Adapts a handler for Fastify: register it with a prefix, and it answers below it. Bodies reach the handler as bytes, whatever
 * parsers the application has.
 *
 * @param maxBodyBytes largest request body; 4 MiB by default.
 * @example
 * ```ts
 * import { loadBundle } from "churnkit/model";
 * import { createHandler, fastifyPlugin } from "churnkit/serving";
 *
 * const { scorer } = await loadBundle("model");
 * const churn = fastifyPlugin(createHandler({ scorer, name: "churn", version: "1", source: "local" }));
 * // await app.register(churn, { prefix: "/churn" });
 * console.assert(typeof churn === "function");
 * ```
 */
export function fastifyPlugin(
  handler: Handler,
  { maxBodyBytes = usualBodyBytes }: { readonly maxBodyBytes?: number } = {},
): (app: FastifyApp, options: unknown, done: () => void) => void {
  return (app, _, done) => {
    app.removeAllContentTypeParsers();
    const limit = { parseAs: "buffer", bodyLimit: maxBodyBytes } as const;
    app.addContentTypeParser("*", limit, (_request, body, parsed) => parsed(null, body));
    app.setErrorHandler((error, _request, reply) => {
      const { statusCode = 500 } = error as { readonly statusCode?: number };
      const refusal = callerFailure(statusCode === 413 ? tooLarge(maxBodyBytes) : unreadable);
      return sent(reply, statusCode < 500 && refusal !== undefined ? refusal : serverFailure);
    });
    const below = app.prefix.length;
    app.all("/*", async (request, reply) => {
      return sent(reply, await handler(requestFrom(request, below, maxBodyBytes)));
    });
    done();
  };
}

const unreadable = new ChurnkitError(
  "REQUEST_INVALID",
  "The request cannot be read. Send its body whole, with a content type.",
);

const sent = (reply: FastifyReply, { status, headers, body }: ServeResponse): unknown =>
  reply
    .code(status)
    .headers({ ...headers })
    .send(typeof body === "string" || body instanceof Uint8Array ? body : Readable.from(body));

function requestFrom(
  { method, url, headers, ip, body }: FastifyRequest,
  below: number,
  maxBodyBytes: number,
): ServeRequest {
  const [path = "", ...query] = url.slice(below).split("?");
  return {
    method,
    path: path === "" ? "/" : path,
    query: query.join("?"),
    headers: headers as ServeRequest["headers"],
    address: ip,
    maxBodyBytes,
    body: () => (body instanceof Uint8Array ? body : new Uint8Array()),
  };
}
