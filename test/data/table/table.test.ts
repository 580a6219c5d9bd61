import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatTables } from "../../../src/data/table/concat-tables.js";
import { hashTable } from "../../../src/data/table/hash-table.js";
import { labels } from "../../../src/data/table/labels.js";
import { recordOf } from "../../../src/data/table/record-of.js";
import { tableFromRecords } from "../../../src/data/read/records.js";
import { rowBuffer } from "../../../src/data/table/row-buffer.js";
import { takeRows } from "../../../src/data/table/take-rows.js";
import type { Table } from "../../../src/data/table/table.js";
import {
  booleanColumn,
  categoryColumn,
  contractWith,
  dateColumn,
  numberColumn,
  textColumn,
} from "../read/csv-writer.js";

const target = categoryColumn("t", ["No", "Yes"], { role: "target", nullable: false });
const contract = contractWith(
  [
    numberColumn("n"),
    booleanColumn("b"),
    dateColumn("d"),
    categoryColumn("c", ["x"], { open: true }),
    textColumn("toString"),
    target,
  ],
  { target: { column: "t", classes: ["No", "Yes"], positive: "Yes" } },
);

const record = fc.record({
  n: fc.option(fc.integer()),
  b: fc.option(fc.boolean()),
  d: fc.option(fc.constantFrom("2024-02-29", "1969-12-31")),
  c: fc.option(fc.constantFrom("x", "y", "z")),
  toString: fc.option(fc.constantFrom("some text", "other")),
  t: fc.constantFrom("No", "Yes"),
});
const records = fc.array(record, { minLength: 1, maxLength: 20 });
const all = (table: Table): object[] => Array.from({ length: table.rows }, (_, row) => ({ ...recordOf(table, row) }));

describe("tableFromRecords and recordOf", () => {
  it("are each other's inverse", () => {
    fc.assert(
      fc.property(records, (rows) => {
        expect(all(tableFromRecords(contract, rows))).toEqual(rows);
      }),
    );
  });

  it("read what a record inherits as absent, and make records without a prototype", () => {
    const table = tableFromRecords(contract, [{ t: "No", n: "12", d: new Date(0) }]);
    expect({ ...recordOf(table, 0) }).toEqual({ n: 12, b: null, d: "1970-01-01", c: null, toString: null, t: "No" });
    expect(Object.getPrototypeOf(recordOf(table, 0))).toBeNull();
    expect(() => recordOf(table, 1)).toThrow("There is no row at position 1 of 1");
  });

  it("set aside what breaks the contract or is no record, and report unknown keys", () => {
    const table = tableFromRecords(contract, [{ t: "No", n: [] }, null, "x", [1], { t: "Yes", more: 1 }, { n: 1 }]);
    expect([...table.rowNumbers]).toEqual([4]);
    expect(table.rejected.map(({ row, issues }) => [row, issues[0]?.rule, issues[0]?.column])).toEqual([
      [0, "type", "n"],
      [1, "ragged", ""],
      [2, "ragged", ""],
      [3, "ragged", ""],
      [5, "missing", "t"],
    ]);
    expect(table.rejected[2]?.issues[0]?.message).toMatch("the record is a string; give an object");
    expect(table.extraColumns).toEqual(["more"]);
    expect(() => tableFromRecords(contract, [])).toThrow("there is no record");
    expect(table.rejected[0]).toEqual({
      row: 0,
      issues: [{ column: "n", rule: "type", value: "an array", message: 'Column "n": an array is not a number.' }],
    });
  });

  it("take the options of a reader", () => {
    expect(() => tableFromRecords(contract, [{ t: "No" }, null], { ragged: "error" })).toThrow(
      "records: row 1: the record is null",
    );
    expect(() => tableFromRecords({ contract }, [{ t: "No", n: 1 }], { absent: "error", source: "crm" })).toThrow(
      'crm: the columns "b", "d", "c", "toString" are missing; the records have "t", "n".',
    );
    expect([...tableFromRecords(contract, [{ t: "No", n: 1 }], { absent: "leave-out" }).columns.keys()]).toEqual([
      "n",
      "t",
    ]);
    expect(() => tableFromRecords(contract, [{}], { ragged: "sometimes" as "error" })).toThrow("The option ragged");
  });
});

describe("rowBuffer", () => {
  it("gives the same rows as a table of its own, fill after fill, in the same arrays", () => {
    const buffer = rowBuffer(contract, { capacity: 20, target: "optional" });
    fc.assert(
      fc.property(fc.array(records, { minLength: 1, maxLength: 4 }), (fills) => {
        for (const rows of fills) {
          const table = buffer.fill(rows);
          expect(all(table)).toEqual(rows);
          for (const data of table.columns.values())
            expect((data.storage === "numeric" ? data.values : data.codes).length).toBe(rows.length);
        }
      }),
    );
    const first = buffer.fill([{ n: 1 }]).columns.get("n");
    const second = buffer.fill([{ n: 2 }]).columns.get("n");
    expect(second).toBe(first);
  });

  it("reads no target unless told, keeps the contract's levels, and forgets labels of other fills", () => {
    const buffer = rowBuffer(contract);
    const one = buffer.fill([{ c: "x", t: "nonsense" }]);
    expect([...one.columns.keys()]).toEqual(["n", "b", "d", "c", "toString"]);
    expect(one.columns.get("c")).toMatchObject({ levels: ["x"] });
    expect(buffer.fill([{ c: "new" }]).columns.get("c")).toEqual({
      storage: "coded",
      codes: Int32Array.of(1),
      levels: ["x", "new"],
    });
    const column = contract.columns[3];
    const again = buffer.fill([{ c: "x" }]).columns.get("c");
    expect(again?.storage === "coded" && column?.kind === "category" && again.levels === column.levels).toBe(true);
  });

  it("compacts rows around those set aside, and takes no label from them", () => {
    const table = rowBuffer(contract, { capacity: 4 }).fill([{ n: 1 }, { n: "x", c: "gone" }, { n: 3, c: "kept" }]);
    expect([...table.rowNumbers]).toEqual([0, 2]);
    expect(table.columns.get("n")).toEqual({ storage: "numeric", values: Float64Array.of(1, 3) });
    expect(table.columns.get("c")).toEqual({ storage: "coded", codes: Int32Array.of(-1, 1), levels: ["x", "kept"] });
  });

  it("refuses more records than it holds, and capacities that are none", () => {
    expect(() => rowBuffer(contract).fill([{}, {}])).toThrow("2 records, where at most 1 are read at once");
    expect(() => rowBuffer(contract, { capacity: 0 })).toThrow("capacity is 0");
    expect(rowBuffer(contract).fill([]).rows).toBe(0);
  });
});

describe("takeRows and concatTables", () => {
  it("take rows at positions, and put them together again", () => {
    fc.assert(
      fc.property(records, fc.array(fc.nat(), { maxLength: 20 }), fc.nat(), (rows, picks, cut) => {
        const table = tableFromRecords(contract, rows);
        const positions = picks.map((pick) => pick % rows.length);
        const taken = takeRows(table, positions);
        expect(all(taken)).toEqual(positions.map((i) => rows[i]));
        expect([...taken.rowNumbers]).toEqual(positions);
        const at = cut % rows.length;
        const parts = [rows.slice(0, at), rows.slice(at)]
          .filter((part) => part.length > 0)
          .map((part) => tableFromRecords(contract, part));
        expect(all(concatTables(parts))).toEqual(rows);
      }),
    );
  });

  it("refuse positions and tables that do not fit", () => {
    const table = tableFromRecords(contract, [{ t: "No" }]);
    for (const bad of [1, -1, 0.5, NaN]) expect(() => takeRows(table, [bad])).toThrow("There is no row at position");
    const other = tableFromRecords(contractWith([numberColumn("n")]), [{ n: 1 }]);
    expect(() => concatTables([table, other])).toThrow("have different columns");
    expect(() => concatTables([])).toThrow("no tables");
  });
});

describe("hashTable", () => {
  it("does not depend on the order of levels or columns, on NaN's bits or zero's sign", async () => {
    const table = tableFromRecords(contract, [
      { n: 0, c: "a", t: "No" },
      { c: "b", t: "Yes" },
    ]);
    const codes = { storage: "coded", codes: Int32Array.of(2, 0), levels: ["b", "unused", "a"] } as const;
    const bits = new Float64Array(new BigUint64Array([0x8000000000000000n, 0xfff8000000000001n]).buffer);
    const columns = new Map(
      [...table.columns, ["c", codes] as const, ["n", { storage: "numeric", values: bits }] as const].reverse(),
    );
    expect(await hashTable({ ...table, columns, source: "other" })).toBe(await hashTable(table));
  });

  it("changes with any value and with the order of rows", async () => {
    const rows = [
      { n: 1, c: "a", t: "No" },
      { n: 2, c: "b", t: "Yes" },
    ];
    const variants = [
      rows,
      [...rows].reverse(),
      [rows[0], { ...rows[1], n: 3 }],
      [rows[0], { ...rows[1], c: "a" }],
      [rows[0], { ...rows[1], b: true }],
      rows.slice(0, 1),
    ];
    const hashes = await Promise.all(variants.map((variant) => hashTable(tableFromRecords(contract, variant))));
    expect(new Set(hashes).size).toBe(variants.length);
  });
});

describe("labels", () => {
  it("are 1 for the positive class", () => {
    const rows = ["No", "Yes", "Yes", "No"].map((t) => ({ t }));
    expect(labels(tableFromRecords(contract, rows))).toEqual(Uint8Array.of(0, 1, 1, 0));
  });

  it.each([
    [
      "no target in the contract",
      () => tableFromRecords(contractWith([numberColumn("n")]), [{ n: 1 }]),
      "the contract names no target",
    ],
    [
      "no target in the data",
      () => tableFromRecords(contract, [{ n: 1 }], { target: "ignore" }),
      'the target column "t" is not in the data',
    ],
    [
      "a row without",
      () => tableFromRecords(contract, [{ t: "No" }, { t: null }], { target: "optional" }),
      "has no value in row 1",
    ],
    ["one class", () => tableFromRecords(contract, [{ t: "No" }]), 'holds only "No"; the class "Yes" never occurs'],
    [
      "three classes",
      () =>
        tableFromRecords({ ...contract, columns: [{ ...target, levels: ["No", "Yes", "Maybe"] } as typeof target] }, [
          { t: "No" },
          { t: "Yes" },
          { t: "Maybe" },
        ]),
      'holds 3 classes ("No", "Yes", "Maybe"); it must hold exactly two',
    ],
  ])("refuse %s", (_, table, message) => {
    expect(() => labels(table())).toThrow(message);
    expect(() => labels(table())).toThrow(expect.objectContaining({ code: "TARGET_INVALID" }) as Error);
  });
});
