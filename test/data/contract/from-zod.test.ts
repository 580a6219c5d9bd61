import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import * as mini from "zod/mini";
import { ChurnkitError } from "../../../src/base/errors.js";
import { cellReader, isIssue } from "../../../src/data/contract/cells.js";
import { hashJson } from "../../../src/base/hash.js";
import { contractHash } from "../../../src/data/contract/contract-hash.js";
import type { Column, Contract } from "../../../src/data/contract/contract.js";
import { contractOf, type ContractOptions } from "../../../src/data/contract/from-zod.js";
import { parseContract } from "../../../src/data/contract/parse-contract.js";
import { defineDataset } from "../../../src/data/dataset.js";

const columnOf = (type: z.ZodType): Column | undefined => contractOf(z.object({ x: type })).columns[0];

function failure(make: () => unknown): ChurnkitError {
  try {
    make();
  } catch (error) {
    if (ChurnkitError.isInstance(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const refusal = (type: z.ZodType): ChurnkitError => failure(() => columnOf(type));
const targetOf = (type: z.ZodType, positive: unknown, more: ContractOptions = {}): Contract =>
  contractOf(z.object({ x: z.number(), y: type }), { target: "y", positive, ...more });

const bools = { truthy: expect.any(Array) as string[], falsy: expect.any(Array) as string[], caseSensitive: false };

describe("lowering", () => {
  const min = Date.UTC(2020, 0, 1);
  const cases: [string, z.ZodType, Partial<Column>][] = [
    [
      "number",
      z.number(),
      { kind: "number", integer: false, nullable: false, optional: false, missing: [], role: "feature" },
    ],
    ["int", z.int().min(0).max(72), { kind: "number", integer: true, min: 0, max: 72 }],
    [
      "number().int()",
      z.number().int().positive().lt(5),
      { kind: "number", integer: true, exclusiveMin: 0, exclusiveMax: 5 },
    ],
    ["several limits", z.number().min(1).min(3).max(9).max(7), { kind: "number", min: 3, max: 7 }],
    ["int32", z.int32(), { kind: "number", integer: true, min: -2147483648, max: 2147483647 }],
    ["uint32", z.uint32(), { kind: "number", integer: true, min: 0, max: 4294967295 }],
    [
      "float32",
      z.float32(),
      { kind: "number", integer: false, min: -3.4028234663852886e38, max: 3.4028234663852886e38 },
    ],
    ["step", z.number().multipleOf(0.5), { kind: "number", multipleOf: 0.5 }],
    ["coerced number", z.coerce.number().min(1), { kind: "number", min: 1 }],
    ["enum", z.enum(["a", "b"]), { kind: "category", levels: ["a", "b"], open: false }],
    ["enum object", z.enum({ A: 1, B: 2 }), { kind: "category", levels: ["1", "2"] }],
    ["literals", z.literal(["a", "b"]), { kind: "category", levels: ["a", "b"] }],
    ["number literals", z.literal([1, 2, 3]), { kind: "category", levels: ["1", "2", "3"] }],
    ["both booleans", z.literal([true, false]), { kind: "boolean", ...bools }],
    ["one boolean", z.literal(true), { kind: "category", levels: ["true"] }],
    ["literal with null", z.literal(["a", "b", null]), { kind: "category", levels: ["a", "b"], nullable: true }],
    [
      "union of literals",
      z.union([z.literal("a"), z.enum(["b", "c"]), z.null()]),
      { kind: "category", levels: ["a", "b", "c"], nullable: true },
    ],
    ["literal or string", z.union([z.enum(["a"]), z.string()]), { kind: "category", levels: ["a"], open: true }],
    [
      "number or null",
      z.union([z.number().min(2), z.null(), z.undefined()]),
      { kind: "number", min: 2, nullable: true, optional: true },
    ],
    ["number or NaN", z.number().or(z.nan()), { kind: "number", nullable: true, nan: true }],
    [
      "literal or nullable enum",
      z.union([z.literal("x"), z.enum(["a", "b"]).nullable()]),
      { kind: "category", levels: ["x", "a", "b"], open: false, nullable: true },
    ],
    [
      "meta of an option",
      z.union([z.number().meta({ missing: ["?"] }), z.null()]),
      { kind: "number", missing: ["?"], nullable: true },
    ],
    [
      "unseen of an option",
      z.enum(["a"]).meta({ unseen: "unknown" }).or(z.null()),
      { kind: "category", open: true, nullable: true },
    ],
    ["unseen", z.enum(["a", "b"]).meta({ unseen: "unknown" }), { kind: "category", open: true }],
    ["boolean", z.boolean(), { kind: "boolean", ...bools }],
    [
      "stringbool",
      z.stringbool({ truthy: ["J"], falsy: ["N"], case: "sensitive" }),
      { kind: "boolean", truthy: ["J"], falsy: ["N"], caseSensitive: true },
    ],
    ["date", z.date().min(new Date(min)), { kind: "date", precision: "datetime", min }],
    ["coerced date", z.coerce.date().max(new Date(min)), { kind: "date", precision: "datetime", max: min }],
    ["day date", z.date().meta({ precision: "date" }), { kind: "date", precision: "date" }],
    ["iso date", z.iso.date(), { kind: "date", precision: "date" }],
    ["iso datetime", z.iso.datetime(), { kind: "date", precision: "datetime" }],
    ["string", z.string().trim().min(1).max(40), { kind: "category", levels: [], open: true }],
    ["email", z.email(), { kind: "category", levels: [], open: true }],
    ["text", z.string().max(500).meta({ kind: "text" }), { kind: "text", maxLength: 500 }],
    ["nullable", z.number().nullable(), { kind: "number", nullable: true, optional: false }],
    ["optional", z.number().optional(), { kind: "number", nullable: false, optional: true }],
    ["nullish", z.number().nullish(), { kind: "number", nullable: true, optional: true }],
    [
      "default",
      z.number().default(3),
      { kind: "number", default: 3, defaultFor: "absent", optional: true, nullable: false },
    ],
    ["null default", z.number().nullable().default(null), { kind: "number", nullable: true, optional: true }],
    ["pipe of a nullable", z.number().nullable().pipe(z.number()), { kind: "number", nullable: false }],
    ["prefault", z.enum(["a", "b"]).prefault("a"), { kind: "category", default: "a", optional: true }],
    ["default date", z.date().default(new Date(min)), { kind: "date", default: "2020-01-01T00:00:00.000Z" }],
    ["readonly, branded", z.number().brand("Money").readonly(), { kind: "number" }],
    ["nonoptional", z.number().optional().nonoptional(), { kind: "number", optional: false }],
    ["lazy", z.lazy(() => z.enum(["a", "b"])), { kind: "category", levels: ["a", "b"] }],
    ["pipe", z.string().pipe(z.coerce.number<string>().min(1)), { kind: "number", min: 1 }],
    [
      "date codec",
      z.codec(z.iso.date(), z.date(), { decode: (s) => new Date(s), encode: (d) => d.toISOString().slice(0, 10) }),
      { kind: "date", precision: "date" },
    ],
    [
      "meta inside wrappers",
      z
        .number()
        .meta({ unit: "months", missing: ["?"] })
        .nullable()
        .describe("age of the account"),
      { unit: "months", missing: ["?"], description: "age of the account", nullable: true },
    ],
    ["outer meta wins", z.number().meta({ unit: "days" }).optional().meta({ unit: "months" }), { unit: "months" }],
    ["ignored", z.string().meta({ role: "ignored" }), { role: "ignored" }],
    [
      "mini",
      mini.nullable(mini.number().check(mini.gte(3))) as unknown as z.ZodType,
      { kind: "number", min: 3, nullable: true },
    ],
  ];

  it.each(cases)("%s", (_, type, expected) => {
    expect(columnOf(type)).toMatchObject(expected);
  });

  it("gives plain JSON that parses to itself", () => {
    const shape = Object.fromEntries(cases.map(([name, type]) => [name, type]));
    const contract = contractOf(z.object(shape), { name: "all" });
    expect(contract.columns).toHaveLength(cases.length);
    expect(parseContract(JSON.parse(JSON.stringify(contract)))).toEqual(contract);
  });

  it("accepts the numbers that zod accepts", () => {
    const limited = [z.number().min(-3).max(7), z.int().gt(0), z.number().lt(2), z.uint32()];
    // zod takes 5e-324 for a multiple of 0.25, so steps are tried on eighths only.
    const stepped = [z.number().multipleOf(0.25), z.int().multipleOf(3), z.number().multipleOf(0.1)];
    const eighths = fc.integer({ min: -8e6, max: 8e6 }).map((i) => i / 8);
    const agree = (type: z.ZodType, value: number): void => {
      const column = columnOf(type);
      if (column === undefined) throw new Error("no column");
      expect(!isIssue(cellReader(column).fromJson(value))).toBe(type.safeParse(value).success);
    };
    fc.assert(
      fc.property(fc.constantFrom(...limited), fc.oneof(fc.integer({ min: -10, max: 10 }), fc.double()), agree),
    );
    fc.assert(fc.property(fc.constantFrom(...limited, ...stepped), eighths, agree));
  });
});

describe("what cannot be lowered", () => {
  it.each<[string, z.ZodType, RegExp]>([
    ["object", z.object({ a: z.number() }), /z.object cannot be a column; flatten it/],
    ["array", z.array(z.number()), /z.array cannot be a column/],
    ["record", z.record(z.string(), z.number()), /z.record/],
    ["any", z.any(), /z.any.*declare its type/],
    ["bigint", z.bigint(), /use z.int/],
    ["transform", z.string().transform((text) => text.length), /transformation is code/],
    ["preprocess", z.preprocess((value) => value, z.number()), /transformation is code/],
    ["codec", z.codec(z.string(), z.number(), { decode: Number, encode: String }), /transformation is code/],
    ["refinement", z.number().refine((value) => value !== 13), /refinement is code/],
    [
      "refinement of a wrapper",
      z
        .number()
        .nullable()
        .refine((value) => value !== 13),
      /refinement is code/,
    ],
    ["refinement of an enum", z.enum(["a"]).refine(() => true), /refinement is code/],
    ["refinement of a lazy type", z.lazy(() => z.number()).refine(() => true), /refinement is code/],
    ["literal NaN", z.literal(NaN), /cannot be a level/],
    ["NaN among labels", z.enum(["a"]).or(z.nan()), /z.nan\(\) is for columns of numbers/],
    ["NaN alone", z.nan(), /z.nan cannot be a column|for columns of numbers/],
    ["coerced boolean", z.coerce.boolean(), /takes every text but the empty one for true/],
    ["limit without a value", z.number().min(Infinity), /allows no value/],
    ["prefault null of a number", z.number().prefault(null as unknown as number), /prefault null/],
    ["limits at the first end of a pipe", z.number().min(3).pipe(z.number()), /first end of the pipe/],
    ["rewriting", z.string().toLowerCase(), /rewrites the value/],
    ["catch", z.number().catch(0), /reported, not replaced/],
    ["mixed union", z.union([z.number(), z.string()]), /mixes several/],
    ["number or word", z.union([z.number(), z.literal("Unknown")]), /missing: \["word"\]/],
    ["empty enum", z.enum([]), /list of levels is empty/],
    ["function", z.function(), /z.function/],
  ])("%s", (_, type, message) => {
    const error = refusal(type);
    expect(error.code).toBe("CONTRACT_UNSUPPORTED_TYPE");
    expect(error.message).toMatch(message);
    expect(error.where.path).toBe("x");
  });

  it("is reported all together, by path", () => {
    const error = failure(() =>
      contractOf(
        z.object({
          a: z.any(),
          b: z.number(),
          c: z.union([z.literal("x"), z.array(z.string())]),
          d: z.map(z.string(), z.string()),
        }),
      ),
    );
    expect(error.message).toMatch(/a: z\.any/);
    expect(error.message).toMatch(/c\.options\[1\]: z\.array/);
    expect(error.message).toMatch(/d: z\.map/);
  });

  it("names the option of a union that is refined", () => {
    expect(refusal(z.union([z.literal("x"), z.enum(["a"]).refine(() => true)])).message).toMatch(
      /x\.options\[1\]: a refinement is code/,
    );
    expect(refusal(z.union([z.literal("x"), z.lazy(() => z.enum(["a"]).refine(() => true))])).message).toMatch(
      /x\.options\[1\]: a refinement is code/,
    );
  });

  it("does not loop on a schema that holds itself", () => {
    const self: z.ZodType = z.lazy(() => self);
    expect(refusal(self).message).toContain("wraps itself");
  });

  it("is a schema that is no object", () => {
    for (const schema of [z.string(), {}, undefined] as unknown as z.ZodObject[]) {
      expect(failure(() => contractOf(schema)).code).toBe("CONTRACT_UNSUPPORTED_TYPE");
    }
    expect(failure(() => contractOf(z.object({ a: z.number() }).refine(() => true))).where.path).toBe("schema");
  });
});

describe("what contradicts itself", () => {
  it.each<[string, () => unknown, RegExp]>([
    [
      "forbidden names",
      () => contractOf(z.object({ ["__proto__"]: z.number(), constructor: z.number() })),
      /must not be called "__proto__"[\s\S]*"constructor"/,
    ],
    ["empty name", () => contractOf(z.object({ "": z.number() })), /must not be empty/],
    ["blanks around a name", () => contractOf(z.object({ " a": z.number() })), /blanks at its ends/],
    ["no columns", () => contractOf(z.object({})), /no columns/],
    ["empty level", () => columnOf(z.enum(["", "a"])), /empty text means missing/],
    ["blank at a level's end", () => columnOf(z.enum(["a ", "b"])), /blanks at its ends/],
    ["levels equal as text", () => columnOf(z.union([z.literal(1), z.literal("1")])), /occurs twice/],
    [
      "a level that means missing",
      () => columnOf(z.enum(["NA", "b"]).meta({ missing: ["NA"] })),
      /both a level and a missing marker/,
    ],
    ["limits without a value", () => columnOf(z.number().min(3).max(2)), /allow no value/],
    ["open limits without a value", () => columnOf(z.number().min(3).lt(3)), /allow no value/],
    ["a default outside the limits", () => columnOf(z.number().max(2).default(3)), /default breaks/],
    [
      "wrong meta",
      () => columnOf(z.number().meta({ unit: 3, role: "target", missing: "NA" })),
      /meta.unit[\s\S]*meta.missing[\s\S]*meta.role/,
    ],
    [
      "unknown target",
      () => contractOf(z.object({ Churn: z.boolean() }), { target: "churn" }),
      /perhaps you meant "Churn"/,
    ],
    ["unknown id", () => contractOf(z.object({ a: z.number() }), { id: ["a", "b"] }), /the id "b" is not a key/],
    ["id and target", () => targetOf(z.enum(["a", "b"]), "a", { id: "y" }), /both id and target/],
    ["an open target", () => targetOf(z.string(), "Yes"), /classes of the target must be known/],
    ["a target of one class", () => targetOf(z.literal("Yes"), "Yes"), /at least two classes/],
    [
      "a positive value that is not a class",
      () => targetOf(z.enum(["No", "Yes"]), "yes"),
      /"yes" is not one of "No", "Yes"/,
    ],
    ["no positive value", () => targetOf(z.enum(["No", "Yes"]), undefined), /name the positive class/],
    ["a real number as target", () => targetOf(z.number(), 0.5), /z\.literal\(\[0, 1\]\)/],
    [
      "a target of many texts",
      () => targetOf(z.stringbool({ truthy: ["y", "yes"], falsy: ["n"] }), true),
      /one text for each class/,
    ],
    [
      "a target whose case zod forgets",
      () => targetOf(z.stringbool({ truthy: ["Yes"], falsy: ["No"] }), true),
      /case: "sensitive"/,
    ],
    ["a date as target", () => targetOf(z.date(), new Date()), /cannot be the target/],
  ])("%s", (_, make, message) => {
    const error = failure(make);
    expect(error.code).toBe("CONTRACT_INVALID");
    expect(error.message).toMatch(message);
  });

  it("leaves Object.prototype alone", () => {
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

describe("the target", () => {
  it.each<[string, z.ZodType, unknown, string[], string]>([
    ["enum", z.enum(["Yes", "No"]), "Yes", ["No", "Yes"], "Yes"],
    ["first level positive", z.enum(["No", "Yes"]), "No", ["Yes", "No"], "No"],
    ["boolean", z.boolean(), true, ["false", "true"], "true"],
    ["stringbool", z.stringbool({ truthy: ["Yes"], falsy: ["No"], case: "sensitive" }), true, ["No", "Yes"], "Yes"],
    [
      "stringbool, false",
      z.stringbool({ truthy: ["Yes"], falsy: ["No"], case: "sensitive" }),
      false,
      ["Yes", "No"],
      "No",
    ],
    ["number literals", z.literal([1, 0]), 1, ["0", "1"], "1"],
    ["whole number range", z.int().min(0).max(1), 1, ["0", "1"], "1"],
    ["plain number", z.number(), 1, ["0", "1"], "1"],
    ["three classes", z.enum(["a", "b", "c"]), "b", ["a", "c", "b"], "b"],
  ])("%s", (_, type, positive, classes, label) => {
    const contract = targetOf(type, positive, { id: "x" });
    expect(contract.target).toEqual({ column: "y", classes, positive: label });
    expect(contract.columns[1]).toMatchObject({ kind: "category", role: "target", open: false });
    expect(contract.columns[0]?.role).toBe("id");
    expect([...(contract.columns[1]?.kind === "category" ? contract.columns[1].levels : [])].sort()).toEqual(
      [...classes].sort(),
    );
  });

  it("is kept by defineDataset", () => {
    const schema = z.object({ id: z.string(), plan: z.enum(["a", "b"]), left: z.boolean() });
    const { contract } = defineDataset({ name: "plans", schema, id: "id", target: "left", positive: true });
    expect(contract).toEqual(contractOf(schema, { name: "plans", id: ["id"], target: "left", positive: true }));
    expect(contract.name).toBe("plans");
  });
});

describe("contractHash", () => {
  it("is that of the canonical JSON of what a recipe relies on", () => {
    const contract = contractOf(
      z.object({
        b: z.enum(["x", "y"]).default("x"),
        a: z.number().meta({ unit: "EUR" }),
        d: z.iso.date(),
        c: z.boolean().nullable(),
      }),
    );
    const relied = contract.columns.map((column) => {
      const { name, kind, unit } = column;
      const common = { unit, name, kind, default: column.default };
      if (column.kind === "category") return { ...common, open: column.open, levels: column.levels };
      return column.kind === "date" ? { ...common, precision: column.precision } : common;
    });
    expect(relied.map(({ name }) => name)).toEqual(["b", "a", "d", "c"]);
    expect(contractHash(contract)).toBe(hashJson(relied.toSorted((one, two) => (one.name < two.name ? -1 : 1))));
  });

  const make = (shape: z.ZodRawShape): string => contractHash(contractOf(z.object(shape)));
  const hash = make({ a: z.number(), b: z.enum(["x", "y"]) });

  it("is the same whatever the recipe does not rely on", () => {
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(make({ b: z.enum(["x", "y"]), a: z.number() })).toBe(hash);
    expect(
      make({
        a: z
          .number()
          .min(3)
          .meta({ missing: ["NA"], description: "d" }),
        b: z.enum(["x", "y"]).nullable(),
      }),
    ).toBe(hash);
    expect(make({ a: z.number(), b: z.enum(["x", "y"]), c: z.string().meta({ role: "ignored" }) })).toBe(hash);
  });

  it("changes with names, kinds, levels, units and defaults", () => {
    const others = [
      make({ a: z.number() }),
      make({ a: z.number(), b: z.enum(["y", "x"]) }),
      make({ a: z.boolean(), b: z.enum(["x", "y"]) }),
      make({ A: z.number(), b: z.enum(["x", "y"]) }),
      make({ a: z.number().meta({ unit: "days" }), b: z.enum(["x", "y"]) }),
      make({ a: z.number().default(1), b: z.enum(["x", "y"]) }),
    ];
    expect(new Set([hash, ...others]).size).toBe(others.length + 1);
  });
});
