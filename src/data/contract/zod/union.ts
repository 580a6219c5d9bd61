import type { $ZodType, $ZodTypes } from "zod/v4/core";
import { describeValue } from "../cells/issue.js";
import { booleanTexts } from "../cells/label.js";
import { refuseChecks } from "./checks.js";
import type { ColumnType, Context, Lowered } from "./lowered.js";
import { readMeta, type ColumnMeta } from "./meta.js";

/** Lowers an option that is not a list of values. */
type LowerOption = (schema: $ZodType, context: Context) => Lowered | undefined;

/** Combined options of a union (or an enum, or a literal, which are unions of values). */
interface Parts {
  /** The values listed, in order. */
  readonly labels: (string | number | boolean)[];
  /** Options that are not lists of values. */
  readonly types: Lowered[];
  nullable: boolean;
  nan: boolean;
  /** Result of the first option that accepts an absent value. */
  absent: { readonly optional: boolean; readonly default?: Lowered["default"] } | undefined;
  /** Metadata outside the union wins over its options, and an earlier option over a later one. */
  meta: ColumnMeta;
  failed: boolean;
}

function addValue(value: unknown, parts: Parts, refuse: (message: string) => void): void {
  if (value === null) parts.nullable = true;
  else if (value === undefined) parts.absent ??= { optional: true };
  else if (typeof value === "string" || typeof value === "boolean") parts.labels.push(value);
  else if (typeof value === "number" && Number.isFinite(value)) parts.labels.push(value);
  else {
    refuse(`the literal ${describeValue(value)} cannot be a level`);
    parts.failed = true;
  }
}

function collect(schema: $ZodType, context: Context, parts: Parts, lower: LowerOption): void {
  const { path, problems } = context;
  const refuse = (message: string): void => {
    problems.push({ code: "CONTRACT_UNSUPPORTED_TYPE", path, message });
  };
  const def = (schema as $ZodTypes)._zod.def;
  if (isListed(schema)) refuseChecks(schema, refuse);
  switch (def.type) {
    case "enum":
      for (const value of schema._zod.values ?? []) addValue(value, parts, refuse);
      return;
    case "literal":
      for (const value of def.values) addValue(value, parts, refuse);
      return;
    case "null":
      parts.nullable = true;
      return;
    case "nan":
      // JSON writes null for it.
      parts.nullable = true;
      parts.nan = true;
      return;
    case "undefined":
      parts.absent ??= { optional: true };
      return;
    case "union":
      def.options.forEach((option, i) => {
        const inner = { ...context, path: `${path}.options[${i}]`, depth: context.depth + 1 };
        if (isListed(option)) parts.meta = { ...readMeta(option, inner.path, problems), ...parts.meta };
        collect(option, inner, parts, lower);
      });
      return;
    default: {
      const lowered = lower(schema, context);
      if (lowered === undefined) parts.failed = true;
      else addLowered(lowered, parts);
    }
  }
}

/** Returns whether this function expands the option itself, instead of lowering it. */
const isListed = (schema: $ZodType): boolean =>
  ["enum", "literal", "null", "nan", "undefined", "union"].includes((schema as $ZodTypes)._zod.def.type);

function addLowered(lowered: Lowered, parts: Parts): void {
  const { type, nullable, optional, default: otherwise, meta } = lowered;
  // A wrapped list, such as a nullable enum, is a list.
  if (type.kind === "category" && !type.open) parts.labels.push(...type.levels);
  else parts.types.push(lowered);
  parts.nullable ||= nullable;
  if (optional || otherwise !== undefined) parts.absent ??= { optional, default: otherwise };
  parts.meta = { ...meta, ...parts.meta };
}

const isBoolean = (labels: Parts["labels"]): boolean =>
  labels.length === 2 && labels.includes(true) && labels.includes(false);

function typeOf(parts: Parts, open: boolean): ColumnType | string {
  const { labels, types, nan } = parts;
  const [only] = types;
  if (nan && (labels.length > 0 || only?.type.kind !== "number"))
    return "z.nan() is for columns of numbers; use .nullable()";
  if (types.length > 1) return "a column holds one kind of value; this union mixes several";
  if (only === undefined && labels.length === 0) return "the list of levels is empty";
  if (only === undefined && isBoolean(labels)) {
    return { kind: "boolean", truthy: booleanTexts.truthy, falsy: booleanTexts.falsy, caseSensitive: false };
  }
  if (only !== undefined && labels.length === 0)
    return nan && only.type.kind === "number" ? { ...only.type, nan } : only.type;
  const levels = labels.map(String);
  if (only === undefined) return { kind: "category", levels, open };
  if (only.type.kind === "category") return { kind: "category", levels: [...levels, ...only.type.levels], open: true };
  if (only.type.kind === "number")
    return 'a number or a word: use z.number().nullable() with .meta({ missing: ["word"] })';
  return `a column holds one kind of value; this union mixes labels with a ${only.type.kind}`;
}

/** Lowers an enum, a literal or a union to a category of its values, open if any string is allowed as well. */
export function lowerUnion(schema: $ZodType, context: Context, lower: LowerOption): Lowered | undefined {
  const parts: Parts = {
    labels: [],
    types: [],
    nullable: false,
    nan: false,
    absent: undefined,
    meta: context.meta,
    failed: false,
  };
  collect(schema, context, parts, lower);
  if (parts.failed) return undefined;
  const { meta } = parts;
  const type = typeOf(parts, meta.unseen === "unknown");
  if (typeof type === "string") {
    context.problems.push({ code: "CONTRACT_UNSUPPORTED_TYPE", path: context.path, message: type });
    return undefined;
  }
  return { type, nullable: parts.nullable, optional: false, ...parts.absent, meta };
}
