import type { $ZodType, $ZodTypes } from "zod/v4/core";
import { formatDate } from "../cells/date.js";
import { booleanTexts } from "../cells/label.js";
import { dateType, numberType, refuseChecks, stringType } from "./checks.js";
import type { ColumnType, Context, Lowered } from "./lowered.js";
import { readMeta, type ColumnMeta } from "./meta.js";
import { lowerUnion } from "./union.js";

const defOf = (schema: $ZodType): $ZodTypes["_zod"]["def"] => (schema as $ZodTypes)._zod.def;

/** Replacements for types that have no column kind. */
const advice: Readonly<Record<string, string>> = {
  object: "flatten it to one key per column",
  array: "derive a number or a label from it before churnkit reads it",
  tuple: "flatten it to one key per column",
  record: "flatten it to one key per column",
  bigint: "use z.int()",
  any: "declare its type, such as z.number() or z.string()",
  unknown: "declare its type, such as z.number() or z.string()",
  nan: "use z.number().nullable(); NaN is how a table keeps a missing number",
  transform: "a transformation is code, which a contract cannot store; derive a feature instead",
  catch: "values that break the contract are reported, not replaced; use .default() for missing ones",
  template_literal: "use z.string()",
};

/** Turns a column's schema into its type; if it cannot be lowered, reports that and returns undefined. */
export function lower(schema: $ZodType, outer: Context): Lowered | undefined {
  const { path, problems } = outer;
  const refuse = (message: string): void => {
    problems.push({ code: "CONTRACT_UNSUPPORTED_TYPE", path, message });
  };
  const def = defOf(schema);
  if (outer.depth > 50) {
    refuse("the schema wraps itself");
    return undefined;
  }
  const meta: ColumnMeta = { ...readMeta(schema, path, problems), ...outer.meta };
  const context: Context = { ...outer, meta, depth: outer.depth + 1 };
  const plain = (type: ColumnType): Lowered => ({ type, nullable: false, optional: false, meta });
  const inner = (): Lowered | undefined => {
    refuseChecks(schema, refuse);
    return "innerType" in def ? lower(def.innerType, context) : undefined;
  };
  const wrap = (change: Partial<Lowered>): Lowered | undefined => {
    const lowered = inner();
    return lowered === undefined ? undefined : { ...lowered, ...change };
  };

  switch (def.type) {
    case "number":
      return plain(numberType(schema, refuse));
    case "string":
      return plain(stringType(schema, meta.kind ?? "category", refuse));
    case "date":
      return plain({ ...dateType(schema, refuse), precision: meta.precision ?? "datetime" });
    case "boolean":
      refuseChecks(schema, refuse);
      if (def.coerce === true)
        refuse(
          'z.coerce.boolean() takes every text but the empty one for true, "false" too; use z.boolean() or z.stringbool()',
        );
      return plain({ kind: "boolean", truthy: booleanTexts.truthy, falsy: booleanTexts.falsy, caseSensitive: false });
    case "enum":
    case "literal":
    case "union":
      return lowerUnion(schema, context, lower);
    case "optional":
      return wrap({ optional: true });
    case "nullable":
      return wrap({ nullable: true });
    case "nonoptional":
      return wrap({ optional: false });
    case "readonly":
      return inner();
    case "default":
    case "prefault": {
      const given: unknown = def.defaultValue;
      if (given === null) {
        // An absent value becomes null: missing.
        const lowered = wrap({ default: undefined, optional: true });
        if (def.type === "prefault" && lowered?.nullable === false)
          refuse("the prefault null is refused by the type itself; make it nullable");
        return lowered;
      }
      const value = defaultValue(given, meta);
      if (value === undefined) refuse("a default must be a finite number, a text, a boolean, a date or null");
      return wrap({ default: value, optional: true });
    }
    case "lazy":
      refuseChecks(schema, refuse);
      return lower(def.getter(), context);
    case "pipe":
      refuseChecks(schema, refuse);
      return lowerPipe(schema, def.in, def.out, "transform" in def && def.transform !== undefined, context, refuse);
    default: {
      const hint = advice[def.type];
      refuse(`z.${def.type} cannot be a column${hint === undefined ? "" : `; ${hint}`}`);
      return undefined;
    }
  }
}

function defaultValue(value: unknown, meta: ColumnMeta): string | number | boolean | undefined {
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? undefined : formatDate(value.getTime(), meta.precision ?? "datetime");
  }
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  return typeof value === "string" || typeof value === "boolean" ? value : undefined;
}

/**
 * `z.stringbool()`, an ISO text decoded to a date, and pipes without code, whose ends agree. Other codecs and
 * `z.preprocess` run code that a contract cannot store.
 */
function lowerPipe(
  schema: $ZodType,
  from: $ZodType,
  to: $ZodType,
  isCodec: boolean,
  context: Context,
  refuse: (message: string) => void,
): Lowered | undefined {
  const { bag } = schema._zod;
  const input = defOf(from).type;
  const output = defOf(to).type;
  if (
    isCodec &&
    input === "string" &&
    output === "boolean" &&
    Array.isArray(bag["truthy"]) &&
    Array.isArray(bag["falsy"])
  ) {
    const caseSensitive = bag["case"] === "sensitive";
    const type = {
      kind: "boolean",
      truthy: bag["truthy"].map(String),
      falsy: bag["falsy"].map(String),
      caseSensitive,
    } as const;
    return { type, nullable: false, optional: false, meta: context.meta };
  }
  if (input === "transform" || output === "transform" || (isCodec && !(input === "string" && output === "date"))) {
    refuse(`a transformation is code, which a contract cannot store; declare the column as it is in the data`);
    return undefined;
  }
  const source = lower(from, context);
  const result = lower(to, context);
  if (source === undefined || result === undefined) return undefined;
  const agree =
    source.type.kind === result.type.kind || (input === "string" && source.type.kind !== "date" && !isCodec);
  if (!agree) {
    refuse(`the two ends of the pipe differ (${source.type.kind} and ${result.type.kind})`);
    return undefined;
  }
  if (isNarrow(source.type) && JSON.stringify(source.type) !== JSON.stringify(result.type)) {
    refuse("a limit or list at the first end of the pipe would be lost; declare it at the last end");
    return undefined;
  }
  // A null or an absent value passes both ends, or a default replaces it.
  const passes = source.optional && source.default === undefined;
  const handling = {
    nullable: source.nullable && result.nullable,
    optional: source.default !== undefined || (source.optional && result.optional),
    default: passes ? result.default : source.default,
  };
  // A decoded ISO day keeps its precision unless the metadata says otherwise.
  if (isCodec && source.type.kind === "date" && result.type.kind === "date" && context.meta.precision === undefined) {
    return { ...result, ...handling, type: { ...result.type, precision: source.type.precision } };
  }
  return { ...result, ...handling };
}

/** Returns whether the type accepts fewer values than its kind can have. */
function isNarrow(type: ColumnType): boolean {
  switch (type.kind) {
    case "number":
      return Object.entries(type).some(([key, value]) => key !== "kind" && value !== false);
    case "date":
      return type.min !== undefined || type.max !== undefined;
    case "category":
      return !type.open || type.levels.length > 0;
    case "text":
      return type.maxLength !== undefined;
    case "boolean":
      return true;
  }
}
