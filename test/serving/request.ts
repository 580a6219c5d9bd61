import type { ServeRequest } from "../../src/serving/http.js";

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
