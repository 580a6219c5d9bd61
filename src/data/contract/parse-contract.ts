import {
  flag,
  list,
  literal,
  number,
  oneOf,
  optional,
  strictObject,
  text,
  texts,
  variants,
  version,
  where,
  type Decoder,
  documentError,
  JsonValue,
} from "../../base/json/index.js";
import { isWritableDate } from "./cells/date.js";
import { textLimits } from "./cells/label.js";
import { contractProblems } from "./check-contract.js";
import { columnRoles, type Column, type Contract, type NumberFormat } from "./contract.js";
import { contractLimits } from "./limits.js";
import { throwProblems } from "./problem.js";

const name = text(contractLimits.name);
const label = text(textLimits.category);
const labels = (max: number): Decoder<string[]> => texts(max, textLimits.category);
const observed = optional(strictObject({ min: number(), max: number() }));
const limit = optional(number());

const value: Decoder<string | number | boolean> = (json) => {
  if (typeof json.value === "string") return text(textLimits.text)(json);
  return typeof json.value === "boolean" ? json.value : number()(json);
};

/** Members of columns of every kind. */
const base = {
  name,
  role: oneOf(columnRoles),
  nullable: flag,
  optional: flag,
  default: optional(value),
  defaultFor: optional(literal("absent")),
  missing: labels(contractLimits.texts),
  unit: optional(name),
  description: optional(text(contractLimits.description)),
};

/** Format of the texts of a number. */
export const numberFormat: Decoder<NumberFormat> = strictObject({
  decimal: oneOf([".", ","]),
  grouping: optional(oneOf([",", ".", " ", "'"])),
  prefix: optional(name),
  suffix: optional(name),
  accounting: optional(flag),
});

const writableDate = optional(where(number(), isWritableDate, "a time in the years 0 to 9999"));

const column: Decoder<Column> = variants("kind", {
  number: strictObject({
    ...base,
    kind: literal("number"),
    integer: flag,
    nan: optional(flag),
    numberFormat: optional(numberFormat),
    min: limit,
    max: limit,
    exclusiveMin: limit,
    exclusiveMax: limit,
    multipleOf: limit,
    observed,
  }),
  boolean: strictObject({
    ...base,
    kind: literal("boolean"),
    truthy: labels(contractLimits.texts),
    falsy: labels(contractLimits.texts),
    caseSensitive: flag,
  }),
  date: strictObject({
    ...base,
    kind: literal("date"),
    precision: oneOf(["date", "datetime"]),
    dateFormat: optional(name),
    min: writableDate,
    max: writableDate,
    observed,
  }),
  category: strictObject({ ...base, kind: literal("category"), levels: labels(contractLimits.levels), open: flag }),
  text: strictObject({ ...base, kind: literal("text"), maxLength: limit }),
});

const contract: Decoder<Contract> = strictObject({
  format: version(1),
  name,
  origin: oneOf(["declared", "inferred"]),
  columns: list(column, contractLimits.columns),
  target: optional(strictObject({ column: name, classes: labels(contractLimits.levels), positive: label })),
});

const malformed = documentError(
  "CONTRACT_INVALID",
  "",
  "Make contracts with churnkit init, defineDataset or contractOf.",
);

/** Ids are inferred as texts; earlier inferred contracts had some as numbers, and refused ids of another form. */
function textId(declared: Column): Column {
  if (declared.role !== "id" || declared.kind !== "number") return declared;
  const { nullable, optional: mayLack } = declared;
  return {
    name: declared.name,
    role: "id",
    nullable,
    optional: mayLack,
    missing: [],
    kind: "category",
    levels: [],
    open: true,
  };
}

/**
 * Reads a contract from untrusted JSON: a `.contract.json` file, a bundle, a registry. Every member is checked,
 * unknown ones are refused, counts and lengths are limited, and the result is a new object, so nothing of the input's
 * prototype survives.
 *
 * @throws ChurnkitError CONTRACT_INVALID naming the JSON path, or every contradiction if the form is right.
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
  const parsed = contract(JsonValue.of(json, "The contract", malformed));
  const { origin, columns } = parsed;
  const result: Contract = { ...parsed, columns: origin === "inferred" ? columns.map(textId) : columns };
  throwProblems(result.name, contractProblems(result));
  return result;
}
