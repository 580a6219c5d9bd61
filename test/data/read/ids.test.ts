import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cellReader, isIssue } from "../../../src/data/contract/cells.js";
import { parseContract } from "../../../src/data/contract/parse-contract.js";
import { exactIdParser } from "../../../src/data/read/exact-ids.js";
import { inferDelimited } from "../../../src/data/read/infer-source.js";
import { readDelimited } from "../../../src/data/read/csv.js";
import { readJsonLines } from "../../../src/data/read/json-lines.js";
import { recordOf } from "../../../src/data/table/record-of.js";
import { csvLine } from "../../../src/data/table/csv-line.js";
import { categoryColumn, contractWith, encode } from "./csv-writer.js";
import { budget } from "../../helpers/budget.js";

const idColumn = (name: string) => ({ ...categoryColumn(name, [], { open: true }), role: "id" as const });

/** Ids of any form that people have: numbers in many spellings, codes, words that elsewhere mean missing. */
const id = fc.oneof(
  fc.constantFrom(
    "A1000",
    "2E1",
    "1000.0",
    "007",
    "1e5",
    "+1",
    "-0",
    "NA",
    "null",
    "NaN",
    "0x1F",
    "\\N",
    "9223372036854775807",
    "1610521604143693801",
  ),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
  fc
    .string({ unit: "grapheme", maxLength: 12 })
    .map((text) => text.trim())
    .filter((text) => text !== ""),
);

describe("ids", () => {
  it("come out of a file as they stand, whatever the others look like", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(id, { minLength: 2, maxLength: 30 }), async (ids) => {
        const bytes = encode(csvLine(["id", "x"]) + ids.map((text, i) => csvLine([text, i % 3])).join(""));
        const { contract } = await inferDelimited(bytes, { id: "id" });
        const table = await readDelimited(contract, bytes);
        expect(Array.from({ length: table.rows }, (_, row) => recordOf(table, row)["id"])).toEqual(ids);
      }),
      { numRuns: budget(100) },
    );
  });

  it("come out of JSON as they are spelled, under any key", async () => {
    const spelled = fc.oneof(
      fc.constantFrom("1000.0", "2E1", "-0", "1.50", "1e-7", "10E+2"),
      fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
    );
    const key = fc
      .oneof(
        fc.constantFrom("id", "Kundennummer (ü)", 'the "id"', "a\\b", "x.y*"),
        fc.string({ minLength: 1, maxLength: 8 }),
      )
      .map((text) => text.trim())
      .filter((text) => text !== "" && !["__proto__", "x"].includes(text));
    const ascii = (text: string): string =>
      text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
    await fc.assert(
      fc.asyncProperty(
        key,
        fc.array(spelled, { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        async (name, ids, escaped) => {
          const written = escaped ? ascii(JSON.stringify(name)) : JSON.stringify(name);
          const lines = ids.map((text) => `{"x": "\\"${"id"}\\": 5,", ${written} : ${text}}`);
          const table = await readJsonLines(
            contractWith([idColumn(name), categoryColumn("x", [], { open: true })]),
            encode(lines.join("\n")),
          );
          expect(Array.from({ length: table.rows }, (_, row) => recordOf(table, row)[name])).toEqual(ids);
        },
      ),
      { numRuns: budget(100) },
    );
  });

  it("are kept by a parser that else is JSON.parse", () => {
    const parse = exactIdParser({ columns: [idColumn("id")] });
    fc.assert(
      fc.property(
        fc.json().filter((text) => !text.includes("__proto__")),
        (text) => void expect(parse(text)).toEqual(JSON.parse(text)),
      ),
      { numRuns: budget(100) },
    );
    expect(() => parse('{"__proto__":""}')).toThrow("__proto__");
    for (const text of ['{"id": 01}', '{"id": 1-2}', '{"id": +1}', '{"id": 1.}'])
      expect(() => parse(text), text).toThrow(SyntaxError);
    expect(parse('{"a":"\\"id\\":1","id":[1],"b":{"id":2.0}}')).toEqual({ a: '"id":1', id: [1], b: { id: "2.0" } });
  });

  it("above 2^53 that came as a number are refused, with the cause", () => {
    const number = { ...idColumn("id"), kind: "number" as const, integer: false };
    for (const column of [idColumn("id"), number]) {
      const cell = cellReader(column).fromJson(2 ** 60);
      expect(isIssue(cell) && cell.message).toContain("above 2^53");
    }
    expect(isIssue(cellReader(number).fromText("1610521604143693801"))).toBe(true);
  });

  it("of a contract that was inferred when ids could be numbers may have a new form", () => {
    const base = { role: "id", nullable: true, optional: false, missing: [], kind: "number", integer: true };
    const of = (origin: string) =>
      parseContract({ format: 1, name: "old", origin, columns: [{ ...base, name: "id" }] }).columns[0]?.kind;
    expect([of("inferred"), of("declared")]).toEqual(["category", "number"]);
  });
});
