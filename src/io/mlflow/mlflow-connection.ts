import { ChurnkitError } from "../../base/errors.js";
import type { ClientOptions } from "./client.js";

/** How to reach an MLflow server. */
export interface MlflowConnection {
  /** Address of the tracking server, `http:` or `https:`, with its path if it has one. */
  readonly trackingUri: string;
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string | undefined;
  /** Sent as `Authorization: Basic`, with the password. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Sent with every call, such as headers that a gateway requires. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Default: the platform's own. */
  readonly fetch?: typeof fetch | undefined;
  /** How long to wait for an answer, or for its next part, in milliseconds, 1 to 3,600,000. Default 30,000. */
  readonly timeoutMs?: number | undefined;
  /** How often to retry after a temporary failure, 0 to 20, waiting 0.1 s and then longer and longer. Default 5. */
  readonly retries?: number | undefined;
}

/** A checked connection. */
export interface Connection {
  readonly http: ClientOptions;
  /** Name and port of the server. */
  readonly host: string;
  /** Texts that no message may contain. */
  readonly secrets: readonly string[];
}

const invalid = (message: string): ChurnkitError => new ChurnkitError("OPTION_INVALID", message);

/** @throws ChurnkitError OPTION_INVALID; its message contains no secret. */
export function connection(options: MlflowConnection): Connection {
  const { timeoutMs = 30_000, retries = 5 } = options;
  if (!Number.isFinite(timeoutMs) || timeoutMs < 1 || timeoutMs > 3_600_000)
    throw invalid(`timeoutMs must be from 1 to 3,600,000, not ${timeoutMs}.`);
  if (!Number.isInteger(retries) || retries < 0 || retries > 20)
    throw invalid(`retries must be a whole number from 0 to 20, not ${retries}.`);
  const url = addressOf(options.trackingUri);
  const { token, username, password } = options;
  if ((token !== undefined && username !== undefined) || (username === undefined) !== (password === undefined)) {
    throw invalid("Give either a token or a username with its password.");
  }
  const basic = username === undefined ? undefined : base64(`${username}:${password ?? ""}`);
  const authorization = token !== undefined ? `Bearer ${token}` : basic === undefined ? undefined : `Basic ${basic}`;
  const given = Object.entries(options.headers ?? {});
  const headers = headersOf([
    ...given,
    ...(authorization === undefined ? [] : [["authorization", authorization] as [string, string]]),
  ]);
  const secrets = [token, password, basic, ...given.map(([, value]) => value)].filter(
    (one) => one !== undefined && one.length >= 4,
  ) as string[];
  return {
    http: {
      trackingUri: `${url.origin}${url.pathname}`.replace(/\/+$/, ""),
      headers,
      fetch: options.fetch ?? fetch,
      timeoutMs,
      retries,
    },
    host: url.host,
    secrets,
  };
}

function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "") {
    throw invalid(
      `trackingUri must be the http: or https: address of an MLflow server, such as http://localhost:5000.`,
    );
  }
  if (url.username !== "" || url.password !== "")
    throw invalid("trackingUri must not contain a user name or password: give username and password as options.");
  return url;
}

/** The platform's own error would reveal the value. */
function headersOf(entries: readonly (readonly [string, string])[]): Headers {
  const headers = new Headers();
  for (const [name, value] of entries) {
    try {
      headers.set(name, value);
    } catch {
      throw invalid(
        `The header ${JSON.stringify(name.slice(0, 40))} cannot be sent: it has characters that are not allowed in a header.`,
      );
    }
  }
  return headers;
}

function base64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));
}
