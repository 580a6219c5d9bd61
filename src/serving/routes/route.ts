import { failure, type Handler, type ServeRequest, type ServeResponse } from "../http.js";

/** The parts of a path that a route leaves open, by name and decoded. */
export type PathParts = Readonly<Partial<Record<string, string>>>;

/** One line in the table of routes. */
export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  /** A path such as `/predict`; `{name}` stands for one part: `/models/{model}/predict`. */
  readonly path: string;
  readonly answer: (request: ServeRequest, parts: PathParts) => ServeResponse | Promise<ServeResponse>;
}

export const get = (path: string, answer: Route["answer"]): Route => ({ method: "GET", path, answer });
export const post = (path: string, answer: Route["answer"]): Route => ({ method: "POST", path, answer });

/** All routes of one path. */
interface Place {
  readonly path: string;
  readonly routes: readonly Route[];
}

/** Finds routes by path. */
export interface Router {
  readonly table: readonly Route[];
  /** Answers by the route of a path. */
  readonly answer: Handler;
  /** The path of a request as its route spells it, or `other`. Safe as a label: callers cannot choose it. */
  label(path: string): string;
}

/** A router over a table of routes. Paths without open parts cost one look-up. */
export function routerOf(table: readonly Route[]): Router {
  const fixed = new Map<string, { readonly place: Place; readonly parts: PathParts }>();
  const open: { readonly place: Place; readonly parts: readonly string[] }[] = [];
  for (const path of new Set(table.map((route) => route.path))) {
    const place = { path, routes: table.filter((route) => route.path === path) };
    if (path.includes("{")) open.push({ place, parts: path.split("/") });
    else fixed.set(path, { place, parts: {} });
  }

  function find(path: string): { readonly place: Place; readonly parts: PathParts } | undefined {
    const found = fixed.get(path);
    if (found !== undefined || open.length === 0) return found;
    const given = path.split("/");
    for (const { place, parts } of open) {
      const named = partsOf(parts, given);
      if (named !== undefined) return { place, parts: named };
    }
    return undefined;
  }

  return {
    table,
    async answer(request) {
      const found = find(request.path);
      if (found === undefined) return nothingThere(request.path);
      const { place, parts } = found;
      const route = place.routes.find((candidate) => takes(candidate, request.method));
      return route === undefined ? wrongMethod(place, request) : route.answer(request, parts);
    },
    label: (path) => find(path)?.place.path ?? "other",
  };
}

/** The open parts of a path where it has the form of a route. */
function partsOf(form: readonly string[], given: readonly string[]): PathParts | undefined {
  if (form.length !== given.length) return undefined;
  const parts: Partial<Record<string, string>> = {};
  for (const [i, part] of form.entries()) {
    const text = given[i] ?? "";
    if (!part.startsWith("{")) {
      if (part !== text) return undefined;
      continue;
    }
    const value = decoded(text);
    if (value === undefined || value === "") return undefined;
    parts[part.slice(1, -1)] = value;
  }
  return parts;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

const takes = (route: Route, method: string): boolean =>
  method === route.method || (method === "HEAD" && route.method === "GET");

function nothingThere(path: string): ServeResponse {
  return failure(404, {
    code: "REQUEST_INVALID",
    message: `${path.slice(0, 100)} does not exist. GET / lists the endpoints.`,
  });
}

function wrongMethod({ routes }: Place, { method, path }: ServeRequest): ServeResponse {
  const allow = routes.map((route) => (route.method === "GET" ? "GET, HEAD" : route.method)).join(", ");
  return failure(
    405,
    { code: "REQUEST_INVALID", message: `${path.slice(0, 100)} takes ${allow}, not ${method.slice(0, 20)}.` },
    { allow },
  );
}
