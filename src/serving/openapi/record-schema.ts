import { formatDate, textLimits, type Column, type Contract, type NumberColumn } from "../../data/contract/index.js";

/** A JSON Schema (2020-12), as OpenAPI 3.1 takes it. */
export type Schema = Readonly<Record<string, unknown>>;

/** Most labels of an open column that are listed as examples. */
const mostExamples = 20;

/** The columns that a record may hold: features, and ids, which come back in captured data. */
const sentColumns = ({ columns }: Contract): readonly Column[] =>
  columns.filter(({ role }) => role === "feature" || role === "id");

/** The schema of a record to score. */
export function recordSchema(contract: Contract): Schema {
  const columns = sentColumns(contract);
  const required = columns.filter((column) => isRequired(column)).map(({ name }) => name);
  return {
    type: "object",
    description: "Other members are left out, and named in `warnings`.",
    properties: Object.fromEntries(columns.map((column) => [column.name, columnSchema(column)])),
    ...(required.length === 0 ? {} : { required }),
    examples: [exampleRecord(contract)],
  };
}

/** The schema of a record as a list of its features in the contract's order. */
export function featuresSchema(contract: Contract): Schema {
  const features = contract.columns.filter(({ role }) => role === "feature");
  const example = exampleRecord(contract);
  return {
    type: "object",
    description: `The features without their names, in this order: ${features.map(({ name }) => name).join(", ")}.`,
    properties: {
      features: {
        type: "array",
        prefixItems: features.map((column) => ({ title: column.name, ...columnSchema(column) })),
        items: false,
        minItems: features.length,
        maxItems: features.length,
      },
    },
    required: ["features"],
    examples: [{ features: features.map(({ name }) => example[name] ?? null) }],
  };
}

const isRequired = ({ role, optional, default: value }: Column): boolean =>
  role === "feature" && !optional && value === undefined;

function columnSchema(column: Column): Schema {
  const { type, enum: values, ...rest } = kindSchema(column);
  const { nullable, default: value, missing } = column;
  const refused = nullable || value !== undefined || missing.length === 0 ? {} : { not: { enum: missing } };
  const description = describe(column);
  return {
    ...(type === undefined ? {} : { type: nullable ? [type, "null"].flat() : type }),
    ...(values === undefined ? {} : { enum: nullable ? [...(values as readonly unknown[]), null] : values }),
    ...rest,
    ...refused,
    ...(value === undefined ? {} : { default: value }),
    ...(description === "" ? {} : { description }),
  };
}

/** The schema of the values that are not missing. */
function kindSchema(column: Column): Schema {
  // The empty text means that a value is missing.
  const filled = column.nullable || column.default !== undefined ? {} : { minLength: 1, pattern: "\\S" };
  switch (column.kind) {
    case "number":
      return { type: column.integer ? "integer" : "number", ...limits(column) };
    case "boolean":
      return {
        type: ["boolean", "string"],
        enum: [true, false, ...new Set([...column.truthy, ...column.falsy])],
      };
    case "date":
      return { type: "string", format: column.precision === "date" ? "date" : "date-time" };
    case "category":
      if (!column.open) return { type: "string", enum: column.levels };
      return {
        type: "string",
        ...filled,
        maxLength: textLimits.category,
        examples: column.levels.slice(0, mostExamples),
      };
    case "text":
      return { type: "string", ...filled, maxLength: Math.min(column.maxLength ?? textLimits.text, textLimits.text) };
  }
}

function limits(column: NumberColumn): Schema {
  const { integer, min, max, exclusiveMin, exclusiveMax, multipleOf } = column;
  // Beyond them a whole number is rounded to its neighbor, and refused.
  const [least, most] = integer ? [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER] : [];
  const all = {
    minimum: min ?? (exclusiveMin === undefined ? least : undefined),
    maximum: max ?? (exclusiveMax === undefined ? most : undefined),
    exclusiveMinimum: exclusiveMin,
    exclusiveMaximum: exclusiveMax,
    multipleOf,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** Rules that a JSON schema cannot express. */
function describe(column: Column): string {
  const { description, unit, role } = column;
  const sentences = [
    description,
    role === "id" ? "The customer's id; it changes no score." : undefined,
    unit === undefined ? undefined : `In ${unit}.`,
    observedIn(column),
    column.kind === "date" ? daysBetween(column) : undefined,
    column.kind === "category" && column.open ? "Other labels are scored as unknown." : undefined,
  ];
  return sentences.filter((sentence) => sentence !== undefined && sentence !== "").join(" ");
}

function observedIn(column: Column): string | undefined {
  if ((column.kind !== "number" && column.kind !== "date") || column.observed === undefined) return undefined;
  const { min, max } = column.observed;
  const text = (value: number): string =>
    column.kind === "number" ? String(value) : formatDate(value, column.precision);
  return `Training saw ${text(min)} to ${text(max)}.`;
}

function daysBetween({ min, max, precision }: Extract<Column, { kind: "date" }>): string | undefined {
  const parts = [
    min === undefined ? "" : `from ${formatDate(min, precision)}`,
    max === undefined ? "" : `to ${formatDate(max, precision)}`,
  ].filter((part) => part !== "");
  return parts.length === 0 ? undefined : `Allowed ${parts.join(" ")}.`;
}

/** A record that keeps the contract, with a usual value in each column. */
export function exampleRecord(contract: Contract): Readonly<Record<string, string | number | boolean>> {
  return Object.fromEntries(sentColumns(contract).map((column) => [column.name, exampleOf(column)]));
}

function exampleOf(column: Column): string | number | boolean {
  switch (column.kind) {
    case "number":
      return exampleNumber(column);
    case "boolean":
      return true;
    case "date": {
      const { min = column.observed?.min, max = column.observed?.max, precision } = column;
      const day = Date.UTC(2024, 0, 1);
      return formatDate(((min ?? max ?? day) + (max ?? min ?? day)) / 2, precision);
    }
    case "category":
      return column.levels[0] ?? `${column.role === "id" ? "C" : "label"}1`;
    case "text":
      return "C1".slice(0, column.maxLength);
  }
}

/** The middle of the allowed or seen range, as round as the column's numbers are. */
function exampleNumber(column: NumberColumn): number {
  const { integer, multipleOf, observed } = column;
  const low = column.min ?? column.exclusiveMin ?? observed?.min;
  const high = column.max ?? column.exclusiveMax ?? observed?.max;
  const from = Math.max(low ?? observed?.min ?? (high === undefined ? 0 : high - 2), observed?.min ?? -Infinity);
  const to = Math.min(high ?? observed?.max ?? from + 2, observed?.max ?? Infinity);
  const middle = (from + to) / 2;
  if (multipleOf !== undefined) return Math.round(middle / multipleOf) * multipleOf;
  return integer ? Math.round(middle) : Math.round(middle * 100) / 100;
}
