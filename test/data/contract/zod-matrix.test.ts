import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Column, Contract } from "../../../src/data/contract/contract.js";
import { contractOf } from "../../../src/data/contract/from-zod.js";
import { parseContract } from "../../../src/data/contract/parse-contract.js";
import { recordOf } from "../../../src/data/table/record-of.js";
import { tableFromRecords } from "../../../src/data/read/records.js";

/** What reading came to: "refused", "missing" (NaN and null alike), or the stored cell. */
type Outcome = string | number;

const noon = new Date("2024-01-02T12:00:00Z");
const values: readonly unknown[] = [
  undefined,
  null,
  "",
  "  ",
  NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  1,
  2,
  3,
  7,
  1.5,
  1e39,
  2 ** 60,
  1n,
  2n ** 60n,
  true,
  false,
  "0",
  "1",
  "1.0",
  "0x10",
  "a",
  "b",
  " a ",
  "x",
  "true",
  "false",
  "NaN",
  "null",
  "yes",
  noon,
  new Date(NaN),
  new Date(Date.UTC(12_000, 0)),
  "2024-01-02",
  "2024-01-02T12:00:00Z",
  [],
  [1],
  {},
  Symbol("a"),
];
const records: readonly Readonly<Record<string, unknown>>[] = [{}, ...values.map((x) => ({ x }))];

const base = {
  number: z.number(),
  limited: z.number().min(0).lt(7),
  float32: z.float32(),
  int: z.int(),
  int32: z.int32(),
  "coerced number": z.coerce.number(),
  "piped number": z.string().pipe(z.coerce.number<string>()),
  boolean: z.boolean(),
  stringbool: z.stringbool(),
  string: z.string(),
  "coerced string": z.coerce.string(),
  "long string": z.string().min(2),
  text: z.string().max(20).meta({ kind: "text" }),
  enum: z.enum(["a", "b"]),
  "number literals": z.literal([0, 1]),
  date: z.date(),
  "coerced date": z.coerce.date(),
  "iso day": z.iso.date(),
  "iso instant": z.iso.datetime(),
} satisfies Record<string, z.ZodType>;

const wrapped: Record<string, (type: z.ZodType, value: unknown) => z.ZodType> = {
  plain: (type) => type,
  nullable: (type) => type.nullable(),
  optional: (type) => type.optional(),
  nullish: (type) => type.nullish(),
  default: (type, value) => type.default(value),
  "nullable default": (type, value) => type.nullable().default(value),
  "default nullable": (type, value) => type.default(value).nullable(),
  "optional default": (type, value) => type.optional().default(value),
  "default optional": (type, value) => type.default(value).optional(),
  prefault: (type, value) => type.prefault(value),
  "null default": (type) => type.nullable().default(null),
  nonoptional: (type) => type.optional().nonoptional(),
  "nonoptional default": (type, value) => type.default(value).nonoptional(),
  "default of a default": (type, value) => type.nullable().default(null).default(value),
  "or null": (type) => type.or(z.null()),
  "or undefined": (type) => z.union([z.undefined(), type]),
  "default or null": (type, value) => z.union([z.null(), type.default(value)]),
  lazy: (type) => z.lazy(() => type.nullable()),
  readonly: (type) => type.readonly(),
};

const inputs: Partial<Record<keyof typeof base, unknown>> = {
  boolean: true,
  string: "b",
  "coerced string": "b",
  "long string": "bb",
  text: "b",
  enum: "b",
  "number literals": 1,
  date: noon,
  "coerced date": noon,
  "iso day": "2024-02-03",
  "iso instant": "2024-02-03T04:05:06Z",
};

const special: Record<string, z.ZodType> = {
  "number or NaN": z.number().or(z.nan()),
  "NaN or number with a default": z.union([z.nan(), z.number()]).default(3),
  "literal or nullable enum": z.union([z.literal("x"), z.enum(["a", "b"]).nullable()]),
  "literal or optional enum": z.union([z.literal("x"), z.enum(["a", "b"]).optional()]),
  "enum or undefined, then a default": z.union([z.undefined(), z.enum(["a", "b"]).default("b")]),
  "a default, then undefined": z.union([z.enum(["a", "b"]).default("b"), z.undefined()]),
  "literal with null and undefined": z.literal(["a", null, undefined]),
  "nullable pipe to number": z.number().nullable().pipe(z.number()),
  "pipe with a default": z.number().default(3).pipe(z.number()),
  "pipe to a default": z.number().optional().pipe(z.number().default(4)),
};

/** Names of docs/contract.md for where a contract differs from zod on purpose, with the test of being such a case. */
interface Case {
  readonly schema: string;
  readonly column: Column;
  readonly record: Readonly<Record<string, unknown>>;
  readonly zod: Outcome;
  readonly ours: Outcome;
}

const isLabel = ({ kind }: Column): boolean => kind === "category" || kind === "text";
const isDate = (value: unknown): value is Date => value instanceof Date;
const exceptions: Record<string, (one: Case) => boolean> = {
  "An empty text is missing": ({ record: { x }, column, ours }) =>
    typeof x === "string" &&
    x.trim() === "" &&
    ours === (column.default === undefined ? (column.nullable || column.optional ? "missing" : "refused") : ours),
  "Blanks around a text do not count": ({ record: { x }, ours }) =>
    typeof x === "string" && x.trim() !== x && (ours === x.trim() || ours === "refused"),
  "A text is read as in a file": ({ record: { x }, column, zod, ours }) =>
    typeof x === "string" && !isLabel(column) && zod === "refused" && ours !== "refused",
  "A number or boolean is its own text": ({ record: { x }, column, zod, ours }) =>
    typeof x !== "string" &&
    zod === "refused" &&
    (isLabel(column) ? ours === String(x) : typeof x === "number" && ours === x + 0),
  "A text of a number literal is that number": ({ schema, record: { x }, ours }) =>
    schema.startsWith("number literals") && ours === x,
  "A boolean may be 1 or 0": ({ record: { x }, column, zod, ours }) =>
    column.kind === "boolean" && zod === "refused" && ours === Number(x),
  "A big int is a number": ({ record: { x }, column, zod, ours }) =>
    typeof x === "bigint" && column.kind === "number" && zod === "refused" && ours === Number(x),
  "A date may be a `Date` or a text": ({ record: { x }, column, zod, ours }) =>
    isDate(x) && column.kind === "date" && zod === "refused" && typeof ours === "number",
  "Dates are of the years 0 to 9999": ({ record: { x }, column, ours }) =>
    isDate(x) && column.kind === "date" && ours === "refused",
  "Coercion never invents a value": ({ schema, zod, ours }) =>
    /^(coerced|piped)/.test(schema) && zod !== "refused" && (ours === "refused" || ours === "missing"),
  "An absent key of a nullable column is missing": ({ record: { x }, column, zod, ours }) =>
    x === undefined && column.nullable && zod === "refused" && ours === "missing",
  "A null of an optional column is missing": ({ record: { x }, column, zod, ours }) =>
    x === null && column.optional && column.default === undefined && zod === "refused" && ours === "missing",
  "Absent and undefined are the same": ({ record: { x }, schema, zod }) =>
    x === undefined && zod === "refused" && /default|undefined/.test(schema),
  "A null means NaN": ({ record: { x }, column, ours }) =>
    x === null && column.kind === "number" && column.nan === true && ours === "missing",
  "Formats and lengths of labels are not checked": ({ schema, zod, ours }) =>
    schema.startsWith("long string") && zod === "refused" && ours !== "refused",
};

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

function stored(value: unknown, column: Column): Outcome {
  if (value === undefined || value === null || Number.isNaN(value)) return "missing";
  if (column.kind === "date") return isDate(value) ? value.getTime() : Date.parse(textOf(value));
  if (typeof value === "boolean" && column.kind === "boolean") return Number(value);
  // -0 is 0 in a table.
  return typeof value === "number" && !isLabel(column) ? value + 0 : textOf(value);
}

function readOurs(contract: Contract, record: Readonly<Record<string, unknown>>, column: Column): Outcome {
  const table = tableFromRecords(contract, [record]);
  if (table.rows === 0) return "refused";
  const value = recordOf(table, 0)["x"];
  const again = tableFromRecords(contract, [{ x: value }]);
  if (again.rows === 0 || recordOf(again, 0)["x"] !== value)
    throw new Error(`${String(value)} as recordOf writes it does not read back`);
  return stored(value, column);
}

// Records are read one at a time, so that each is accepted or refused by itself.
describe("a record is read as zod reads it", () => {
  const types = Object.entries(base).flatMap(([name, type]) =>
    Object.entries(wrapped).map(([how, wrap]): [string, z.ZodType] => {
      const prefaulted = how === "prefault" && (name === "stringbool" || name === "piped number");
      const otherwise = prefaulted
        ? name === "stringbool"
          ? "yes"
          : "3"
        : (inputs[name as keyof typeof base] ?? (name === "stringbool" ? true : 3));
      return [`${name}, ${how}`, wrap(type, otherwise)];
    }),
  );
  const met = new Set<string>();

  it.each([...types, ...Object.entries(special)])("%s", (name, type) => {
    const schema = z.object({ x: type });
    const contract = contractOf(schema);
    const column = contract.columns[0] as Column;
    for (const record of records) {
      const result = schema.safeParse(record);
      const zod = result.success ? stored(result.data.x, column) : "refused";
      const ours = readOurs(contract, record, column);
      if (zod === ours) continue;
      const one = { schema: name, column, record, zod, ours };
      const reason = Object.entries(exceptions).find(([, applies]) => applies(one))?.[0];
      expect
        .soft(
          reason,
          `${name}: ${"x" in record ? String(record["x"]) : "absent"} (${typeof record["x"]}) is ${zod} in zod and ${ours} here`,
        )
        .toBeDefined();
      if (reason !== undefined) met.add(reason);
    }
  });

  it("apart from what docs/contract.md lists, and the list has nothing else", () => {
    const docs = readFileSync(new URL("../../../docs/contract.md", import.meta.url), "utf8");
    expect([...met].sort()).toEqual(Object.keys(exceptions).sort());
    for (const name of Object.keys(exceptions)) expect(docs).toContain(`**${name}**`);
  });
});

describe("defaults of contracts", () => {
  const read = (column: object, value: unknown): unknown => {
    const contract = parseContract({
      format: 1,
      name: "n",
      origin: "declared",
      columns: [
        {
          name: "x",
          role: "feature",
          kind: "number",
          integer: false,
          nullable: true,
          optional: true,
          default: 3,
          missing: [],
          ...column,
        },
      ],
    });
    return recordOf(tableFromRecords(contract, [{ x: value }]), 0)["x"];
  };

  it("saved by 0.1.0 still stand in for a null", () => {
    expect(read({}, null)).toBe(3);
    expect(read({ nullable: false }, null)).toBe(3);
  });

  it("made from zod leave a null alone, and stand in for empty texts and markers as in a file", () => {
    expect(read({ defaultFor: "absent" }, null)).toBeNull();
    expect(read({ defaultFor: "absent" }, "")).toBe(3);
    expect(read({ defaultFor: "absent", missing: ["?"] }, "?")).toBe(3);
  });
});
