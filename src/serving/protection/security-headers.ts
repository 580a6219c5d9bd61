import { withHeaders, type Middleware } from "../http.js";

/** For an API that browsers must not render, frame or embed. Pages of the server bring a policy of their own. */
const headers = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=31536000",
  "x-frame-options": "DENY",
} as const;

/**
 * Adds the headers that a security scanner asks for, where an answer does not set them itself. Every answer has `cache-control:
 * no-store` and `x-content-type-options: nosniff` already.
 *
 * @example
 * ```ts
 * import { securityHeaders } from "churnkit/serving";
 *
 * const middleware = [securityHeaders()];
 * ```
 */
export const securityHeaders = (): Middleware => (next) => async (request) => {
  const response = await next(request);
  const { "content-security-policy": policy } = response.headers as Readonly<Record<string, string | undefined>>;
  return withHeaders(response, policy === undefined ? headers : { ...headers, "content-security-policy": policy });
};
