import { refusedBy, strange, timedOut, unreachable, type MlflowFailure, type Speaker } from "./failure.js";

/** A call of MLflow's REST API. */
export interface MlflowCall {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** Below `/api/2.0/`, each segment already fit for an address. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>> | undefined;
  /** Sent as JSON, bytes as they are. */
  readonly body?: unknown;
  /** The longest answer that is read, in bytes. */
  readonly limit?: number | undefined;
}

export type MlflowAnswer = { readonly bytes: Uint8Array; readonly failure?: undefined } | { readonly failure: MlflowFailure };

/** Where calls go, and how. */
export interface HttpOptions {
  /** Without a slash at its end. */
  readonly trackingUri: string;
  readonly headers: Headers;
  readonly fetch: typeof fetch;
  readonly timeoutMs: number;
}

/** 32 MiB: a page of 1,000 versions is about 2. */
const defaultLimit = 2 ** 25;
const errorLimit = 2 ** 16;
/** The slowest upload that is waited for, in bytes per millisecond. */
const slowestUpload = 100;

/** Sends one call, once. What goes wrong is an answer too; nothing is thrown. */
export async function send(options: HttpOptions, speaker: Speaker, call: MlflowCall): Promise<MlflowAnswer> {
  const name = `${call.method} ${call.path.length > 80 ? `${call.path.slice(0, 79)}…` : call.path}`;
  const body = call.body instanceof Uint8Array ? call.body : call.body === undefined ? undefined : JSON.stringify(call.body);
  const patience = options.timeoutMs + (body instanceof Uint8Array ? body.length / slowestUpload : 0);
  const watch = new AbortController();
  let expire = (): void => undefined;
  const expired = new Promise<"expired">((done) => {
    expire = () => {
      done("expired");
      watch.abort();
    };
  });
  let timer = setTimeout(() => expire(), patience);
  const alive = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => expire(), options.timeoutMs);
  };
  const headers = new Headers(options.headers);
  headers.set("accept", "*/*");
  if (body !== undefined) headers.set("content-type", typeof body === "string" ? "application/json" : "application/octet-stream");

  async function exchange(): Promise<MlflowAnswer> {
    const response = await options.fetch(addressOf(options.trackingUri, call), {
      method: call.method,
      headers,
      // Another server is never shown the headers.
      redirect: "manual",
      signal: watch.signal,
      ...(body === undefined ? {} : { body: body as BodyInit }),
    });
    const limit = response.ok ? (call.limit ?? defaultLimit) : errorLimit;
    const bytes = await readBody(response, limit, alive);
    if (!response.ok) return { failure: refusedBy(speaker, name, response, new TextDecoder().decode(bytes ?? new Uint8Array())) };
    if (bytes !== undefined) return { bytes };
    return { failure: { status: response.status, code: "", passing: false, waitMs: 0, error: strange(speaker, name, `is longer than ${limit} bytes`) } };
  }

  try {
    const answer = await Promise.race([exchange(), expired]);
    return answer === "expired" ? { failure: timedOut(speaker, name, options.timeoutMs) } : answer;
  } catch (error) {
    return { failure: watch.signal.aborted ? timedOut(speaker, name, options.timeoutMs) : unreachable(speaker, name, error) };
  } finally {
    clearTimeout(timer);
  }
}

function addressOf(trackingUri: string, { path, query }: MlflowCall): string {
  return `${trackingUri}/api/2.0/${path}${query === undefined ? "" : `?${new URLSearchParams(query).toString()}`}`;
}

/** Undefined where it is longer than allowed. */
async function readBody(response: Response, limit: number, alive: () => void): Promise<Uint8Array | undefined> {
  if (response.body === null) return new Uint8Array();
  const reader = response.body.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    alive();
    length += value.length;
    if (length > limit) {
      await reader.cancel();
      return undefined;
    }
    parts.push(value);
  }
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const bytes = new Uint8Array(length);
  parts.reduce((at, part) => {
    bytes.set(part, at);
    return at + part.length;
  }, 0);
  return bytes;
}
