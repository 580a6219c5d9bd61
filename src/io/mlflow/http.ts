import { wholeOf, type Upload } from "./bytes.js";
import { refusedBy, strange, timedOut, unreachable, type MlflowFailure, type Speaker } from "./failure.js";
import { watch, type Watch } from "./watch.js";

/** A call of MLflow's REST API. */
export interface MlflowCall {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** Below `/api/2.0/`, each segment already encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly json?: unknown;
  readonly upload?: Upload | undefined;
  /** First requested byte. */
  readonly from?: number | undefined;
}

/** Where calls go, and how. */
export interface HttpOptions {
  /** Without a slash at its end. */
  readonly trackingUri: string;
  readonly headers: Headers;
  readonly fetch: typeof fetch;
  readonly timeoutMs: number;
  /** Ends all calls. */
  readonly signal?: AbortSignal | undefined;
}

/** An answer whose body is still unread. */
export interface OpenAnswer {
  readonly status: number;
  /** Length of the body, if the server gives it. */
  readonly size: number | undefined;
  /** Fails if the body breaks off. */
  readonly body: AsyncGenerator<Uint8Array, void>;
}

export type Outcome<T> = { readonly answer: T; readonly failure?: undefined } | { readonly failure: MlflowFailure };

/** 32 MiB: a page of 1,000 versions is about 2. */
const maxAnswer = 2 ** 25;
const maxError = 2 ** 16;
/** A server answers an upload after it has stored it: the lowest accepted speed, in bytes per millisecond. */
const storedPerMs = 10_000;

/** Sends one call, once, and reads the answer. A failure is an outcome too. */
export async function send(options: HttpOptions, speaker: Speaker, call: MlflowCall): Promise<Outcome<Uint8Array>> {
  const opened = await open(options, speaker, call);
  if (opened.failure !== undefined) return opened;
  try {
    const bytes = await wholeOf(opened.answer.body, maxAnswer);
    if (bytes !== undefined) return { answer: bytes };
    return {
      failure: {
        status: opened.answer.status,
        code: "",
        passing: false,
        waitMs: 0,
        error: strange(speaker, nameOf(call), `is longer than ${maxAnswer} bytes`),
      },
    };
  } catch (error) {
    return { failure: broken(options, speaker, call, error) };
  }
}

/**
 * Sends one call, once; the body of a successful answer is left unread.
 *
 * @throws errors of opening the upload.
 */
export async function open(options: HttpOptions, speaker: Speaker, call: MlflowCall): Promise<Outcome<OpenAnswer>> {
  const patience = watch(options.timeoutMs, options.signal);
  const source: SourceState = {};
  try {
    const response = await patience.within(fetched(options, call, patience, source));
    if (response.ok) {
      patience.stop();
      const size = Number(response.headers.get("content-length") ?? NaN);
      return {
        answer: {
          status: response.status,
          size: Number.isFinite(size) ? size : undefined,
          body: bodyOf(response, patience),
        },
      };
    }
    const bytes = await wholeOf(bodyOf(response, patience), maxError);
    return { failure: refusedBy(speaker, nameOf(call), response, new TextDecoder().decode(bytes)) };
  } catch (error) {
    patience.stop();
    if (source.error !== undefined) throw source.error;
    return { failure: broken(options, speaker, call, patience.expired ? new Expired() : error) };
  }
}

/** Why a call or the body of its answer broke off. */
export function broken({ timeoutMs }: HttpOptions, speaker: Speaker, call: MlflowCall, error: unknown): MlflowFailure {
  return error instanceof Expired
    ? timedOut(speaker, nameOf(call), timeoutMs)
    : unreachable(speaker, nameOf(call), error);
}

class Expired extends Error {}

/** Why the data to send could not be read. */
interface SourceState {
  error?: Error;
}

const nameOf = ({ method, path }: MlflowCall): string =>
  `${method} ${path.length > 80 ? `${path.slice(0, 79)}…` : path}`;

async function fetched(
  options: HttpOptions,
  call: MlflowCall,
  patience: Watch,
  source: SourceState,
): Promise<Response> {
  const { method, path, query, json, upload, from } = call;
  const headers = new Headers(options.headers);
  headers.set("accept", "*/*");
  if (from !== undefined) headers.set("range", `bytes=${from}-`);
  const init: RequestInit & { duplex?: "half" } = { method, headers, redirect: "manual", signal: patience.signal };
  if (json !== undefined) {
    headers.set("content-type", "application/json");
    init.body = JSON.stringify(json);
  } else if (upload !== undefined) {
    headers.set("content-type", "application/octet-stream");
    // Some servers ignore a body without a declared length.
    headers.set("content-length", String(upload.size));
    init.body = streamOf(upload, patience, source);
    init.duplex = "half";
    // With these two Node sends the stream itself; otherwise it sends a copy, and keeps everything in memory.
    init.redirect = "error";
    init.window = null;
  }
  return options.fetch(
    `${options.trackingUri}/api/2.0/${path}${query === undefined ? "" : `?${new URLSearchParams(query).toString()}`}`,
    init,
  );
}

/** A failure of the source is not the server's. */
function streamOf(upload: Upload, patience: Watch, source: SourceState): ReadableStream<Uint8Array> {
  const parts = upload.open()[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      try {
        patience.stop();
        const next = await parts.next();
        patience.alive(upload.size / storedPerMs);
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      } catch (error) {
        source.error = error instanceof Error ? error : new Error(String(error));
        controller.error(error);
      }
    },
    async cancel() {
      await parts.return?.();
    },
  });
}

async function* bodyOf(response: Response, patience: Watch): AsyncGenerator<Uint8Array, void> {
  const reader = response.body?.getReader();
  const cancel = (): void => {
    // Canceling a body that broke off fails as reading it did, and that error is already reported.
    reader?.cancel().catch(() => undefined);
  };
  // A `fetch` other than the platform's may ignore the signal in its body.
  patience.signal.addEventListener("abort", cancel);
  patience.alive();
  try {
    for (; reader !== undefined;) {
      const { done, value } = await reader.read();
      if (patience.expired) throw new Expired();
      if (done) return;
      patience.stop();
      yield value;
      patience.alive();
    }
  } catch (error) {
    throw patience.expired ? new Expired() : error;
  } finally {
    patience.stop();
    patience.signal.removeEventListener("abort", cancel);
    // A reader that stops early needs no more of it.
    cancel();
  }
}
