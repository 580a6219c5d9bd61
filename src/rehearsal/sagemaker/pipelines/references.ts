import { StepError } from "./retries.js";

/** What references of an execution lead to. */
export interface Scope {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly execution: Readonly<Record<string, unknown>>;
  /** The description of what a step has made. */
  readonly step: (name: string) => unknown;
  /** The JSON of a step's property file. */
  readonly file: (step: string, file: string) => Promise<unknown>;
}

type Members = Readonly<Record<string, unknown>>;

/** Puts values in the place of all references, at every depth. */
export async function resolved(value: unknown, scope: Scope): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((item) => resolved(item, scope)));
  if (typeof value !== "object" || value === null) return value;
  const { Get, "Std:Join": join, "Std:JsonGet": jsonGet } = value as Members;
  if (typeof Get === "string") return got(Get, scope);
  if (join !== undefined) return joined(join as Members, scope);
  if (jsonGet !== undefined) return read(jsonGet as Members, scope);
  const members = Object.entries(value).map(async ([key, member]) => [key, await resolved(member, scope)] as const);
  return Object.fromEntries(await Promise.all(members));
}

function got(path: string, { parameters, execution, step }: Scope): unknown {
  const [, kind = "", name = "", rest = ""] = /^(\w+)\.([\w-]+)\.?(.*)$/.exec(path) ?? [];
  if (kind === "Parameters") return parameters[name];
  if (kind === "Execution") return execution[name];
  return valueAt(step(name), rest, `The reference ${path}`);
}

async function joined({ On = "", Values = [] }: Members, scope: Scope): Promise<string> {
  const values = await Promise.all((Values as unknown[]).map((each) => resolved(each, scope)));
  return values.map((each) => (typeof each === "string" ? each : JSON.stringify(each))).join(On as string);
}

async function read({ PropertyFile, Path }: Members, scope: Scope): Promise<unknown> {
  const { Get } = PropertyFile as { readonly Get: string };
  const [, step = "", file = ""] = /^Steps\.([\w-]+)\.PropertyFiles\.(.+)$/.exec(Get) ?? [];
  return valueAt(await scope.file(step, file), Path as string, `The path ${String(Path)} of ${Get}`);
}

/** Members by which an item of a list is named. */
const names = ["OutputName", "MetricName", "InputName", "ChannelName"];

/** The value at a path such as `A.B['name'].C[0]`. */
export function valueAt(value: unknown, path: string, what: string): unknown {
  const keys = path.matchAll(/\['([^']*)'\]|\["([^"]*)"\]|\[(\d+)\]|([^.[\]]+)/g);
  let at = value;
  for (const [, single, double, index, plain] of keys) {
    const key = single ?? double ?? index ?? plain ?? "";
    if (Array.isArray(at) && index === undefined)
      at = (at as Members[]).find((item) => names.some((name) => item[name] === key));
    else at = typeof at === "object" && at !== null && Object.hasOwn(at, key) ? (at as Members)[key] : undefined;
  }
  if (at === undefined) throw new StepError("ClientError", `${what} leads to nothing.`);
  return at;
}
