import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Contract } from "../../../src/data/contract/contract.js";
import { readDelimited, delimitedParts } from "../../../src/data/read/csv.js";
import { jsonLineParts, readJsonLines } from "../../../src/data/read/json-lines.js";
import type { RowIds, TablePart } from "../../../src/data/read/parts.js";
import { recordOf, type RecordValue } from "../../../src/data/table/record-of.js";
import type { Table } from "../../../src/data/table/table.js";
import { budget } from "../../helpers/budget.js";
import { categoryColumn, chunked, contractWith, encode, numberColumn, textColumn } from "./csv-writer.js";

const idColumn = { ...textColumn("id"), role: "id" } as const;
const contract: Contract = contractWith([
  idColumn,
  numberColumn("n"),
  categoryColumn("open", ["x", "y"], { open: true }),
  categoryColumn("closed", ["a", "b"]),
]);
const options = { target: "ignore", ragged: "reject-row", source: "rows" } as const;

/** What scoring needs of a row, by its number. */
type Rows = Map<number, unknown>;

function rowsOf(table: Table, into: Rows): Rows {
  for (let i = 0; i < table.rows; i++) {
    const record: Record<string, RecordValue> = { ...recordOf(table, i) };
    delete record["id"];
    into.set(table.rowNumbers[i] as number, record);
  }
  for (const { row, issues } of table.rejected) into.set(row, issues);
  return into;
}

function idsIn({ rowNumbers, columns }: RowIds, into: Map<number, string>): void {
  for (const { bytes, ends } of columns) {
    rowNumbers.forEach((row, i) =>
      into.set(row, new TextDecoder().decode(bytes.subarray(i === 0 ? 0 : ends[i - 1], ends[i]))),
    );
  }
}

async function collected(parts: AsyncIterable<TablePart>): Promise<{ rows: Rows; ids: Map<number, string> }> {
  const all = { rows: new Map<number, unknown>(), ids: new Map<number, string>() };
  let last = -1;
  for await (const { table, ids } of parts) {
    const before = all.rows.size;
    const part = rowsOf(table, new Map());
    const numbers = [...part.keys()].sort((a, b) => a - b);
    // A part has the rows after those of the part before, all of them.
    expect(numbers).toEqual(numbers.map((_, i) => last + 1 + i));
    last = numbers.at(-1) ?? last;
    for (const [row, value] of part) all.rows.set(row, value);
    expect(all.rows.size).toBe(before + part.size);
    idsIn(ids, all.ids);
  }
  return all;
}

const sorted = <T>(map: Map<number, T>): [number, T][] => [...map].sort(([a], [b]) => a - b);

/** Ids as the whole table has them, with a contract of ids alone. */
async function wholeIds(read: (contract: Contract) => Promise<Table>): Promise<[number, string][]> {
  const table = await read({ ...contract, columns: [idColumn] });
  return Array.from({ length: table.rows }, (_, i) => [
    table.rowNumbers[i] as number,
    (recordOf(table, i)["id"] as string | null) ?? "",
  ]);
}

const cell = fc.oneof(
  fc.constantFrom(
    "",
    "x",
    "y",
    "a",
    "b",
    "12",
    "1e3",
    "new",
    "späte Ebene",
    ' "quoted, cell"',
    '"two\nlines"',
    '"a""b"',
  ),
  fc.nat().map(String),
);
const line = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(cell, fc.oneof(fc.nat().map(String), cell), cell, fc.constantFrom("a", "b", "c")) },
  fc.array(cell, { minLength: 1, maxLength: 6 }),
);

describe("rows in parts", () => {
  it("of delimited text are those of the whole table, wherever it is cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 40 }),
        fc.constantFrom("\n", "\r\n", "\r", "\n\n"),
        fc.integer({ min: 1, max: 80 }),
        async (lines, end, partBytes) => {
          const bytes = encode(["id,n,open,closed", ...lines.map((cells) => cells.join(","))].join(end));
          const read = (of: Contract): Promise<Table> => readDelimited(of, bytes, { ...options, delimiter: "," });
          const whole = await read(contract).catch((error: unknown) => String(error));
          const parts = collected(
            delimitedParts(contract, chunked(bytes, [7]), { ...options, delimiter: ",", partBytes }),
          );
          if (typeof whole === "string") {
            await expect(parts).rejects.toThrow(whole.replace(/^\w+: /, ""));
            return;
          }
          const { rows, ids } = await parts;
          expect(sorted(rows)).toEqual(sorted(rowsOf(whole, new Map())));
          expect(sorted(ids)).toEqual(await wholeIds(read));
        },
      ),
      { numRuns: budget(150) },
    );
  });

  it("of JSON lines are those of the whole table, wherever they are cut", async () => {
    const record = fc.record({
      id: fc.oneof(fc.nat(), fc.string(), fc.constant(null)),
      n: fc.oneof(fc.nat(), fc.constantFrom("12", "twelve", null)),
      open: fc.constantFrom("x", "y", "new", "neu", null),
      closed: fc.constantFrom("a", "b", "c"),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof({ weight: 8, arbitrary: record.map((one) => JSON.stringify(one)) }, fc.constantFrom("[1]", "{", "")),
          {
            minLength: 1,
            maxLength: 40,
          },
        ),
        fc.integer({ min: 1, max: 200 }),
        async (lines, partBytes) => {
          const bytes = encode(lines.join("\n"));
          const read = (of: Contract): Promise<Table> => readJsonLines(of, bytes, options);
          const whole = await read(contract).catch((error: unknown) => String(error));
          const parts = collected(jsonLineParts(contract, chunked(bytes, [11]), { ...options, partBytes }));
          if (typeof whole === "string") {
            await expect(parts).rejects.toThrow(whole.replace(/^\w+: /, ""));
            return;
          }
          const { rows, ids } = await parts;
          expect(sorted(rows)).toEqual(sorted(rowsOf(whole, new Map())));
          if (lines.some((one) => one.startsWith('{"'))) expect(sorted(ids)).toEqual(await wholeIds(read));
        },
      ),
      { numRuns: budget(150) },
    );
  });

  it("are refused where the whole file is: empty, without a row, without a needed column", async () => {
    const failure = (text: string): Promise<unknown> =>
      collected(delimitedParts(contract, encode(text), { ...options, partBytes: 10 })).catch(
        (error: Error) => error.message,
      );
    expect(await failure("")).toMatch(/the input is empty/);
    expect(await failure("id,n,open,closed\n")).toMatch(/no data row/);
    expect(await failure("id,n,open\n1,2,x\n")).toMatch(/column "closed" is missing/);
    const lines = (text: string): Promise<unknown> =>
      collected(jsonLineParts(contract, encode(text), { ...options, partBytes: 10 })).catch(
        (error: Error) => error.message,
      );
    expect(await lines("\n")).toMatch(/no rows/);
    expect(await lines('{"id":1,"n":2,"open":"x"}\n'.repeat(9))).toMatch(/column "closed" is missing/);
    expect(
      await lines('{"n":2,"open":"x","closed":"a"}\n'.repeat(9) + '{"id":"late","n":1,"open":"x","closed":"a"}'),
    ).toMatch(/the id "id" first appears after/);
  });

  it("remember no label of rows that have passed", async () => {
    const text = `id,n,open,closed\n${Array.from({ length: 3000 }, (_, i) => `${i},1,label${i},a`).join("\n")}`;
    let most = 0;
    for await (const { table } of delimitedParts(contract, encode(text), { ...options, partBytes: 2000 })) {
      const data = table.columns.get("open");
      if (data?.storage === "coded") most = Math.max(most, data.levels.length);
    }
    expect(most).toBeLessThan(300);
  });
});
