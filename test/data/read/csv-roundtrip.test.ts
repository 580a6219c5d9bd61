import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readDelimited } from "../../../src/data/read/csv.js";
import { formatDate } from "../../../src/data/contract/cells/date.js";
import { hashTable } from "../../../src/data/table/hash-table.js";
import { recordOf, type RecordValue } from "../../../src/data/table/record-of.js";
import {
  booleanColumn,
  categoryColumn,
  chunked,
  contractWith,
  dateColumn,
  encode,
  numberColumn,
  textColumn,
  textContract,
  writeCsv,
  type WriterStyle,
} from "./csv-writer.js";
import { budget } from "../../helpers/budget.js";

const style: fc.Arbitrary<WriterStyle> = fc.record({
  lineEnd: fc.constantFrom("\n", "\r\n", "\r"),
  delimiter: fc.constantFrom(",", ";", "\t", "|"),
  quoteAnyway: fc.func(fc.boolean()),
  bom: fc.boolean(),
  lastLineEnd: fc.boolean(),
  padding: fc.constantFrom("", " ", "  "),
});

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });

/** Texts full of what has a meaning in CSV; trimmed, as cells are. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom('"', ",", ";", "\t", "|", "\n", "\r\n", "\r", " ", "a", "é", "漢", "😀", "0"),
      fc.string(),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join("").replaceAll("\0", "").trim());

describe("delimited text", () => {
  it("reads any texts back, whatever the quoting, line ends, delimiter and chunks", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.array(text, { minLength: 5, maxLength: 5 }), { minLength: 1, maxLength: 6 }),
        style,
        sizes,
        async (width, cells, how, pieces) => {
          const names = Array.from({ length: width }, (_, i) => `c${i}`);
          const rows = cells.map((row) => row.slice(0, width));
          const bytes = encode(writeCsv([names, ...rows], how));
          const table = await readDelimited(textContract(names), chunked(bytes, pieces), { delimiter: how.delimiter });
          expect(table.rejected).toEqual([]);
          const read = Array.from({ length: table.rows }, (_, r) =>
            names.map((name) => recordOf(table, r)[name] ?? ""),
          );
          expect(read).toEqual(rows);
        },
      ),
      { numRuns: budget(300) },
    );
  });

  it("reads typed values back", async () => {
    const columns = [
      numberColumn("n"),
      numberColumn("i", { integer: true, min: -5, max: 100_000 }),
      booleanColumn("b"),
      dateColumn("d"),
      categoryColumn("c", ["x", 'y"', "z, z"]),
      textColumn("t"),
    ];
    const record = fc.record({
      n: fc.option(
        fc.oneof(
          fc.double({ noNaN: true, noDefaultInfinity: true }).map((v) => v + 0),
          fc.integer().map((v) => v / 100 + 0),
        ),
      ),
      i: fc.option(fc.integer({ min: -5, max: 100_000 })),
      b: fc.option(fc.boolean()),
      d: fc.option(fc.integer({ min: -30_000, max: 30_000 }).map((day) => formatDate(day * 86_400_000, "date"))),
      c: fc.option(fc.constantFrom("x", 'y"', "z, z")),
      t: fc.option(text.filter((value) => value !== "")),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 1, maxLength: 20 }),
        style,
        sizes,
        async (records, how, pieces) => {
          const names = columns.map(({ name }) => name);
          const rows = records.map((row) =>
            names.map((name) => String((row as Record<string, RecordValue>)[name] ?? "")),
          );
          // A row of empty cells only is a blank line where there is one column; here there are six.
          const bytes = encode(writeCsv([names, ...rows], how));
          const table = await readDelimited(contractWith(columns), chunked(bytes, pieces), {
            delimiter: how.delimiter,
          });
          expect(table.rejected).toEqual([]);
          expect(Array.from({ length: table.rows }, (_, r) => ({ ...recordOf(table, r) }))).toEqual(records);
        },
      ),
      { numRuns: budget(200) },
    );
  });

  it("gives the same table for chunks of a few bytes, records across buffers, and all at once", async () => {
    const long = "x".repeat(70_000);
    const lines = Array.from(
      { length: 9000 },
      (_, i) => `${i},"a ""${i % 7}""\r\nb",${i % 3000 === 0 ? long : "s"},é${i}`,
    );
    const bytes = encode(`n,q,l,u\r\n${lines.join("\r\n")}`);
    const contract = contractWith([numberColumn("n"), textColumn("q"), textColumn("l"), textColumn("u")]);
    const whole = await readDelimited(contract, bytes);
    expect(whole.rows).toBe(9000);
    expect(recordOf(whole, 6000)).toMatchObject({ n: 6000, q: 'a "1"\r\nb', l: long, u: "é6000" });
    for (const pieces of [[3], [65_536], [262_144, 1, 7]]) {
      const again = await readDelimited(contract, chunked(bytes, pieces));
      expect(await hashTable(again)).toBe(await hashTable(whole));
      expect(again.rowNumbers).toEqual(whole.rowNumbers);
    }
  });
});
