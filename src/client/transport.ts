import { ChurnkitError } from "../base/errors.js";

/** A call of a prediction service, however it is carried. */
export interface ClientRequest {
  readonly method: "GET" | "POST";
  /** Path with its query, such as `/predict`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal: AbortSignal;
}

/** An answer of the service. */
export interface ClientAnswer {
  readonly status: number;
  /** Value of a header, by its lower-case name. */
  readonly header: (name: string) => string | null;
  readonly body: string;
}

/** Carries a call to a service and its answer back. Rejects where no answer came; a ChurnkitError is final, others are tried again. */
export type Transport = (request: ClientRequest) => Promise<ClientAnswer>;

/**
 * Carries calls by HTTP. Connections are kept alive by the platform's `fetch`.
 *
 * @throws ChurnkitError INPUT_TOO_LARGE for an answer of more bytes than `most`; what comes after them is not read.
 */
export const httpTransport =
  (url: string, most: number): Transport =>
  async ({ path, body = null, ...request }) => {
    const answer = await fetch(url + path, { ...request, body, redirect: "error" });
    return { status: answer.status, header: (name) => answer.headers.get(name), body: await textOf(answer, most) };
  };

async function textOf({ body }: Response, most: number): Promise<string> {
  if (body === null) return "";
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.length;
    if (size > most) {
      await reader.cancel().catch(() => undefined);
      throw new ChurnkitError(
        "INPUT_TOO_LARGE",
        `The service's answer has more than ${most} bytes. Send fewer records at once (batchSize), or raise maxAnswerBytes.`,
      );
    }
    text += decoder.decode(value, { stream: true });
  }
}
