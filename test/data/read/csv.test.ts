import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readDelimited } from "../../../src/data/read/csv.js";
import { recordOf } from "../../../src/data/table/record-of.js";
import type { ReadOptions } from "../../../src/data/read/options.js";
import { categoryColumn, chunked, contractWith, encode, numberColumn, textColumn, textContract } from "./csv-writer.js";

const records = async (names: readonly string[], text: string, options?: ReadOptions): Promise<string[][]> => {
  const table = await readDelimited(textContract(names), encode(text), options);
  return Array.from({ length: table.rows }, (_, r) => names.map((name) => String(recordOf(table, r)[name] ?? "")));
};

describe("readDelimited", () => {
  it("reads each line end, also mixed, and no blank line", async () => {
    expect(await records(["a", "b"], "\n\ra,b\r\n1,2\n\n3,4\r5,6\r\n  \r\n7,8")).toEqual([
      ["1", "2"],
      ["3", "4"],
      ["5", "6"],
      ["7", "8"],
    ]);
  });

  it("trims cells and names outside quotes, and keeps quotes inside bare cells", async () => {
    expect(await records(["a b", "c"], ' "a b" ,\tc\n x y ,5" disk\n " ""q"" " , \n')).toEqual([
      ["x y", '5" disk'],
      ['"q"', ""],
    ]);
  });

  it("detects the delimiter outside quotes, and takes the one it is told", async () => {
    for (const delimiter of [",", "\t", ";", "|"]) {
      const text = `a${delimiter}"b,;|;,|"\n1${delimiter}2\n`;
      expect(await records(["a", "b,;|;,|"], text)).toEqual([["1", "2"]]);
    }
    expect(await records(["a,b", "c"], "a,b^c\n1^2\n", { delimiter: "^" })).toEqual([["1", "2"]]);
    expect(await records(["a"], "a\n1\n")).toEqual([["1"]]);
  });

  it("reads quotes as plain text where quoting is off", async () => {
    expect(await records(["a", "b"], 'a\tb\n"x\t5" "y"\n', { quote: false })).toEqual([['"x', '5" "y"']]);
  });

  it("unpacks gzip by content, in any chunks", async () => {
    const text = `a\n${"abc\n".repeat(50_000)}`;
    const table = await readDelimited(textContract(["a"]), chunked(gzipSync(text), [1, 100]));
    expect(table.rows).toBe(50_000);
  });

  it("takes markers, defaults and blanks in quotes by the contract, each label once", async () => {
    const contract = contractWith([
      numberColumn("n", { missing: ["-999", "NA"] }),
      numberColumn("limited", { min: 0, exclusiveMax: 10, default: 3 }),
      categoryColumn("c", [], { open: true, default: "none" }),
    ]);
    const table = await readDelimited(
      contract,
      encode('n,limited,c\n-999,0,x\nNA,9.5,\n1.50,,none\n" 2 ", 1," x "\n3,10,y\n'),
    );
    expect(table.columns.get("n")).toEqual({ storage: "numeric", values: Float64Array.of(NaN, NaN, 1.5, 2) });
    expect(table.columns.get("limited")).toEqual({ storage: "numeric", values: Float64Array.of(0, 9.5, 3, 1) });
    expect(table.columns.get("c")).toEqual({
      storage: "coded",
      codes: Int32Array.of(0, 1, 1, 0),
      levels: ["x", "none"],
    });
    expect(table.rejected.map(({ row }) => row)).toEqual([4]);
  });

  it("finds columns by name in any order, and reports those it does not know", async () => {
    const table = await readDelimited(
      contractWith([numberColumn("a"), numberColumn("b")]),
      encode("x,b,a,y\n1,2,3,4\n"),
    );
    expect({ ...recordOf(table, 0) }).toEqual({ a: 3, b: 2 });
    expect(table.extraColumns).toEqual(["x", "y"]);
  });

  it("does without what may be absent: optional features, and in scoring the target and ids", async () => {
    const contract = contractWith(
      [
        textColumn("id", { role: "id", nullable: false }),
        numberColumn("a"),
        numberColumn("b", { optional: true, nullable: false }),
        numberColumn("d", { default: 7 }),
        categoryColumn("o", ["p", "q"], { optional: true, nullable: false, default: "q" }),
        categoryColumn("t", ["0", "1"], { role: "target", nullable: false }),
      ],
      { target: { column: "t", classes: ["0", "1"], positive: "1" } },
    );
    await expect(readDelimited(contract, encode("a\n1\n"))).rejects.toThrow('the columns "id", "t" are missing');
    for (const target of ["optional", "ignore"] as const) {
      const table = await readDelimited(contract, encode("a\n1\n"), { target });
      expect({ ...recordOf(table, 0) }).toEqual({ a: 1, b: null, d: 7, o: "q" });
    }
    const text = encode("id,a,t\nu,1,\nv,2,1\nw,3,?\n,4,0\n");
    expect((await readDelimited(contract, text)).rejected.map(({ row }) => row)).toEqual([0, 2, 3]);
    const scored = await readDelimited(contract, text, { target: "optional" });
    expect(scored.columns.get("t")).toEqual({
      storage: "coded",
      codes: Int32Array.of(-1, 1, 2, 0),
      levels: ["0", "1", "?"],
    });
    expect((await readDelimited(contract, text, { target: "ignore" })).columns.has("t")).toBe(false);
  });
});

it("gives a label with blanks around it the code of the plain one, whichever comes first", async () => {
  const contract = contractWith([categoryColumn("plan", [], { open: true })]);
  const { columns } = await readDelimited(contract, encode('plan\na\n" a "\nb\n"b "\n" c"\nc\nd\n'));
  expect(columns.get("plan")).toEqual({
    storage: "coded",
    codes: Int32Array.of(0, 0, 1, 1, 2, 2, 3),
    levels: ["a", "b", "c", "d"],
  });
});
