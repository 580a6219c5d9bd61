import type { ServiceModel, Shape } from "./model.js";

/** Something that AWS would object to. */
export interface ShapeProblem {
  /** `CreateModel.Containers[0].Image`. */
  readonly path: string;
  readonly what: string;
  /** Whether the value could not even be read. */
  readonly isType: boolean;
}

/** Whether a value is as a program gives it to an SDK, or as it arrives: dates as numbers or texts, bytes as texts, null for nothing. */
type Form = "given" | "arrived";

/** Compares a value with a shape of the model: required and unknown members, types, enum values, lengths, ranges and patterns. */
export function shapeProblems(
  model: ServiceModel,
  name: string,
  value: unknown,
  path: string,
  form: Form,
): ShapeProblem[] {
  const inside = (shape: string, item: unknown, at: string): ShapeProblem[] =>
    shapeProblems(model, shape, item, at, form);
  const shape = model.shapes[name];
  if (shape === undefined) throw new Error(`The service model has no shape ${name}`);
  if (shape.document === true || shape.eventstream === true) return [];
  const expected = (what: string): ShapeProblem[] => [
    { path, what: `expected ${what}, got ${shown(value)}`, isType: true },
  ];
  switch (shape.type) {
    case "structure":
      return isObject(value) ? structureProblems(shape, value, path, form, inside) : expected("an object");
    case "list":
      if (!Array.isArray(value)) return expected("a list");
      return [
        ...sizeProblems(shape, value.length, "items", path),
        ...value.flatMap((item: unknown, i) => inside(shape.member?.shape ?? "", item, `${path}[${i}]`)),
      ];
    case "map":
      if (!isObject(value)) return expected("a map");
      return [
        ...sizeProblems(shape, Object.keys(value).length, "entries", path),
        ...Object.entries(value).flatMap(([key, item]) => [
          ...inside(shape.key?.shape ?? "", key, `${path}{key}`),
          ...inside(shape.value?.shape ?? "", item, `${path}.${key}`),
        ]),
      ];
    case "string":
      return typeof value === "string" ? stringProblems(shape, value, path) : expected("a string");
    case "integer":
    case "long":
      return typeof value === "bigint" || Number.isSafeInteger(value)
        ? rangeProblems(shape, Number(value), path)
        : expected("a whole number");
    case "float":
    case "double":
      return typeof value === "number" && Number.isFinite(value)
        ? rangeProblems(shape, value, path)
        : expected("a finite number");
    case "boolean":
      return typeof value === "boolean" ? [] : expected("a boolean");
    case "timestamp":
      return isTime(value, form) ? [] : expected(form === "given" ? "a valid Date" : "a time");
    case "blob":
      return typeof value === "string" || isObject(value) ? [] : expected("bytes, a text or a stream");
    default:
      throw new Error(`The service model's shape ${name} is of type ${shape.type}, which is not known here`);
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const shown = (value: unknown): string =>
  typeof value === "number" || typeof value === "bigint"
    ? String(value)
    : (JSON.stringify(value) ?? "nothing").slice(0, 60);

function isTime(value: unknown, form: Form): boolean {
  if (form === "given") return value instanceof Date && !Number.isNaN(value.getTime());
  return typeof value === "string" ? !Number.isNaN(Date.parse(value)) : Number.isFinite(value);
}

function structureProblems(
  shape: Shape,
  value: Record<string, unknown>,
  path: string,
  form: Form,
  inside: (shape: string, item: unknown, at: string) => ShapeProblem[],
): ShapeProblem[] {
  const members = shape.members ?? {};
  const given = Object.entries(value).filter(
    ([, member]) => member !== undefined && (member !== null || form === "given"),
  );
  const names = new Set(given.map(([name]) => name));
  // The SDK fills in tokens that make a repeated request harmless.
  const missing = (shape.required ?? []).filter((name) => !names.has(name) && members[name]?.idempotencyToken !== true);
  const union =
    shape.union === true && given.length !== 1 ? [wrong(path, `takes exactly one member, got ${given.length}`)] : [];
  return [
    ...missing.map((name) => wrong(path, `lacks the required member ${name}`)),
    ...union,
    ...given.flatMap(([name, member]) => {
      const known = Object.hasOwn(members, name) ? members[name] : undefined;
      return known === undefined
        ? [wrong(path, `has no member ${name}`)]
        : inside(known.shape, member, `${path}.${name}`);
    }),
  ];
}

const wrong = (path: string, what: string): ShapeProblem => ({ path, what, isType: false });

function stringProblems(shape: Shape, value: string, path: string): ShapeProblem[] {
  const problems = sizeProblems(shape, [...value].length, "characters", path);
  if (shape.enum !== undefined && !shape.enum.includes(value))
    problems.push(wrong(path, `${shown(value)} is not one of ${shape.enum.join(", ")}`));
  const pattern = shape.pattern === undefined ? undefined : compiled(shape.pattern);
  if (pattern?.test(value) === false)
    problems.push(wrong(path, `${shown(value)} does not match ${shape.pattern ?? ""}`));
  return problems;
}

const patterns = new Map<string, RegExp | undefined>();

/** AWS matches the whole text. The patterns are Java's; one that JavaScript cannot read is not checked. */
function compiled(pattern: string): RegExp | undefined {
  if (!patterns.has(pattern)) patterns.set(pattern, compile(pattern));
  return patterns.get(pattern);
}

function compile(pattern: string): RegExp | undefined {
  const source = pattern
    .replaceAll(/(\[[^\]]*)\\p\{Print\}/g, "$1 -~")
    .replaceAll("\\p{Print}", "[ -~]")
    .replace(/([*+?}])\+/g, "$1")
    // An end may be repeated in Java.
    .replace(/\$\{1,\d+\}/g, "$$")
    .replaceAll("\\A", "^")
    .replaceAll(/\\[zZ]/g, "$")
    .replaceAll("\\p{Alnum}", "A-Za-z0-9");
  // Classes of letters have another meaning without the flag.
  for (const flags of source.includes("\\p{") ? ["u"] : ["u", ""]) {
    try {
      return new RegExp(`^(?:${source})$`, flags);
    } catch {
      // Escapes that are needless in Java are errors with the flag u.
    }
  }
  return undefined;
}

function sizeProblems({ min, max }: Shape, size: number, what: string, path: string): ShapeProblem[] {
  if (min !== undefined && size < min) return [wrong(path, `${size} ${what}, at least ${min} are needed`)];
  return max !== undefined && size > max ? [wrong(path, `${size} ${what}, at most ${max} are allowed`)] : [];
}

function rangeProblems({ min, max }: Shape, value: number, path: string): ShapeProblem[] {
  const low = min !== undefined && value < min;
  const high = max !== undefined && value > max;
  return low || high ? [wrong(path, `${value} is not from ${min ?? "-Infinity"} to ${max ?? "Infinity"}`)] : [];
}
