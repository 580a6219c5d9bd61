import {
  documentError,
  JsonValue,
  list,
  oneOf,
  optional,
  strictObject,
  text,
  version,
  where,
  type Decoded,
} from "../../base/json/index.js";
import { textHash } from "../../base/hash.js";

/** Scopes of a key: `predict` opens all routes except the next two, `metrics` opens GET /metrics, `admin` opens everything. */
export const scopes = ["predict", "metrics", "admin"] as const;
/** A name of {@link scopes}. */
export type Scope = (typeof scopes)[number];

const key = strictObject({
  name: where(text(100), (name) => /^[\w.@:-]+$/.test(name), "a name of letters, digits and . _ @ : -"),
  scopes: where(list(oneOf(scopes), scopes.length), (given) => given.length > 0, "a list of at least one scope"),
  sha256: where(text(64), (hash) => /^[0-9a-f]{64}$/.test(hash), "a SHA-256 in lower-case hex"),
  created: optional(text(40)),
});
/** One key as it is kept: by its hash. */
export type ApiKey = Decoded<typeof key>;

const keyDocument = strictObject({ version: version(1), keys: list(key, 10_000) });

const error = documentError("INPUT_MALFORMED", "The key file", "Make keys with `churnkit keys create`.");

/**
 * Reads a document of keys.
 *
 * @param name where it comes from, for messages.
 * @throws ChurnkitError INPUT_MALFORMED.
 */
export function parseKeys(document: string, name: string): readonly ApiKey[] {
  const json = JsonValue.parse(document, name, error);
  const { keys } = keyDocument(json);
  const repeated = keys.find((one, i) => keys.findIndex((other) => other.name === one.name) < i);
  if (repeated !== undefined) throw json.get("keys").refused(`has two keys named ${repeated.name}`);
  return keys;
}

/** The document of some keys. */
export const keysText = (keys: readonly ApiKey[]): string => `${JSON.stringify({ version: 1, keys }, null, 2)}\n`;

/**
 * The hash that a key is kept by. One SHA-256 without salt or stretching is right here, unlike for passwords: a key is 192
 * random bits, so nobody can try all of them, nor find two alike.
 */
export const keyHash = (secret: string): string => textHash(secret);

/** A new key: the secret, which is shown once, and what is kept of it. */
export function newKey(name: string, granted: readonly Scope[]): { readonly secret: string; readonly key: ApiKey } {
  const random = crypto.getRandomValues(new Uint8Array(24));
  const secret = `ck_${btoa(String.fromCharCode(...random))
    .replaceAll("+", "-")
    .replaceAll("/", "_")}`;
  return { secret, key: { name, scopes: [...granted], sha256: keyHash(secret), created: new Date().toISOString() } };
}
