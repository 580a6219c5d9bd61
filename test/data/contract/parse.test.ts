import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ChurnkitError } from "../../../src/base/errors.js";
import { contractOf } from "../../../src/data/contract/from-zod.js";
import { parseContract } from "../../../src/data/contract/parse-contract.js";

const good = contractOf(
  z.object({
    id: z.string(),
    tenure: z
      .int()
      .min(0)
      .max(72)
      .nullable()
      .meta({
        unit: "months",
        missing: ["NA"],
        numberFormat: { decimal: ",", grouping: ".", suffix: "mo", accounting: true },
      }),
    senior: z.boolean().default(false),
    joined: z.date().min(new Date(0)).meta({ dateFormat: "dd/MM/yyyy" }),
    note: z.string().max(9).meta({ kind: "text" }),
    Churn: z.enum(["No", "Yes"]),
  }),
  { name: "good", id: "id", target: "Churn", positive: "Yes" },
);

type Json = Record<string, unknown> & { columns: Record<string, unknown>[]; target: Record<string, unknown> };
const copy = (): Json => JSON.parse(JSON.stringify(good)) as Json;

function refusal(json: unknown): ChurnkitError {
  try {
    parseContract(json);
  } catch (error) {
    if (ChurnkitError.isInstance(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("a contract read from a file", () => {
  it("is what was written", () => {
    expect(parseContract(copy())).toEqual(good);
    const observed = { ...copy() };
    observed.columns[1] = { ...observed.columns[1], observed: { min: 0, max: 72 } };
    expect(parseContract(observed).columns[1]).toMatchObject({ observed: { min: 0, max: 72 } });
  });

  it.each<[string, (json: Json) => unknown, string, RegExp]>([
    ["no object", () => [], "$", /must be an object/],
    ["null", () => null, "$", /must be an object/],
    ["another format", (json) => ({ ...json, format: 2 }), "$.format", /another version of churnkit/],
    ["an unknown member", (json) => ({ ...json, color: 1 }), "$", /unknown member "color"/],
    ["no columns", (json) => ({ ...json, columns: {} }), "$.columns", /must be a list/],
    [
      "a wrong kind",
      (json) => ((json.columns[1] = { ...json.columns[1], kind: "integer" }), json),
      "$.columns[1].kind",
      /must be one of number/,
    ],
    [
      "a wrong role",
      (json) => ((json.columns[1] = { ...json.columns[1], role: "x" }), json),
      "$.columns[1].role",
      /must be one of feature/,
    ],
    [
      "a member of another kind",
      (json) => ((json.columns[1] = { ...json.columns[1], levels: [] }), json),
      "$.columns[1]",
      /unknown member "levels"/,
    ],
    [
      "a text for a number",
      (json) => ((json.columns[1] = { ...json.columns[1], min: "0" }), json),
      "$.columns[1].min",
      /finite number/,
    ],
    [
      "a number for a flag",
      (json) => ((json.columns[1] = { ...json.columns[1], nullable: 1 }), json),
      "$.columns[1].nullable",
      /true or false/,
    ],
    [
      "a missing member",
      (json) => (delete json.columns[1]?.["integer"], json),
      "$.columns[1].integer",
      /is missing; it must be true or false/,
    ],
    [
      "a level that is no text",
      (json) => ((json.columns[5] = { ...json.columns[5], levels: ["No", 1] }), json),
      "$.columns[5].levels[1]",
      /must be a text, not 1/,
    ],
    [
      "a long name",
      (json) => ((json.columns[1] = { ...json.columns[1], name: "x".repeat(1000) }), json),
      "$.columns[1].name",
      /at most 300 characters/,
    ],
    [
      "a date far away",
      (json) => ((json.columns[3] = { ...json.columns[3], max: 1e300 }), json),
      "$.columns[3].max",
      /years 0 to 9999/,
    ],
    [
      "an object as default",
      (json) => ((json.columns[2] = { ...json.columns[2], default: {} }), json),
      "$.columns[2].default",
      /must be a finite number, not an object/,
    ],
    [
      "a wrong decimal mark",
      (json) => ((json.columns[1] = { ...json.columns[1], numberFormat: { decimal: ";" } }), json),
      "$.columns[1].numberFormat.decimal",
      /must be one of \., ,/,
    ],
    [
      "a number format with an unknown member",
      (json) => ((json.columns[1] = { ...json.columns[1], numberFormat: { decimal: ".", x: 1 } }), json),
      "$.columns[1].numberFormat",
      /unknown member "x"/,
    ],
    [
      "one mark for both",
      (json) => ((json.columns[1] = { ...json.columns[1], numberFormat: { decimal: ",", grouping: "," } }), json),
      "tenure",
      /cannot be both the decimal mark/,
    ],
    [
      "an affix with a digit",
      (json) => ((json.columns[1] = { ...json.columns[1], numberFormat: { decimal: ",", suffix: "m2" } }), json),
      "tenure",
      /must have no digit/,
    ],
    [
      "a date format that is none",
      (json) => ((json.columns[3] = { ...json.columns[3], dateFormat: "%d/%m/%Y" }), json),
      "joined",
      /date format "%d\/%m\/%Y" cannot be used/,
    ],
    [
      "a date format of a number",
      (json) => ((json.columns[1] = { ...json.columns[1], dateFormat: "dd/MM/yyyy" }), json),
      "$.columns[1]",
      /unknown member "dateFormat"/,
    ],
    [
      "too many columns",
      (json) => ({ ...json, columns: new Array(10_001).fill(json.columns[1]) }),
      "$.columns",
      /at most 10000 items/,
    ],
    [
      "a repeated column",
      (json) => ({ ...json, columns: [...json.columns, json.columns[1]] }),
      "",
      /occurs more than once/,
    ],
    [
      "a target that is no column",
      (json) => ({ ...json, target: { ...json.target, column: "x" } }),
      "Churn",
      /role target[\s\S]*not a column/,
    ],
    [
      "classes that are not the levels",
      (json) => ({ ...json, target: { ...json.target, classes: ["No", "Si"] } }),
      "Churn",
      /must be its levels/,
    ],
    [
      "no positive class",
      (json) => ({ ...json, target: { ...json.target, positive: "Si" } }),
      "Churn",
      /not one of "No", "Yes"/,
    ],
    [
      "a target column that is not named",
      (json) => (Reflect.deleteProperty(json, "target"), json),
      "Churn",
      /role target/,
    ],
  ])("is refused for %s", (_, change, path, message) => {
    const error = refusal(change(copy()));
    expect(error.code).toBe("CONTRACT_INVALID");
    expect(error.message).toMatch(message);
    expect(error.where.path).toBe(path);
  });

  it("cannot pollute a prototype", () => {
    const text = JSON.stringify(copy());
    const named = text.replaceAll('"tenure"', '"__proto__"');
    expect(refusal(JSON.parse(named)).message).toContain('must not be called "__proto__"');
    const member = text.replace('"format":1', '"format":1,"__proto__":{"polluted":1}');
    expect(refusal(JSON.parse(member)).message).toContain("unknown member");
    const inherited = Object.assign(Object.create({ target: 3 }) as object, { ...copy() });
    expect(parseContract(inherited)).toEqual(good);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("throws nothing but CONTRACT_INVALID, whatever the JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 5 }), fc.string(), (value, index, key) => {
        const whole = { ...copy(), [key]: value };
        const column = copy();
        column.columns[index] = { ...column.columns[index], [key]: value };
        const member = copy();
        const keys = Object.keys(member.columns[index] ?? {});
        member.columns[index] = { ...member.columns[index], [keys[key.length % keys.length] ?? ""]: value };
        for (const json of [value, whole, column, member]) {
          try {
            parseContract(json);
          } catch (error) {
            expect(ChurnkitError.isInstance(error) && error.code).toBe("CONTRACT_INVALID");
          }
        }
      }),
    );
  });
});
