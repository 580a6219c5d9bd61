import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readJsonLines } from "../../../src/data/read/json-lines.js";
import { recordOf } from "../../../src/data/table/record-of.js";
import type { ReadOptions } from "../../../src/data/read/options.js";
import {
  booleanColumn,
  categoryColumn,
  chunked,
  contractWith,
  encode,
  numberColumn,
  textColumn,
} from "./csv-writer.js";
import { budget } from "../../helpers/budget.js";

const contract = contractWith([
  numberColumn("n"),
  booleanColumn("b"),
  categoryColumn("c", ["x", "y"], { open: true }),
  textColumn("t"),
]);

const failure = (text: string, options: ReadOptions = {}): Promise<string> =>
  readJsonLines(contract, encode(text), { source: "rows.jsonl", ...options }).then(
    () => "was read",
    (error: { code: string; message: string }) => `${error.code} ${error.message}`,
  );

describe("readJsonLines", () => {
  it("reads any records back, in any chunks", async () => {
    const record = fc.record({
      n: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)),
      b: fc.option(fc.boolean()),
      c: fc.option(fc.constantFrom("x", "y", "z", "w")),
      t: fc.option(
        fc
          .string({ unit: "binary" })
          .map((text) => text.trim())
          .filter((text) => text !== ""),
      ),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 1, maxLength: 30 }),
        fc.constantFrom("\n", "\r\n", "\n\n"),
        fc.integer({ min: 1, max: 50 }),
        async (records, end, size) => {
          const bytes = encode(records.map((row) => JSON.stringify(row)).join(end));
          const table = await readJsonLines(contract, chunked(bytes, [size]));
          expect(table.rejected).toEqual([]);
          expect(Array.from({ length: table.rows }, (_, r) => ({ ...recordOf(table, r) }))).toEqual(records);
        },
      ),
      { numRuns: budget(200) },
    );
  });

  it("reads more records than a batch, also gzipped, with labels numbered as they come", async () => {
    const lines = Array.from({ length: 10_000 }, (_, i) =>
      JSON.stringify({ n: i, c: i < 5000 ? "x" : `late${i % 3}`, t: i % 5000 === 0 ? "some" : null, extra: 1 }),
    );
    const table = await readJsonLines(contract, gzipSync(lines.join("\n")), { absent: "missing" });
    expect(table.rows).toBe(10_000);
    expect(table.columns.get("c")).toMatchObject({ levels: ["x", "y", "late2", "late0", "late1"] });
    expect({ ...recordOf(table, 9_999) }).toEqual({ n: 9999, b: null, c: "late0", t: null });
    expect(table.rowNumbers[9_999]).toBe(9_999);
    expect(table.extraColumns).toEqual(["extra"]);
  });

  it("sets rows aside by the contract, and by form where asked for, in order", async () => {
    const text = '{"n":1}\n{"n":"1,5"}\n\n{"n":\n[1]\n{"n":"7"}\nnull\n{"n":{"a":1},"b":3}\n';
    const table = await readJsonLines(contract, encode(text), { ragged: "reject-row", absent: "missing" });
    expect([...table.rowNumbers]).toEqual([0, 4]);
    expect(table.columns.get("n")).toEqual({ storage: "numeric", values: Float64Array.of(1, 7) });
    expect(table.rejected.map(({ row, issues }) => `${row} ${issues.map(({ rule }) => rule).join(" ")}`)).toEqual([
      "1 number",
      "2 ragged",
      "3 ragged",
      "5 ragged",
      "6 type boolean",
    ]);
  });

  it("names row and line of what cannot be read", async () => {
    expect(await failure('{"n":1}\n\n{"n":2')).toMatch(
      /^INPUT_MALFORMED rows.jsonl: row 1 \(line 3\): the line is not valid JSON/,
    );
    expect(await failure('{"n":1}\n[{"n":1},\n')).toMatch(
      "row 1 (line 2): the line starts an array; write one JSON object per line",
    );
    expect(await failure("3\n")).toMatch("row 0 (line 1): the line holds a number, not an object");
    expect(await failure("\n \n")).toMatch("INPUT_EMPTY rows.jsonl: the input has no rows");
    expect(await failure(`{"n":1}\n{"t":"${"x".repeat(2000)}"}`, { limits: { lineBytes: 1000 } })).toMatch(
      "INPUT_TOO_LARGE rows.jsonl: row 1 (line 2): a line is longer than 1000 bytes",
    );
    const bytes = Uint8Array.from([...encode('{"n":1}\n{"t":"'), 0xff, ...encode('"}')]);
    await expect(readJsonLines(contract, bytes)).rejects.toThrow("row 1 (line 2): the byte 0xff is not valid UTF-8");
  });

  it.each([
    ["has a member named __proto__, which is not allowed", '{"__proto__":{"n":5,"polluted":1},"b":true}'],
    ["nests deeper than 200 levels", `{"n":${"[".repeat(300)}${"]".repeat(300)}}`],
  ])("refuses a line that %s", async (why, line) => {
    await expect(readJsonLines(contract, encode(`${line}\n`))).rejects.toMatchObject({
      code: "INPUT_MALFORMED",
      message: expect.stringContaining(`the line's JSON ${why}`) as unknown,
    });
    const table = await readJsonLines(contract, encode(`${line}\n{"b":true}\n`), {
      absent: "missing",
      ragged: "reject-row",
    });
    expect(table.rejected).toMatchObject([{ row: 0, issues: [{ rule: "ragged" }] }]);
    expect({ ...recordOf(table, 0) }).toEqual({ n: null, b: true, c: null, t: null });
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("a column absent from every JSON line", () => {
  const strict = contractWith([
    numberColumn("n", { nullable: false }),
    numberColumn("m"),
    categoryColumn("c", ["x"], { open: true, optional: true }),
  ]);
  const lines = (count: number, make: (i: number) => object): string =>
    Array.from({ length: count }, (_, i) => JSON.stringify(make(i))).join("\n");
  const read = (text: string, options: ReadOptions = {}) =>
    readJsonLines(strict, encode(text), { source: "rows.jsonl", ...options });

  it.each([
    ["n", { m: 1, c: "x" }],
    ["m", { n: 1, c: "x", M: 1 }],
  ])("is refused as a header without %s is", async (name, record) => {
    await expect(read(lines(5, () => record))).rejects.toMatchObject({
      code: "INPUT_COLUMNS",
      message: expect.stringContaining(`rows.jsonl: the column "${name}" is missing; the rows have "`) as unknown,
    });
  });

  it("is left out where asked for, and no row is set aside for it", async () => {
    const table = await read(
      lines(5000, (i) => ({ m: i })),
      { absent: "leave-out" },
    );
    expect([table.rows, table.rejected, [...table.columns.keys()]]).toEqual([5000, [], ["m", "c"]]);
    expect(table.columns.get("c")).toEqual({ storage: "coded", codes: new Int32Array(5000).fill(-1), levels: ["x"] });
  });

  it("is missing in rows before the first that has it, and refuses them where the contract needs it", async () => {
    const late = await read(lines(9000, (i) => (i < 5000 ? { n: i } : { n: i, m: i, c: "late" })));
    expect(late.rows).toBe(9000);
    expect(late.columns.get("m")).toMatchObject({
      values: expect.objectContaining({ 0: NaN, 4999: NaN, 5000: 5000 }) as unknown,
    });
    const needed = await read(lines(9000, (i) => (i < 5000 ? { m: i } : { n: i, m: i })));
    expect([needed.rows, needed.rejected.length, needed.rowNumbers[0], needed.rejected[4999]]).toMatchObject([
      4000,
      5000,
      5000,
      { row: 4999, issues: [{ column: "n", rule: "missing" }] },
    ]);
  });

  it("is missing with absent: missing, as a key that null stands for is", async () => {
    expect((await read('{"n":1}', { absent: "missing" })).rows).toBe(1);
    expect((await read('{"n":1,"m":null}')).rows).toBe(1);
  });
});
