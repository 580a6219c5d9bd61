import type { ServeResponse } from "../../http.js";

/** An answer's body as one text: Lambda sends nothing before the last piece. */
export async function wholeText(body: ServeResponse["body"]): Promise<string> {
  if (typeof body === "string") return body;
  const decoder = new TextDecoder();
  if (body instanceof Uint8Array) return decoder.decode(body);
  let text = "";
  for await (const piece of body) text += typeof piece === "string" ? piece : decoder.decode(piece, { stream: true });
  return text + decoder.decode();
}
