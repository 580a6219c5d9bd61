import fc from "fast-check";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Contract } from "../../../src/data/contract/contract.js";
import { readCsv } from "../../../src/data/read/read-file.js";
import { csvLine } from "../../../src/data/table/csv-line.js";
import { recordOf } from "../../../src/data/table/record-of.js";
import { writeCsv } from "../../../src/data/table/write-csv.js";
import { newFolder } from "../../helpers/folder.js";
import { budget } from "../../helpers/budget.js";

describe("csvLine", () => {
  it("quotes what a reader would misread", () => {
    expect(csvLine(["a", "b,c", 'say "hi"', " blank", "two\nlines", 1.5, true, null, undefined])).toBe(
      'a,"b,c","say ""hi"""," blank","two\nlines",1.5,true,,\n',
    );
  });
});

describe("writeCsv", () => {
  const folder = newFolder();
  const column = { role: "feature", nullable: true, optional: false, missing: [] } as const;
  const contract: Contract = {
    format: 1,
    name: "written",
    origin: "declared",
    columns: [
      { ...column, name: "note", kind: "text" },
      { ...column, name: "amount", kind: "number", integer: false },
    ],
  };

  it("writes what readCsv reads back, and leaves no other file", async () => {
    const note = fc
      .string({ minLength: 1, maxLength: 12 })
      .filter((text) => text.trim() === text && !text.includes("\0"));
    const record = fc.record({ note, amount: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })) });
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 30 }), async (records) => {
        const path = join(folder, "written.csv");
        await writeCsv(path, records);
        const table = await readCsv(contract, path);
        expect(Array.from({ length: table.rows }, (_, i) => recordOf(table, i))).toEqual(
          records.map(({ note: text, amount }) => ({ note: text, amount: amount === 0 ? 0 : amount })),
        );
        expect(readdirSync(folder)).toEqual(["written.csv"]);
      }),
      { numRuns: budget(40) },
    );
  });

  it("takes its columns from the first record, and fills what others lack", async () => {
    const path = join(folder, "written.csv");
    await writeCsv(path, [{ note: "a", amount: 1 }, { amount: 2 }]);
    const table = await readCsv(contract, path);
    expect(Array.from({ length: 2 }, (_, i) => recordOf(table, i))).toEqual([
      { note: "a", amount: 1 },
      { note: null, amount: 2 },
    ]);
  });
});
