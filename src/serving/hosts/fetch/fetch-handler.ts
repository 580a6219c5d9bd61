import { ChurnkitError } from "../../../base/errors.js";
import { collected } from "../../bodies/index.js";
import { tooLarge, usualBodyBytes, type Handler, type ServeResponse } from "../../http.js";

/**
 * Adapts a handler for Next.js routes, Deno, Bun, Cloudflare Workers and Hono: from Fetch's `Request` to its
 * `Response`.
 *
 * @param maxBodyBytes largest request body; 4 MiB by default.
 * @example
 * ```ts
 * import { loadBundle } from "churnkit/model";
 * import { createHandler, fetchHandler } from "churnkit/serving";
 *
 * const { scorer } = await loadBundle("model");
 * const POST = fetchHandler(createHandler({ scorer, name: "churn", version: "1", source: "local" }));
 * const response = await POST(new Request("https://example.com/predict", { method: "POST", body: "{}" }));
 * console.assert(response.status === 422);
 * ```
 */
export function fetchHandler(
  handler: Handler,
  { maxBodyBytes = usualBodyBytes }: { readonly maxBodyBytes?: number } = {},
): (request: Request) => Promise<Response> {
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    const { status, headers, body } = await handler({
      method: request.method,
      path: pathname,
      query: search.slice(1),
      headers: Object.fromEntries(request.headers),
      body: () => readBody(request, maxBodyBytes),
      chunks: () => bodyChunks(request),
      maxBodyBytes,
    });
    return new Response(request.method === "HEAD" ? null : sentBody(body), { status, headers });
  };
}

function sentBody(body: ServeResponse["body"]): BodyInit {
  if (typeof body === "string") return body;
  if (body instanceof Uint8Array) return body as Uint8Array<ArrayBuffer>;
  const pieces = body[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await pieces.next();
      if (next.done === true) controller.close();
      else controller.enqueue(typeof next.value === "string" ? encoder.encode(next.value) : next.value);
    },
    async cancel() {
      await pieces.return?.();
    },
  });
}

function readBody(request: Request, limit: number): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length")) > limit) throw tooLarge(limit);
  return collected(bodyChunks(request), limit);
}

async function* bodyChunks({ body }: Request): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body ?? []) yield chunk;
  } catch (cause) {
    throw new ChurnkitError("REQUEST_INVALID", "The connection closed before the whole body arrived.", { cause });
  }
}
