import { quietly } from "../../base/async/index.js";
import { parseJson } from "../../base/json/index.js";
import type { Contract } from "../../data/contract/index.js";
import { textOf } from "../bodies/index.js";
import type { Middleware, ServeRequest } from "../http.js";
import { redactor } from "./redact.js";

/** Options of {@link requestLog}. */
export interface RequestLogOptions {
  /**
   * Logs bodies of JSON too, redacted by this contract: numbers and known labels of features stay, everything else is hidden.
   * Default: no body is logged.
   */
  readonly bodies?: Contract | undefined;
  /** Features to hide in bodies as well, such as an income. */
  readonly hide?: readonly string[] | undefined;
}

/** Larger bodies are not logged. */
const mostBytes = 16_384;

/**
 * Writes one line of JSON for each request, as pino and its tools write and read them: `level`, `time`, `msg`, `req`, `res`,
 * `responseTime` in milliseconds, and `key`, the API key's name. A line holds no query string, no header and no body, because
 * they are about people.
 *
 * @param write takes a line, without the newline. What it throws fails no request.
 * @example
 * ```ts
 * import { requestIds, requestLog } from "churnkit/serving";
 *
 * const middleware = [requestIds(), requestLog(console.log)];
 * ```
 */
export function requestLog(
  write: (line: string) => unknown,
  { bodies, hide = [] }: RequestLogOptions = {},
): Middleware {
  const redact = bodies && redactor(bodies, hide);
  return (next) => async (request) => {
    const start = performance.now();
    const logged: Record<string, unknown> = {};
    let seen: Uint8Array | undefined;
    const body: ServeRequest["body"] = redact === undefined ? request.body : async () => (seen = await request.body());
    let status = 500;
    try {
      const response = await next({ ...request, body, logged });
      ({ status } = response);
      return response;
    } finally {
      quietly(() =>
        write(
          JSON.stringify({
            level: status >= 500 ? 50 : status >= 400 ? 40 : 30,
            time: Date.now(),
            msg: "request completed",
            req: {
              id: request.headers["x-request-id"],
              method: request.method,
              url: request.path.slice(0, 200),
              remoteAddress: request.address,
              ...(redact && seen && { body: shownBody(seen, redact) }),
            },
            res: { statusCode: status },
            responseTime: Math.round((performance.now() - start) * 1000) / 1000,
            ...logged,
          }),
        ),
      );
    }
  };
}

function shownBody(bytes: Uint8Array, redact: (body: unknown) => unknown): unknown {
  if (bytes.length > mostBytes) return `[${bytes.length} bytes]`;
  try {
    return redact(parseJson(textOf(bytes)));
  } catch {
    return `[${bytes.length} bytes that are not JSON]`;
  }
}
