import { failure, type Middleware, type ServeRequest } from "../http.js";
import { keyHash, parseKeys, type ApiKey, type Scope } from "./key-document.js";
import { isHealth } from "./open-routes.js";

/** Keys that may change while the server runs, by hash. */
export interface KeySource {
  find(sha256: string): ApiKey | undefined;
}

/** Options of {@link apiKeys}. */
export interface ApiKeysOptions {
  /** Scope that a request needs, or `open`. Default: health routes are open, and the scope follows from method and path. */
  readonly scope?: ((request: ServeRequest) => Scope | "open") | undefined;
}

/** Longer texts are no keys, and not worth hashing. */
const longest = 200;

/**
 * Lets requests through that carry a key, as `Authorization: Bearer <key>` or `x-api-key: <key>`, with the scope that the route
 * needs: `predict`, `metrics` (GET /metrics) or `admin` (which changes models, and opens everything). Others get a 401 or 403.
 * `/live`, `/ready`, `/ping`, `/health` and the page `/docs` are open. Later middlewares find the key's name in `request.caller`.
 *
 * @param source text of a key document, such as an environment variable, or keys from `watchKeys`.
 * @throws ChurnkitError INPUT_MALFORMED for a document that cannot be read.
 * @example
 * ```ts
 * import { apiKeys } from "churnkit/serving";
 *
 * const sha256 = "b".repeat(64); // `churnkit keys create` makes keys and their hashes
 * const keys = apiKeys(JSON.stringify({ version: 1, keys: [{ name: "crm", scopes: ["predict"], sha256 }] }));
 * // createHandler(model, { middleware: [keys] });
 * ```
 */
export function apiKeys(source: string | KeySource, { scope = scopeOf }: ApiKeysOptions = {}): Middleware {
  const keys = typeof source === "string" ? keysOf(parseKeys(source, "the given text")) : source;
  return (next) => (request) => {
    const needed = scope(request);
    if (needed === "open") return next(request);
    const secret = secretOf(request);
    // The time of a look-up depends on the hash of the sent text alone. To learn a kept hash from it, a caller would need texts
    // whose hashes begin as they please, and a hash that is known still gives no key: it cannot be turned back.
    const key = secret === undefined || secret.length > longest ? undefined : keys.find(keyHash(secret));
    if (key === undefined) return Promise.resolve(secret === undefined ? withoutKey : withWrongKey);
    if (request.logged !== undefined) request.logged["key"] = key.name;
    if (!key.scopes.includes(needed) && !key.scopes.includes("admin")) return Promise.resolve(forbidden(key, needed));
    return next({ ...request, caller: key.name });
  };
}

/** Keys by hash. */
export function keysOf(keys: readonly ApiKey[]): KeySource {
  const byHash = new Map(keys.map((key) => [key.sha256, key]));
  return { find: (sha256) => byHash.get(sha256) };
}

function scopeOf({ method, path }: ServeRequest): Scope | "open" {
  // The page holds nothing of the model, and is where a browser takes the key.
  if (isHealth(path) || path === "/docs") return "open";
  if (path === "/metrics") return "metrics";
  const changesModels =
    method === "DELETE" || method === "PUT" || (method === "POST" && /^\/(?:models$|v2\/repository\/)/.test(path));
  return changesModels ? "admin" : "predict";
}

function secretOf({ headers }: ServeRequest): string | undefined {
  const { authorization } = headers;
  return (
    (authorization === undefined ? undefined : /^Bearer +(\S+) *$/i.exec(authorization)?.[1]) ?? headers["x-api-key"]
  );
}

const unauthorized = (message: string) =>
  failure(401, { code: "ACCESS_DENIED", message }, { "www-authenticate": 'Bearer realm="churnkit"' });
const withoutKey = unauthorized("A key is needed. Send Authorization: Bearer <key>.");
const withWrongKey = unauthorized("The key is not valid. It may have been revoked; ask for another.");

const forbidden = ({ name, scopes }: ApiKey, needed: Scope) =>
  failure(403, {
    code: "ACCESS_DENIED",
    message: `The key ${name} has the scope ${scopes.join(", ")}; this route needs ${needed}.`,
  });
