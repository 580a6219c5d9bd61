import { isWritableDate } from "./cells/date.js";
import { textLimits } from "./cells/label.js";
import { contractProblems } from "./check.js";
import { columnKinds, columnRoles, type Column, type ColumnKind, type Contract, type Range, type Target } from "./contract.js";
import { readObject, refuseJson, type ObjectReader } from "./json-shape.js";
import { contractLimits } from "./limits.js";
import { throwProblems } from "./problem.js";
import { readNumberFormat } from "./read-number-format.js";

const baseMembers = ["name", "kind", "role", "nullable", "optional", "default", "defaultFor", "missing", "unit", "description"];

/** The members that only one kind of column has. */
const kindMembers: Record<ColumnKind, readonly string[]> = {
  number: ["integer", "nan", "numberFormat", "min", "max", "exclusiveMin", "exclusiveMax", "multipleOf", "observed"],
  boolean: ["truthy", "falsy", "caseSensitive"],
  date: ["precision", "dateFormat", "min", "max", "observed"],
  category: ["levels", "open"],
  text: ["maxLength"],
};

const allMembers = [...baseMembers, ...new Set(Object.values(kindMembers).flat())];
const kinds = Object.keys(columnKinds) as ColumnKind[];
const levelLimits = { count: contractLimits.levels, length: textLimits.category };
const textsLimits = { count: contractLimits.texts, length: textLimits.category };

/** Members that may be absent, read when they are there; the rest of a contract is required. */
function optionalNumbers<const K extends string>(reader: ObjectReader, keys: readonly K[]): Partial<Record<K, number>> {
  const found: Partial<Record<K, number>> = {};
  for (const key of keys) if (reader.has(key)) found[key] = reader.number(key);
  return found;
}

function observed(reader: ObjectReader): { observed?: Range } {
  if (!reader.has("observed")) return {};
  const range = reader.object("observed", ["min", "max"]);
  return { observed: { min: range.number("min"), max: range.number("max") } };
}

function readDefault(reader: ObjectReader): { default?: string | number | boolean } {
  if (!reader.has("default")) return {};
  const value = reader.value("default");
  if (typeof value === "string") return { default: reader.text("default", textLimits.text) };
  if (typeof value === "number") return { default: reader.number("default") };
  if (typeof value === "boolean") return { default: value };
  return refuseJson(`${reader.path}.default`, "must be a text, a number or a boolean");
}

function readColumn(json: unknown, path: string): Column {
  const kind = readObject(json, path, allMembers).oneOf("kind", kinds);
  const reader = readObject(json, path, [...baseMembers, ...kindMembers[kind]]);
  const base = {
    name: reader.text("name", contractLimits.name),
    role: reader.oneOf("role", columnRoles),
    nullable: reader.flag("nullable"),
    optional: reader.flag("optional"),
    ...readDefault(reader),
    ...(reader.has("defaultFor") ? { defaultFor: reader.oneOf("defaultFor", ["absent"]) } : {}),
    missing: reader.texts("missing", textsLimits),
    ...(reader.has("unit") ? { unit: reader.text("unit", contractLimits.name) } : {}),
    ...(reader.has("description") ? { description: reader.text("description", contractLimits.description) } : {}),
  };
  switch (kind) {
    case "number":
      return {
        ...base,
        kind,
        integer: reader.flag("integer"),
        ...(reader.has("nan") ? { nan: reader.flag("nan") } : {}),
        ...(reader.has("numberFormat") ? { numberFormat: readNumberFormat(reader) } : {}),
        ...optionalNumbers(reader, ["min", "max", "exclusiveMin", "exclusiveMax", "multipleOf"]),
        ...observed(reader),
      };
    case "boolean":
      return {
        ...base,
        kind,
        truthy: reader.texts("truthy", textsLimits),
        falsy: reader.texts("falsy", textsLimits),
        caseSensitive: reader.flag("caseSensitive"),
      };
    case "date": {
      const limits = optionalNumbers(reader, ["min", "max"]);
      for (const [key, value] of Object.entries(limits)) {
        if (!isWritableDate(value)) refuseJson(`${path}.${key}`, "must be in the years 0 to 9999");
      }
      const dateFormat = reader.has("dateFormat") ? { dateFormat: reader.text("dateFormat", contractLimits.name) } : {};
      return { ...base, kind, precision: reader.oneOf("precision", ["date", "datetime"]), ...dateFormat, ...limits, ...observed(reader) };
    }
    case "category":
      return { ...base, kind, levels: reader.texts("levels", levelLimits), open: reader.flag("open") };
    case "text":
      return { ...base, kind, ...optionalNumbers(reader, ["maxLength"]) };
  }
}

function readTarget(reader: ObjectReader): Target {
  return {
    column: reader.text("column", contractLimits.name),
    classes: reader.texts("classes", levelLimits),
    positive: reader.text("positive", textLimits.category),
  };
}

/** Ids are inferred as texts; contracts that were inferred before held some as numbers, and refused ids of another form. */
function textId(column: Column): Column {
  if (column.role !== "id" || column.kind !== "number") return column;
  const { name, role, nullable, optional } = column;
  return { name, role, nullable, optional, missing: [], kind: "category", levels: [], open: true };
}

/**
 * Reads a contract from parsed JSON that nobody vouches for: a `.contract.json` file, a bundle, a registry. Every member
 * is checked, unknown ones are refused, counts and lengths are limited, and the result is built anew, so nothing of the
 * input's prototype survives.
 *
 * @throws ChurnkitError CONTRACT_INVALID naming the JSON path, or every contradiction where the form is right.
 * @example
 * ```ts
 * import { parseContract } from "churnkit/data";
 *
 * const contract = parseContract({
 *   format: 1,
 *   name: "customers",
 *   origin: "declared",
 *   columns: [
 *     { name: "tenure", kind: "number", integer: true, role: "feature", nullable: false, optional: false, missing: [] },
 *   ],
 * });
 * console.log(contract.columns.length);
 * ```
 */
export function parseContract(json: unknown): Contract {
  const reader = readObject(json, "$", ["format", "name", "origin", "columns", "target"]);
  if (reader.value("format") !== 1) refuseJson("$.format", "must be 1; a newer churnkit may have written it");
  const name = reader.text("name", contractLimits.name);
  const origin = reader.oneOf("origin", ["declared", "inferred"]);
  const found = reader.objects("columns", contractLimits.columns).map((column, i) => readColumn(column, `$.columns[${i}]`));
  const columns = origin === "inferred" ? found.map(textId) : found;
  const target = reader.has("target") ? readTarget(reader.object("target", ["column", "classes", "positive"])) : undefined;
  const contract: Contract = { format: 1, name, origin, columns, ...(target === undefined ? {} : { target }) };
  throwProblems(name, contractProblems(contract));
  return contract;
}
