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

/** Carries a call to a service and its answer back. Rejects where no answer came. */
export type Transport = (request: ClientRequest) => Promise<ClientAnswer>;

/** Carries calls by HTTP. Connections are kept alive by the platform's `fetch`. */
export const httpTransport =
  (url: string, fetch: typeof globalThis.fetch = globalThis.fetch): Transport =>
  async ({ path, body = null, ...request }) => {
    const answer = await fetch(url + path, { ...request, body, redirect: "error" });
    return { status: answer.status, header: (name) => answer.headers.get(name), body: await answer.text() };
  };
