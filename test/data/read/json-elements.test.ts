import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readJsonLines } from "../../../src/data/read/json-lines.js";
import { recordOf } from "../../../src/data/table/record-of.js";
import { chunked, encode, textContract } from "./csv-writer.js";
import { budget } from "../../helpers/budget.js";

const contract = textContract(["a"]);
const read = (text: string, sizes = [5]) => readJsonLines(contract, chunked(encode(text), sizes));

describe("a JSON array of records", () => {
  it("is read whatever its texts hold, in pieces of any size, alone or under a key", async () => {
    const text = fc
      .array(fc.constantFrom('"', "\\", "[", "]", "{", "}", ",", "é", "x", "\n"), { minLength: 1, maxLength: 8 })
      .map((parts) => parts.join("").trim())
      .filter((cell) => cell !== "");
    await fc.assert(
      fc.asyncProperty(
        fc.array(text, { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        fc.constantFrom(0, 2),
        fc.integer({ min: 1, max: 9 }),
        async (cells, wrapped, indent, size) => {
          const records = cells.map((a) => ({ a, nested: [{ b: "]" }] }));
          const table = await read(JSON.stringify(wrapped ? { records, total: 3 } : records, null, indent), [size]);
          expect(Array.from({ length: table.rows }, (_, r) => recordOf(table, r)["a"])).toEqual(cells);
        },
      ),
      { numRuns: budget(150) },
    );
  });

  it("is told as the form of the file, which JSON lines are not", async () => {
    expect((await read('[{"a": "1"}]')).form).toEqual(["The file is one JSON array; its elements are the rows."]);
    expect((await read('{"a": "1"}\n')).form).toEqual([]);
  });

  it.each([
    ["cut off", '[{"a": "1"}, {"a": ', /never closed/],
    ["with something behind it", '[{"a": "1"}] {"a": "2"}', /unexpected text follows the JSON array/],
    ["with a comma too many", '[{"a": "1"}, ]', /comma in the JSON array/],
    ["without a record", "[]", /the input has no rows/],
  ])("%s is refused", async (_, text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });
});
