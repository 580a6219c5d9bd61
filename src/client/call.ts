import { backoff } from "../base/async/index.js";
import { ChurnkitError, errorCodes, type ErrorCode } from "../base/errors.js";
import { JsonValue, object, optional, text } from "../base/json/index.js";
import type { ClientAnswer, ClientRequest, Transport } from "./transport.js";

/** How calls are made. */
export interface CallRules {
  readonly transport: Transport;
  /** Milliseconds that one try may take. */
  readonly timeoutMs: number;
  /** Tries after the first. */
  readonly retries: number;
}

/** Statuses that may pass: too many requests, and failures of the server or of what is before it. */
const passing: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
/** Longest wait that a server may ask for. */
const longestWaitMs = 60_000;

/**
 * Calls a service, again after failures that may pass, and returns its JSON. Every call may be made twice without harm.
 *
 * @throws ChurnkitError with the service's own code for a refused request, SERVICE_FAILED where it can't be reached, keeps failing or
 * answers with anything else; the signal's reason where the caller aborted.
 */
export async function callService(
  { transport, timeoutMs, retries }: CallRules,
  request: Omit<ClientRequest, "signal">,
  signal: AbortSignal | undefined,
): Promise<JsonValue> {
  for (let tries = 0; ; tries++) {
    signal?.throwIfAborted();
    const timeout = AbortSignal.timeout(timeoutMs);
    const within = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    const outcome = await transport({ ...request, signal: within }).catch((error: unknown) => {
      signal?.throwIfAborted();
      if (ChurnkitError.isInstance(error)) throw error;
      return failed(request, timeout.aborted ? `it did not answer within ${timeoutMs} ms` : reasonOf(error), error);
    });
    if (!(outcome instanceof ChurnkitError) && outcome.status >= 200 && outcome.status < 300)
      return parsed(request, outcome);
    const again = outcome instanceof ChurnkitError || passing.has(outcome.status);
    if (!again || tries === retries) throw outcome instanceof ChurnkitError ? outcome : refusal(request, outcome);
    await backoff(tries, outcome instanceof ChurnkitError ? 0 : waitOf(outcome.header("retry-after")), signal);
  }
}

/** Milliseconds that `Retry-After` asks for: seconds or a date. */
function waitOf(value: string | null): number {
  if (value === null) return 0;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), longestWaitMs) : 0;
}

const errorBody = object({ error: object({ code: optional(text()), message: text() }) });

/** The error that the service told, or one about an answer that is not ours. */
function refusal(request: Omit<ClientRequest, "signal">, answer: ClientAnswer): ChurnkitError {
  try {
    const { code, message } = errorBody(
      JsonValue.parse(answer.body, "answer", (_, what) => failed(request, what)),
    ).error;
    const known = code !== undefined && Object.hasOwn(errorCodes, code) && answer.status < 500;
    return new ChurnkitError(known ? (code as ErrorCode) : "SERVICE_FAILED", message);
  } catch {
    return failed(request, `it answered with status ${answer.status}`);
  }
}

const parsed = (request: Omit<ClientRequest, "signal">, { body }: ClientAnswer): JsonValue =>
  JsonValue.parse(body, "answer", (_, what) => failed(request, what));

const failed = ({ method, path }: Omit<ClientRequest, "signal">, what: string, cause?: unknown): ChurnkitError =>
  new ChurnkitError(
    "SERVICE_FAILED",
    `The service failed at ${method} ${path}: ${what}. Check its address and whether it runs.`,
    cause === undefined ? {} : { cause },
  );

/** `fetch` hides why it failed in the cause. */
function reasonOf(error: unknown): string {
  const { cause } = error as { readonly cause?: unknown };
  const told = cause instanceof Error ? cause : error;
  return told instanceof Error ? told.message.replace(/\.$/, "") : "no answer came";
}
