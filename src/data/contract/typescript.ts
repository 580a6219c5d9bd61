import { formatDate } from "./cells/date.js";
import { booleanTexts } from "./cells/label.js";
import type { BooleanColumn, Column, Contract, DateColumn, NumberColumn, NumberFormat } from "./contract.js";

const quote = (text: string): string =>
  JSON.stringify(text)
    .replace(/\u2028/g, "\\u2028")
    .replace(/\u2029/g, "\\u2029");

const list = (texts: readonly string[]): string => `[${texts.map(quote).join(", ")}]`;

const importOf = (name: string, module: string): string => `import { ${name} } from ${quote(module)};`;

const isName = (text: string): boolean => /^[A-Za-z_$][\w$]*$/.test(text);

const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((text, i) => text === b[i]);

function numberSource(column: NumberColumn): string {
  const { min, max, exclusiveMin, exclusiveMax, multipleOf } = column;
  const limit = (method: string, value: number | undefined): string =>
    value === undefined ? "" : `.${method}(${value})`;
  return [
    column.integer ? "z.int()" : "z.number()",
    limit("min", min),
    limit("max", max),
    limit("gt", exclusiveMin),
    limit("lt", exclusiveMax),
    limit("multipleOf", multipleOf),
    column.nan === true ? ".or(z.nan())" : "",
  ].join("");
}

function booleanSource(column: BooleanColumn): string {
  const { truthy, falsy, caseSensitive } = column;
  if (!caseSensitive && same(truthy, booleanTexts.truthy) && same(falsy, booleanTexts.falsy)) return "z.boolean()";
  return `z.stringbool({ truthy: ${list(truthy)}, falsy: ${list(falsy)}${caseSensitive ? ', case: "sensitive"' : ""} })`;
}

function dateSource(column: DateColumn): string {
  const { min, max, precision } = column;
  if (min === undefined && max === undefined && precision === "date") return "z.iso.date()";
  const limit = (method: string, value: number | undefined): string =>
    value === undefined ? "" : `.${method}(new Date(${quote(formatDate(value, "datetime"))}))`;
  return `z.date()${limit("min", min)}${limit("max", max)}`;
}

function typeSource(column: Column): string {
  switch (column.kind) {
    case "number":
      return numberSource(column);
    case "boolean":
      return booleanSource(column);
    case "date":
      return dateSource(column);
    case "category":
      return column.levels.length === 0 ? "z.string()" : `z.enum(${list(column.levels)})`;
    case "text":
      return column.maxLength === undefined ? "z.string()" : `z.string().max(${column.maxLength})`;
  }
}

const numberFormatSource = (format: NumberFormat): string =>
  `{ ${Object.entries(format)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}: ${typeof value === "string" ? quote(value) : String(value)}`)
    .join(", ")} }`;

function metaSource(column: Column): string {
  const { unit, description, missing, role } = column;
  const members = [
    unit === undefined ? "" : `unit: ${quote(unit)}`,
    description === undefined ? "" : `description: ${quote(description)}`,
    column.kind === "text" ? 'kind: "text"' : "",
    column.kind === "date" && column.precision === "date" && dateSource(column) !== "z.iso.date()"
      ? 'precision: "date"'
      : "",
    column.kind === "number" && column.numberFormat !== undefined
      ? `numberFormat: ${numberFormatSource(column.numberFormat)}`
      : "",
    column.kind === "date" && column.dateFormat !== undefined ? `dateFormat: ${quote(column.dateFormat)}` : "",
    missing.length === 0 ? "" : `missing: ${list(missing)}`,
    column.kind === "category" && column.open && column.levels.length > 0 ? 'unseen: "unknown"' : "",
    role === "ignored" ? 'role: "ignored"' : "",
  ].filter((member) => member !== "");
  return members.length === 0 ? "" : `.meta({ ${members.join(", ")} })`;
}

function defaultSource(column: Column): string {
  const { default: value } = column;
  if (value === undefined) return column.optional ? ".optional()" : "";
  if (column.kind === "date" && typeof value === "string" && dateSource(column) !== "z.iso.date()") {
    return `.default(new Date(${quote(value)}))`;
  }
  return `.default(${typeof value === "string" ? quote(value) : String(value)})`;
}

/** The zod source of one column, such as `z.int().min(0).nullable().meta({ unit: "months" })`. */
export function columnSource(column: Column): string {
  return `${typeSource(column)}${column.nullable ? ".nullable()" : ""}${metaSource(column)}${defaultSource(column)}`;
}

/** Makes the constant's name from the contract's: "telco-churn.csv" gives telcoChurnDataset. */
function constantName(name: string): string {
  const words = name
    .replace(/\.\w+$/, "")
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "");
  const joined = words
    .map((word, i) => (i === 0 ? word.charAt(0).toLowerCase() : word.charAt(0).toUpperCase()) + word.slice(1))
    .join("");
  if (!/^[A-Za-z]/.test(joined) || joined.length > 60) return "dataset";
  return /dataset$/i.test(joined) ? joined : `${joined}Dataset`;
}

/**
 * Prints a contract as TypeScript: a module that imports zod and exports a `defineDataset(...)`, or the
 * `contractOf(...)` of one without a target. Running it gives the same columns, without the ranges observed in data
 * (`observed`) and the origin. A declared contract is strict, so labels that an inferred one accepts keep `unseen:
 * "unknown"`.
 *
 * @example
 * ```ts
 * import { inferContract, toTypeScript } from "churnkit/data";
 *
 * const rows = [["3", "Yes"], ["40", "No"]];
 * const { contract } = inferContract(["tenure", "Churn"], rows, { target: "Churn", positive: "Yes" });
 * console.log(toTypeScript(contract));
 * ```
 */
export function toTypeScript(contract: Contract): string {
  const { columns, target, name } = contract;
  const key = (text: string): string => (isName(text) ? text : quote(text));
  const ids = columns.filter(({ role }) => role === "id").map((column) => column.name);
  const fields = columns.map((column) => `    ${key(column.name)}: ${columnSource(column)},`);
  const id = ids.length === 0 ? [] : [`  id: ${ids.length === 1 ? quote(ids[0] ?? "") : list(ids)},`];
  if (target === undefined) {
    const idOption = id.map((line) => `, ${line.trim().replace(/,$/, "")}`).join("");
    return [
      importOf("z", "zod"),
      importOf("contractOf", "churnkit/data"),
      "",
      `export const ${constantName(name)} = contractOf(`,
      "  z.object({",
      ...fields,
      "  }),",
      `  { name: ${quote(name)}${idOption} },`,
      ");",
      "",
    ].join("\n");
  }
  return [
    importOf("z", "zod"),
    importOf("defineDataset", "churnkit/data"),
    "",
    `export const ${constantName(name)} = defineDataset({`,
    `  name: ${quote(name)},`,
    "  schema: z.object({",
    ...fields,
    "  }),",
    ...id,
    `  target: ${quote(target.column)},`,
    `  positive: ${quote(target.positive)},`,
    "});",
    "",
  ].join("\n");
}
