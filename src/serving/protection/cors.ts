import { ChurnkitError } from "../../base/errors.js";
import { predictionHeader } from "../prediction-id.js";
import { withHeaders, type Middleware, type ServeResponse } from "../http.js";

/** Options of {@link cors}. */
export interface CorsOptions {
  /** Origins whose pages may read answers, such as `https://crm.example.com`; `*` for all. */
  readonly origins: readonly string[];
  /** Seconds for which a browser may keep the permission. Default 600. */
  readonly maxAge?: number | undefined;
}

const exposed = "retry-after, ratelimit, ratelimit-policy, traceparent, x-request-id";
const allowedHeaders = `authorization, content-type, traceparent, x-api-key, x-request-id, ${predictionHeader}`;

/**
 * Lets pages of some origins call the server from a browser, and answers their preflight requests. Put it before `apiKeys`:
 * a preflight carries no key. CORS keeps out no caller but browsers.
 *
 * @throws ChurnkitError OPTION_INVALID for an invalid origin.
 * @example
 * ```ts
 * import { cors } from "churnkit/serving";
 *
 * const middleware = [cors({ origins: ["https://crm.example.com"] })];
 * ```
 */
export function cors({ origins, maxAge = 600 }: CorsOptions): Middleware {
  const wrong = origins.find((origin) => origin !== "*" && originOf(origin) !== origin);
  if (wrong !== undefined)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `${JSON.stringify(wrong)} is not an origin. Give scheme, host and port alone, such as https://crm.example.com, or *.`,
    );
  const allowed = new Set(origins);
  const all = allowed.has("*");
  const headersFor = (origin: string): Record<string, string> =>
    all ? { "access-control-allow-origin": "*" } : { "access-control-allow-origin": origin, vary: "origin" };
  return (next) => async (request) => {
    const { origin } = request.headers;
    const preflight = request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
    if (origin === undefined) return next(request);
    if (!all && !allowed.has(origin))
      return preflight ? emptyAnswer({ vary: "origin" }) : withHeaders(await next(request), { vary: "origin" });
    if (!preflight)
      return withHeaders(await next(request), { ...headersFor(origin), "access-control-expose-headers": exposed });
    return emptyAnswer({
      ...headersFor(origin),
      "access-control-allow-methods": "GET, POST, DELETE",
      "access-control-allow-headers": allowedHeaders,
      "access-control-max-age": String(maxAge),
    });
  };
}

const emptyAnswer = (headers: Readonly<Record<string, string>>): ServeResponse => ({ status: 200, headers, body: "" });

function originOf(text: string): string | undefined {
  try {
    return new URL(text).origin;
  } catch {
    return undefined;
  }
}
