import { withHeaders, type Middleware } from "../http.js";

const id = /^[\w.:/+=@-]{1,128}$/;
/** W3C Trace Context: version, trace id, parent id, flags; ids of zeros alone are not valid. */
const trace = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * Gives each request an id: the caller's `x-request-id`, else the trace id of its W3C `traceparent`, else a new one. The id goes
 * into the answer and to later middlewares as the header `x-request-id`. A valid `traceparent` is passed on in the same way; an
 * invalid id or trace is dropped, so that nobody writes into a log what they please.
 *
 * @example
 * ```ts
 * import { requestIds, requestLog } from "churnkit/serving";
 *
 * const middleware = [requestIds(), requestLog(console.log)];
 * ```
 */
export const requestIds = (): Middleware => (next) => async (request) => {
  const { "x-request-id": sent = "", traceparent = "" } = request.headers;
  const traceId = trace.exec(traceparent)?.[1];
  const requestId = id.test(sent) ? sent : (traceId ?? crypto.randomUUID());
  const headers: Record<string, string | undefined> = { ...request.headers, "x-request-id": requestId };
  // Not deleted: that would slow down every later look at the headers.
  if (traceId === undefined && traceparent !== "") headers["traceparent"] = undefined;
  const response = await next({ ...request, headers });
  const given = { "x-request-id": requestId };
  return withHeaders(response, traceId === undefined ? given : { ...given, traceparent });
};
