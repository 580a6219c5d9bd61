import type { JSONPath } from "jsonpath-plus";
import { ChurnkitError } from "../../base/errors.js";
import { runtimeFault, StateFault } from "./fault.js";

/** Data that paths read from: `$` is the state's data, `$$` the context, `$name` a variable. */
export interface Scope {
  readonly data: unknown;
  readonly context: unknown;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** One step of a definite path: `.name`, `['name']` or `[0]`. */
const stepPattern = /\.([A-Za-z_][\w-]*)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/y;
const rootPattern = /^\$\$|^\$[A-Za-z_]\w*|^\$/;

/** What a path yields: of a definite one the value or undefined, of another one a list. */
export interface Found {
  readonly found: boolean;
  readonly value: unknown;
}

let search: typeof JSONPath | undefined;

/**
 * Loads what reads paths with wildcards, filters and slices; other paths are read without.
 *
 * @throws ChurnkitError PEER_MISSING.
 */
export async function loadPaths(): Promise<void> {
  try {
    search ??= (await import("jsonpath-plus")).JSONPath;
  } catch (cause) {
    throw new ChurnkitError(
      "PEER_MISSING",
      "The rehearsal needs the package jsonpath-plus. Install it: npm install jsonpath-plus",
      { cause },
    );
  }
}

/** Follows a path, without a complaint if it leads nowhere. */
export function lookUp(path: string, scope: Scope): Found {
  const root = rootPattern.exec(path)?.[0];
  if (root === undefined) throw runtimeFault(`${JSON.stringify(path)} is not a path: it must begin with $.`);
  const { steps, rest } = definiteSteps(path.slice(root.length));
  let value = rootOf(root, scope);
  for (const key of steps) {
    const fits = typeof value === "object" && value !== null && Array.isArray(value) === (typeof key === "number");
    if (!fits || !Object.hasOwn(value as object, key)) return { found: false, value: undefined };
    value = (value as Record<string | number, unknown>)[key];
  }
  if (rest === "") return { found: value !== undefined, value };
  if (search === undefined) throw runtimeFault(`The path ${path} was read before loadPaths.`);
  const list = search<unknown[] | undefined>({ path: `$${rest}`, json: value as object, eval: "safe" }) ?? [];
  return { found: list.length > 0, value: list };
}

/** Follows a path that must lead somewhere. */
export function read(path: string, scope: Scope): unknown {
  const { value } = lookUp(path, scope);
  if (value === undefined)
    throw new StateFault("States.ParameterPathFailure", `The path ${path} leads to nothing in the state's data.`);
  return value;
}

function rootOf(root: string, { data, context, variables }: Scope): unknown {
  if (root === "$") return data;
  if (root === "$$") return context;
  const name = root.slice(1);
  if (Object.hasOwn(variables, name)) return variables[name];
  throw runtimeFault(`There is no variable ${root}.`);
}

/** The steps that a path begins with, each to one place, and the rest: wildcards, filters, slices. */
function definiteSteps(path: string): { readonly steps: readonly (string | number)[]; readonly rest: string } {
  const steps: (string | number)[] = [];
  for (let at = 0; ; at = stepPattern.lastIndex) {
    stepPattern.lastIndex = at;
    const match = at < path.length ? stepPattern.exec(path) : null;
    if (match === null) return { steps, rest: path.slice(at) };
    const [, name, index, single, double] = match;
    steps.push(index === undefined ? (name ?? (single ?? double ?? "").replace(/\\(.)/g, "$1")) : Number(index));
  }
}

/** Data with a value put at a reference path; `null` keeps the data, `$` replaces them. */
export function put(path: string | null | undefined, data: unknown, value: unknown): unknown {
  if (path === null) return data;
  if (path === undefined || path === "$") return value;
  const { steps, rest } = definiteSteps(path.slice(1));
  if (!path.startsWith("$") || rest !== "")
    throw runtimeFault(`${path} is not a reference path: it must name one place.`);
  return withAt(data, steps, value, path);
}

function withAt(data: unknown, [key, ...rest]: readonly (string | number)[], value: unknown, path: string): unknown {
  if (key === undefined) return value;
  const inner = (from: unknown): unknown => withAt(from, rest, value, path);
  if (typeof key === "number") {
    if (!Array.isArray(data) || key >= data.length) throw mismatch(path);
    return data.map((item: unknown, index) => (index === key ? inner(item) : item));
  }
  if (typeof data !== "object" || data === null || Array.isArray(data)) throw mismatch(path);
  const members = data as Readonly<Record<string, unknown>>;
  return { ...members, [key]: inner(Object.hasOwn(members, key) ? members[key] : {}) };
}

const mismatch = (path: string): StateFault =>
  new StateFault("States.ResultPathMatchFailure", `The result does not fit into the state's data at ${path}.`);
