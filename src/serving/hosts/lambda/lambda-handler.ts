import {
  callerFailure,
  serverFailure,
  tooLarge,
  usualBodyBytes,
  type Handler,
  type ServeResponse,
} from "../../http.js";
import { requestOf, type LambdaHttpEvent } from "./lambda-event.js";
import { wholeText } from "./whole-text.js";

/** An answer as Lambda's HTTP integrations take it. */
export interface LambdaHttpResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  /** In place of `headers`, for a load balancer that sends lists of values. */
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/**
 * Adapts a handler for AWS Lambda behind API Gateway (HTTP and REST APIs), a function URL or an Application Load Balancer: one
 * function for all of them, told apart by the event.
 *
 * @param maxBodyBytes largest request body; 4 MiB by default. Lambda itself takes 6 MB, and 1 MB from a load balancer.
 * @example
 * ```ts
 * import { loadBundle } from "churnkit/model";
 * import { createHandler, lambdaHandler } from "churnkit/serving";
 *
 * const { scorer } = await loadBundle("model");
 * export const handler = lambdaHandler(createHandler({ scorer, name: "churn", version: "1", source: "local" }));
 * const answer = await handler({ version: "2.0", rawPath: "/live", requestContext: { http: { method: "GET" } } });
 * console.assert(answer.statusCode === 200);
 * ```
 */
export function lambdaHandler(
  handler: Handler,
  { maxBodyBytes = usualBodyBytes }: { readonly maxBodyBytes?: number } = {},
): (event: LambdaHttpEvent) => Promise<LambdaHttpResult> {
  return async (event) => {
    const request = requestOf(event);
    const body = (): Uint8Array => bodyOf(event, maxBodyBytes);
    const response = await handler({ ...request, maxBodyBytes, body }).catch(
      (error: unknown) => callerFailure(error) ?? serverFailure,
    );
    return resultOf(response, request.method === "HEAD", event.multiValueHeaders);
  };
}

/** @throws ChurnkitError INPUT_TOO_LARGE. */
function bodyOf({ body, isBase64Encoded = false }: LambdaHttpEvent, limit: number): Uint8Array {
  const text = body ?? "";
  // Four characters of base64 are three bytes; one character of text is at least one.
  if (text.length > (isBase64Encoded ? Math.ceil(limit / 3) * 4 : limit)) throw tooLarge(limit);
  const bytes = Buffer.from(text, isBase64Encoded ? "base64" : "utf8");
  if (bytes.length > limit) throw tooLarge(limit);
  return bytes;
}

async function resultOf(
  { status, headers, body }: ServeResponse,
  isHead: boolean,
  lists: LambdaHttpEvent["multiValueHeaders"],
): Promise<LambdaHttpResult> {
  const whole = isHead ? "" : body instanceof Uint8Array ? body : await wholeText(body);
  const isBase64Encoded = typeof whole !== "string";
  return {
    statusCode: status,
    headers,
    // A load balancer with lists of values reads nothing else; the others prefer `headers`.
    ...(lists === undefined || lists === null
      ? {}
      : { multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])) }),
    body: isBase64Encoded ? Buffer.from(whole).toString("base64") : whole,
    isBase64Encoded,
  };
}
