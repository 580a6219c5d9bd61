import type { $ZodType } from "zod/v4/core";
import { columnRoles, type ColumnRole, type NumberFormat } from "../contract.js";
import { documentError, JsonValue } from "../../../base/json/index.js";
import type { Problem } from "../problem.js";
import { numberFormat } from "../parse-contract.js";

/**
 * Members of `.meta({ ... })` for a column; other keys are ignored, because zod shares them with other tools. zod
 * drops the metadata of a schema that is changed afterward, so put `.meta` last or before a wrapper such as
 * `.nullable()`.
 */
export interface ColumnMeta {
  /** Unit of measurement, for people: "months", "EUR". */
  readonly unit?: string;
  readonly description?: string;
  /** A string column is an open category unless it is declared as text. */
  readonly kind?: "category" | "text";
  /** `date` drops the time of day of a `z.date()`. */
  readonly precision?: "date" | "datetime";
  /** Texts that mean missing, in addition to the empty one. */
  readonly missing?: readonly string[];
  /** Whether a label that the schema does not list is scored as unknown or breaks the contract (the default). */
  readonly unseen?: "unknown" | "reject";
  /** Format of the texts of a number, unless they are plain decimals: `{ decimal: ",", suffix: "€" }`. */
  readonly numberFormat?: NumberFormat;
  /** Format of a date's texts, in addition to ISO 8601: `dd/MM/yyyy`. */
  readonly dateFormat?: string;
  readonly role?: Exclude<ColumnRole, "target">;
}

const isText = (value: unknown): boolean => typeof value === "string";
const oneOf =
  (...allowed: readonly string[]) =>
  (value: unknown): boolean =>
    typeof value === "string" && allowed.includes(value);

const isNumberFormat = (value: unknown): boolean => {
  try {
    numberFormat(JsonValue.of(value, "meta", documentError("CONTRACT_INVALID", "", "")));
    return true;
  } catch {
    return false;
  }
};

const members: Record<keyof ColumnMeta, { readonly valid: (value: unknown) => boolean; readonly expected: string }> = {
  unit: { valid: isText, expected: "a text" },
  description: { valid: isText, expected: "a text" },
  kind: { valid: oneOf("category", "text"), expected: '"category" or "text"' },
  precision: { valid: oneOf("date", "datetime"), expected: '"date" or "datetime"' },
  missing: { valid: (value) => Array.isArray(value) && value.every(isText), expected: "a list of texts" },
  unseen: { valid: oneOf("unknown", "reject"), expected: '"unknown" or "reject"' },
  numberFormat: {
    valid: isNumberFormat,
    expected: 'an object such as { decimal: ",", grouping: ".", prefix: "$", suffix: "%", accounting: true }',
  },
  dateFormat: { valid: isText, expected: 'a text such as "dd/MM/yyyy"' },
  role: {
    valid: oneOf(...columnRoles.filter((role) => role !== "target")),
    expected: '"feature", "id" or "ignored"',
  },
};

interface Registry {
  get(schema: $ZodType): unknown;
}

/**
 * Returns the metadata that zod keeps for a schema; zod's own registry has it for schemas of zod/mini, which have no
 * `.meta()`.
 */
function rawMeta(schema: $ZodType): object {
  const { meta } = schema as { meta?: unknown };
  const registry = (globalThis as { __zod_globalRegistry?: Registry }).__zod_globalRegistry;
  const found: unknown = typeof meta === "function" ? meta.call(schema) : registry?.get(schema);
  return typeof found === "object" && found !== null ? found : {};
}

/** Reads and checks the metadata of one schema; wrong members are reported and left out. */
export function readMeta(schema: $ZodType, path: string, problems: Problem[]): ColumnMeta {
  const meta: Record<string, unknown> = {};
  const raw = rawMeta(schema);
  for (const [name, { valid, expected }] of Object.entries(members)) {
    const value: unknown = Object.hasOwn(raw, name) ? (raw as Record<string, unknown>)[name] : undefined;
    if (value === undefined) continue;
    if (valid(value)) meta[name] = value;
    else problems.push({ code: "CONTRACT_INVALID", path, message: `meta.${name} must be ${expected}` });
  }
  return meta;
}
