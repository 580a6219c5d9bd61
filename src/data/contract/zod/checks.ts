import type { $ZodChecks, $ZodType, $ZodTypes } from "zod/v4/core";
import type { Column } from "../contract.js";
import type { ColumnType } from "./lowered.js";

type TypeOf<Kind extends Column["kind"]> = Extract<ColumnType, { kind: Kind }>;
type Refuse = (message: string) => void;
type CheckDef = $ZodChecks["_zod"]["def"];

/**
 * Returns the checks of a schema: those added by methods, and the schema itself if it is a format such as `z.int()`.
 */
function checksOf(schema: $ZodType): CheckDef[] {
  const def = (schema as $ZodTypes)._zod.def;
  const added = (def.checks ?? []).map((check) => (check as $ZodChecks)._zod.def);
  return "check" in def ? [def as unknown as CheckDef, ...added] : added;
}

const unsupported = (check: string): string =>
  check === "custom"
    ? "a refinement is code, which a contract cannot store; declare limits or levels instead, or check the data before churnkit reads it"
    : check === "overwrite"
      ? "a step that rewrites the value is code, which a contract cannot store; derive a feature instead"
      : `the check ${check} has no counterpart in a contract`;

/** Refuses every check, for types whose checks a contract cannot express. */
export function refuseChecks(schema: $ZodType, refuse: Refuse): void {
  for (const { check } of checksOf(schema)) refuse(unsupported(check));
}

interface Limits {
  min?: number;
  max?: number;
  exclusiveMin?: number;
  exclusiveMax?: number;
}

function narrow(limits: Limits, check: CheckDef, value: number): void {
  if (check.check === "greater_than") {
    const key = check.inclusive ? "min" : "exclusiveMin";
    limits[key] = Math.max(limits[key] ?? -Infinity, value);
  } else if (check.check === "less_than") {
    const key = check.inclusive ? "max" : "exclusiveMax";
    limits[key] = Math.min(limits[key] ?? Infinity, value);
  }
}

/** Limits of the number formats that have them. */
const formatLimits: Readonly<Record<string, Limits>> = {
  float32: { min: -3.4028234663852886e38, max: 3.4028234663852886e38 },
  int32: { min: -2147483648, max: 2147483647 },
  uint32: { min: 0, max: 4294967295 },
};

/** A number schema: whole or not, limits, step. */
export function numberType(schema: $ZodType, refuse: Refuse): TypeOf<"number"> {
  const limits: Limits = {};
  let integer = false;
  let multipleOf: number | undefined;
  for (const check of checksOf(schema)) {
    switch (check.check) {
      case "number_format": {
        integer ||= check.format.includes("int");
        const bounds = formatLimits[check.format];
        if (bounds?.min !== undefined) limits.min = Math.max(limits.min ?? -Infinity, bounds.min);
        if (bounds?.max !== undefined) limits.max = Math.min(limits.max ?? Infinity, bounds.max);
        break;
      }
      case "greater_than":
      case "less_than":
        if (typeof check.value !== "number") refuse("a number's limit must be a number");
        else if (Number.isFinite(check.value)) narrow(limits, check, check.value);
        else if (check.value !== (check.check === "greater_than" ? -Infinity : Infinity))
          refuse(`the limit ${check.value} allows no value`);
        break;
      case "multiple_of":
        if (typeof check.value !== "number" || multipleOf !== undefined) refuse("give one step, as a number");
        else if (check.value === 1) integer = true;
        else multipleOf = check.value;
        break;
      default:
        refuse(unsupported(check.check));
    }
  }
  return { kind: "number", integer, ...limits, ...(multipleOf === undefined ? {} : { multipleOf }) };
}

/** A date schema: limits, which are instants. */
export function dateType(schema: $ZodType, refuse: Refuse): TypeOf<"date"> {
  const limits: Limits = {};
  for (const check of checksOf(schema)) {
    if (check.check !== "greater_than" && check.check !== "less_than") refuse(unsupported(check.check));
    else if (!(check.value instanceof Date) || Number.isNaN(check.value.getTime()))
      refuse("a date's limit must be a date");
    else narrow(limits, check, check.value.getTime());
  }
  // Dates are whole milliseconds, so an open limit equals the closed one next to it.
  const min = Math.max(limits.min ?? -Infinity, (limits.exclusiveMin ?? -Infinity) + 1);
  const max = Math.min(limits.max ?? Infinity, (limits.exclusiveMax ?? Infinity) - 1);
  return {
    kind: "date",
    precision: "datetime",
    ...(min === -Infinity ? {} : { min }),
    ...(max === Infinity ? {} : { max }),
  };
}

/** Returns whether a rewriting step only trims. Every text is trimmed anyway. */
function onlyTrims(rewrite: (value: unknown) => unknown): boolean {
  try {
    return rewrite(" A b\u0301 ") === "A b\u0301";
  } catch {
    return false;
  }
}

/**
 * A string schema: an ISO date, free text, or an open category. Formats, patterns and length limits of labels are not
 * part of the contract; the maximum length of free text is.
 */
export function stringType(schema: $ZodType, kind: "category" | "text", refuse: Refuse): ColumnType {
  let maxLength = Infinity;
  let precision: "date" | "datetime" | undefined;
  for (const check of checksOf(schema)) {
    switch (check.check) {
      case "string_format":
        if (check.format === "date" || check.format === "datetime") precision = check.format;
        break;
      case "max_length":
        maxLength = Math.min(maxLength, check.maximum);
        break;
      case "length_equals":
        maxLength = Math.min(maxLength, check.length);
        break;
      case "min_length":
        break;
      case "overwrite":
        if (!onlyTrims((value) => check.tx(value))) refuse(unsupported(check.check));
        break;
      default:
        refuse(unsupported(check.check));
    }
  }
  if (precision !== undefined) return { kind: "date", precision };
  if (kind === "category") return { kind: "category", levels: [], open: true };
  return { kind: "text", ...(maxLength === Infinity ? {} : { maxLength }) };
}
