import { innerJson } from "../aws-error.js";
import type { Member, ServiceModel, Shape } from "./model.js";
import { typed } from "./typed.js";

/** A request of a REST protocol. */
export interface RestRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

/**
 * Finds the operation that a method and a path stand for, and puts its input together from path, query, headers and body.
 *
 * @throws AwsError for a body that is not JSON.
 */
export function readRest(
  model: ServiceModel,
  { method, url, headers, body }: RestRequest,
): { readonly operation: string; readonly input: Record<string, unknown> } | undefined {
  const { pathname, searchParams } = new URL(url, "http://front");
  for (const [operation, { http, input }] of Object.entries(model.operations)) {
    const labels = http.method === method ? labelsOf(http.requestUri, pathname, searchParams) : undefined;
    if (labels === undefined) continue;
    const shape = model.shapes[input?.shape ?? ""];
    if (shape === undefined) return { operation, input: {} };
    const found: Record<string, unknown> = { ...bodyOf(shape, model, body) };
    for (const [name, member] of Object.entries(shape.members ?? {})) {
      const value = valueOf(member, name);
      if (value !== undefined) found[name] = typed(model, member.shape, value);
    }
    return { operation, input: found };

    function valueOf({ location, locationName, shape: of }: Member, name: string): unknown {
      const key = locationName ?? name;
      if (location === "uri") return labels?.[key];
      if (location === "header") return headers[key.toLowerCase()];
      if (location !== "querystring" || !searchParams.has(key)) return undefined;
      return model.shapes[of]?.type === "list" ? searchParams.getAll(key) : searchParams.get(key);
    }
  }
  return undefined;
}

/** The values of a path's labels if it fits a template such as `/functions/{FunctionName}/invocations`. */
function labelsOf(template: string, pathname: string, query: URLSearchParams): Record<string, string> | undefined {
  const [path = "", fixed = ""] = template.split("?");
  // The model's paths may end with a slash that clients leave out, and the other way round.
  const parts = path.replace(/\/$/, "").split("/");
  const given = pathname.replace(/\/$/, "").split("/");
  const labels: Record<string, string> = {};
  for (const [i, part] of parts.entries()) {
    const [, label, isGreedy] = /^\{(\w+)(\+?)\}$/.exec(part) ?? [];
    const value = isGreedy ? given.slice(i).join("/") : (given[i] ?? "");
    if (label === undefined ? part !== value : value === "") return undefined;
    if (label !== undefined) labels[label] = decodeURIComponent(value);
    if (isGreedy) return labels;
  }
  const isFixed = fixed === "" || [...new URLSearchParams(fixed)].every(([key, value]) => query.get(key) === value);
  return parts.length === given.length && isFixed ? labels : undefined;
}

function bodyOf({ payload, members = {} }: Shape, model: ServiceModel, body: Buffer): object {
  if (body.length === 0) return {};
  const isBytes = payload !== undefined && model.shapes[members[payload]?.shape ?? ""]?.type !== "structure";
  const content: unknown = isBytes ? body : innerJson(body.toString("utf8"), "SerializationException");
  return payload === undefined ? (content as object) : { [payload]: content };
}
