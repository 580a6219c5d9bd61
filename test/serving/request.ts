import type { Handler, ServeRequest, TextResponse } from "../../src/serving/http.js";

/** A handler whose answers are text. */
export type TextHandler = (request: ServeRequest) => Promise<TextResponse>;

/** Fails for an answer that is not text. */
export const asText =
  (handler: Handler): TextHandler =>
  async (asked) => {
    const answer = await handler(asked);
    if (typeof answer.body !== "string") throw new Error(`The answer of ${asked.path} is not text.`);
    return { ...answer, body: answer.body };
  };

/** A request as a carrier hands it over: text and bytes as they are, any other body as JSON. */
export function request(
  path: string,
  body?: unknown,
  { method = body === undefined ? "GET" : "POST", ...rest }: Partial<Omit<ServeRequest, "path" | "body">> = {},
): ServeRequest {
  const bytes =
    body instanceof Uint8Array
      ? body
      : new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
  return { method, path, query: "", headers: {}, ...rest, body: () => bytes };
}
