/** What is read of botocore's service-2.json. */
export interface ServiceModel {
  readonly operations: Readonly<Record<string, { readonly input?: { readonly shape: string } }>>;
  readonly shapes: Readonly<Record<string, Shape>>;
}

interface Member {
  readonly shape: string;
  readonly idempotencyToken?: boolean;
}

interface Shape {
  readonly type: string;
  readonly required?: readonly string[];
  readonly members?: Readonly<Record<string, Member>>;
  readonly member?: Member;
  readonly key?: Member;
  readonly value?: Member;
  readonly enum?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly union?: boolean;
  readonly document?: boolean;
  readonly eventstream?: boolean;
}

/** Compares a value with a shape of the model; one line for each problem, beginning with its path. */
export function shapeProblems(model: ServiceModel, name: string, value: unknown, path: string): string[] {
  const shape = model.shapes[name];
  if (shape === undefined) throw new Error(`The service model has no shape ${name}`);
  if (shape.document === true || shape.eventstream === true) return [];
  const expected = (what: string): string[] => [`${path}: expected ${what}, got ${shown(value)}`];
  switch (shape.type) {
    case "structure":
      return isObject(value) ? structureProblems(model, shape, value, path) : expected("an object");
    case "list":
      if (!Array.isArray(value)) return expected("a list");
      return [
        ...sizeProblems(shape, value.length, "items", path),
        ...value.flatMap((item: unknown, i) => shapeProblems(model, shape.member?.shape ?? "", item, `${path}[${i}]`)),
      ];
    case "map":
      if (!isObject(value)) return expected("a map");
      return [
        ...sizeProblems(shape, Object.keys(value).length, "entries", path),
        ...Object.entries(value).flatMap(([key, item]) => [
          ...shapeProblems(model, shape.key?.shape ?? "", key, `${path}{key}`),
          ...shapeProblems(model, shape.value?.shape ?? "", item, `${path}.${key}`),
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
      return value instanceof Date && !Number.isNaN(value.getTime()) ? [] : expected("a valid Date");
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

function structureProblems(model: ServiceModel, shape: Shape, value: Record<string, unknown>, path: string): string[] {
  const members = shape.members ?? {};
  const given = Object.entries(value).filter(([, member]) => member !== undefined);
  const names = new Set(given.map(([name]) => name));
  // The SDK fills in tokens that make a repeated request harmless.
  const missing = (shape.required ?? []).filter((name) => !names.has(name) && members[name]?.idempotencyToken !== true);
  const union =
    shape.union === true && given.length !== 1 ? [`${path}: takes exactly one member, got ${given.length}`] : [];
  return [
    ...missing.map((name) => `${path}: lacks the required member ${name}`),
    ...union,
    ...given.flatMap(([name, member]) => {
      const known = Object.hasOwn(members, name) ? members[name] : undefined;
      return known === undefined
        ? [`${path}: has no member ${name}`]
        : shapeProblems(model, known.shape, member, `${path}.${name}`);
    }),
  ];
}

function stringProblems(shape: Shape, value: string, path: string): string[] {
  const problems = sizeProblems(shape, [...value].length, "characters", path);
  if (shape.enum !== undefined && !shape.enum.includes(value))
    problems.push(`${path}: ${shown(value)} is not one of ${shape.enum.join(", ")}`);
  const pattern = shape.pattern === undefined ? undefined : compiled(shape.pattern);
  if (pattern?.test(value) === false) problems.push(`${path}: ${shown(value)} does not match ${shape.pattern ?? ""}`);
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
    .replaceAll("\\A", "^")
    .replaceAll(/\\[zZ]/g, "$")
    .replaceAll("\\p{Alnum}", "A-Za-z0-9");
  for (const flags of ["u", ""]) {
    try {
      return new RegExp(`^(?:${source})$`, flags);
    } catch {
      // Escapes that are needless in Java are errors with the flag u.
    }
  }
  return undefined;
}

function sizeProblems({ min, max }: Shape, size: number, what: string, path: string): string[] {
  if (min !== undefined && size < min) return [`${path}: ${size} ${what}, at least ${min} are needed`];
  return max !== undefined && size > max ? [`${path}: ${size} ${what}, at most ${max} are allowed`] : [];
}

function rangeProblems({ min, max }: Shape, value: number, path: string): string[] {
  const low = min !== undefined && value < min;
  const high = max !== undefined && value > max;
  return low || high ? [`${path}: ${value} is not from ${min ?? "-Infinity"} to ${max ?? "Infinity"}`] : [];
}
