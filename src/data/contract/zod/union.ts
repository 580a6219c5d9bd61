import type { $ZodType, $ZodTypes } from "zod/v4/core";
import { describeValue } from "../cells/issue.js";
import { booleanTexts } from "../cells/label.js";
import type { ColumnType, Context, Lowered } from "./lowered.js";

/** Lowers an option that is not a list of values. */
type LowerOption = (schema: $ZodType, context: Context) => Lowered | undefined;

/** What the options of a union (or an enum, or a literal, which are unions of values) come to. */
interface Parts {
  /** The values listed, in order. */
  readonly labels: (string | number | boolean)[];
  /** Options that are not lists of values. */
  readonly types: Lowered[];
  nullable: boolean;
  optional: boolean;
  failed: boolean;
}

function addValue(value: unknown, parts: Parts, refuse: (message: string) => void): void {
  if (value === null) parts.nullable = true;
  else if (value === undefined) parts.optional = true;
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
  switch (def.type) {
    case "enum":
      for (const value of schema._zod.values ?? []) addValue(value, parts, refuse);
      return;
    case "literal":
      for (const value of def.values) addValue(value, parts, refuse);
      return;
    case "null":
    case "nan":
      parts.nullable = true;
      return;
    case "undefined":
      parts.optional = true;
      return;
    case "union":
      def.options.forEach((option, i) => {
        collect(option, { ...context, path: `${path}.options[${i}]`, depth: context.depth + 1 }, parts, lower);
      });
      return;
    default: {
      const lowered = lower(schema, context);
      if (lowered === undefined) parts.failed = true;
      else {
        parts.types.push(lowered);
        parts.nullable ||= lowered.nullable;
        parts.optional ||= lowered.optional;
      }
    }
  }
}

const isBoolean = (labels: Parts["labels"]): boolean =>
  labels.length === 2 && labels.includes(true) && labels.includes(false);

function typeOf(parts: Parts, open: boolean): ColumnType | string {
  const { labels, types } = parts;
  const [only] = types;
  if (types.length > 1) return "a column holds one kind of value; this union mixes several";
  if (only === undefined && labels.length === 0) return "the list of levels is empty";
  if (only === undefined && isBoolean(labels)) {
    return { kind: "boolean", truthy: booleanTexts.truthy, falsy: booleanTexts.falsy, caseSensitive: false };
  }
  if (only !== undefined && labels.length === 0) return only.type;
  const levels = labels.map(String);
  if (only === undefined) return { kind: "category", levels, open };
  if (only.type.kind === "category") return { kind: "category", levels: [...levels, ...only.type.levels], open: true };
  if (only.type.kind === "number") return 'a number or a word: use z.number().nullable() with .meta({ missing: ["word"] })';
  return `a column holds one kind of value; this union mixes labels with a ${only.type.kind}`;
}

/** Lowers an enum, a literal or a union: a category of its values, open when any string is allowed as well. */
export function lowerUnion(schema: $ZodType, context: Context, lower: LowerOption): Lowered | undefined {
  const parts: Parts = { labels: [], types: [], nullable: false, optional: false, failed: false };
  collect(schema, context, parts, lower);
  if (parts.failed) return undefined;
  const type = typeOf(parts, context.meta.unseen === "unknown");
  if (typeof type === "string") {
    context.problems.push({ code: "CONTRACT_UNSUPPORTED_TYPE", path: context.path, message: type });
    return undefined;
  }
  return { type, nullable: parts.nullable, optional: parts.optional, default: parts.types[0]?.default, meta: context.meta };
}
