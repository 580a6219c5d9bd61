import { ChurnkitError } from "../../base/errors.js";
import { parseJson } from "../../base/json/index.js";

/** Why a call did not succeed. */
export interface MlflowFailure {
  /** HTTP status; 0 without an answer. */
  readonly status: number;
  /** MLflow's own name for it, such as RESOURCE_DOES_NOT_EXIST; empty if it gave none. */
  readonly code: string;
  /** Whether the same call may succeed soon. */
  readonly passing: boolean;
  /** Wait that the server asked for, in milliseconds. */
  readonly waitMs: number;
  readonly error: ChurnkitError;
}

/** Server and model for messages, and the secrets that messages must not contain. */
export interface Speaker {
  /** "MLflow at https://mlflow.example (model churn)". */
  readonly name: string;
  readonly secrets: readonly string[];
}

const passingStatuses: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

const failed = (speaker: Speaker, what: string, cause?: unknown): ChurnkitError =>
  new ChurnkitError("STORE_FAILED", `${speaker.name} ${hidden(speaker, what)}`, cause === undefined ? {} : { cause });

/** A server may echo what it was sent. */
const hidden = ({ secrets }: Speaker, text: string): string =>
  secrets.reduce((shown, secret) => shown.replaceAll(secret, "***"), text);

/** The first line of a server's message, short and without control characters. */
const plain = (text: string): string => (text.split(/[\r\n]/, 1)[0] ?? "").replace(/\p{C}/gu, " ").slice(0, 240).trim();

const noAnswer = (error: ChurnkitError): MlflowFailure => ({ status: 0, code: "", passing: true, waitMs: 0, error });

/** The connection failed or broke. */
export function unreachable(speaker: Speaker, call: string, cause: unknown): MlflowFailure {
  return noAnswer(
    failed(
      speaker,
      `could not be reached, or broke off (${call}: ${reasonOf(cause)}). Check trackingUri, the server and the network.`,
    ),
  );
}

export function timedOut(speaker: Speaker, call: string, ms: number): MlflowFailure {
  return noAnswer(
    failed(speaker, `did not answer ${call} within ${ms} ms. Check the server's load, or raise timeoutMs.`),
  );
}

/** An answer that does not come from MLflow. */
export const strange = (speaker: Speaker, call: string, what: string): ChurnkitError =>
  failed(
    speaker,
    `answered ${call} with something that ${what}. Check that trackingUri is the address of an MLflow server, and that no proxy answers in its place.`,
  );

/** An answer with a status other than 2xx. */
export function refusedBy(
  speaker: Speaker,
  call: string,
  response: Pick<Response, "status" | "headers">,
  body: string,
): MlflowFailure {
  const { status, headers } = response;
  // Before anything is cut, or a part of a secret could stay.
  const { code, message } = errorIn(hidden(speaker, body));
  const said = plain(message) === "" ? "" : `: ${plain(message)}`;
  const error = failed(
    speaker,
    wordsFor(
      status,
      call,
      code === "" ? said : ` ${plain(code)}${said}`,
      hidden(speaker, headers.get("location") ?? ""),
    ),
  );
  return { status, code, passing: passingStatuses.has(status), waitMs: waitAsked(headers.get("retry-after")), error };
}

function wordsFor(status: number, call: string, said: string, location: string): string {
  const met = `(${call}: ${status}${said})`;
  if (status === 401) return `requires authentication ${met}. Give a token, or username and password, that it accepts.`;
  if (status === 403)
    return `does not allow this ${met}. Check the user's permissions: READ to load, EDIT on the registered model and on its experiment to register and promote, MANAGE to remove.`;
  if (status === 429) return `still refuses requests after the retries ${met}. Send fewer at once, or try later.`;
  if (status === 413)
    return `does not accept a file of this size ${met}. Raise the limit of the server, or of its proxy.`;
  if (status >= 500) return `still failed after the retries ${met}. Check its log, and try again.`;
  if (status >= 300 && status < 400)
    return `redirects ${met}${plain(location) === "" ? "" : `, to ${plain(location)}`}. Use the address it redirects to as trackingUri.`;
  if (status === 404 && said === "")
    return `was not found ${met}. Check that trackingUri is the address of an MLflow server, including its path.`;
  return `refused ${met}.`;
}

/** Reads MLflow's error from an untrusted answer. */
function errorIn(body: string): { readonly code: string; readonly message: string } {
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  try {
    const { error_code: code, message } = parseJson(body) as {
      readonly error_code?: unknown;
      readonly message?: unknown;
    };
    return { code: text(code), message: text(message) };
  } catch {
    // A proxy's HTML page is useless in a message of one line.
    return { code: "", message: /^\s*</.test(body) ? "" : body };
  }
}

const maxWaitMs = 10_000;

function waitAsked(header: string | null): number {
  const seconds = Number(header ?? 0);
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0) * 1_000, maxWaitMs) : 0;
}

/** The innermost code or message of a failed fetch: "ECONNREFUSED" is clearer than "fetch failed". */
function reasonOf(error: unknown): string {
  const { cause, code, message } = (typeof error === "object" && error !== null ? error : {}) as Record<
    "cause" | "code" | "message",
    unknown
  >;
  if (cause !== undefined) return reasonOf(cause);
  return typeof code === "string" ? code : typeof message === "string" ? plain(message) : "no reason given";
}
