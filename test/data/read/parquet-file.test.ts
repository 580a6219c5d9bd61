import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as zlib from "node:zlib";
import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { inferFromFile, readTable, recordOf, type Contract, type Table } from "../../../src/data/index.js";
import { register } from "../../../src/cli/commands/validate.js";
import { ReadBudget } from "../../../src/data/read/parquet/budget.js";
import { newFolder } from "../../helpers/folder.js";
import { runVerb } from "../../helpers/run-verb.js";
import { hasShared, sharedPath } from "../../helpers/shared.js";
import { budget } from "../../helpers/budget.js";

const folder = newFolder();
type Options = Parameters<typeof parquetWriteBuffer>[0];

function put(name: string, columnData: Options["columnData"], options: Partial<Options> = {}): string {
  const file = join(folder, name);
  writeFileSync(file, new Uint8Array(parquetWriteBuffer({ ...options, columnData })));
  return file;
}

const records = (table: Table): Record<string, unknown>[] =>
  Array.from({ length: table.rows }, (_, row) => ({ ...recordOf(table, row) }));

const kinds: Options["columnData"] = [
  { name: "id", data: ["a", "b", "c", "d"], type: "STRING" },
  { name: "tenure", data: [3, 12, 40, 7], type: "INT32" },
  { name: "charges", data: [20.5, null, 99.25, 0], type: "DOUBLE", nullable: true },
  { name: "calls", data: [1n, 2n, 3n, 4n], type: "INT64" },
  { name: "paperless", data: [true, false, true, true], type: "BOOLEAN" },
  {
    name: "since",
    data: ["2024-01-31", "2024-02-29", "1969-07-20", "2030-12-01"].map((day) => new Date(day)),
    type: "TIMESTAMP",
  },
  { name: "plan", data: ["A", "B", "A", null], type: "STRING", nullable: true },
  { name: "churn", data: ["Yes", "No", "No", "Yes"], type: "STRING" },
];

describe("Parquet", () => {
  it("gives each kind of column as JSON lines would", async () => {
    const file = put("kinds.parquet", kinds);
    const { contract } = await inferFromFile(file, { target: "churn", positive: "Yes", id: "id" });
    expect(contract.name).toBe("kinds");
    expect(contract.columns.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      "id category",
      "tenure number",
      "charges number",
      "calls number",
      "paperless boolean",
      "since date",
      "plan category",
      "churn category",
    ]);
    const table = await readTable(contract, file);
    expect(records(table)[1]).toMatchObject({
      id: "b",
      tenure: 12,
      charges: null,
      calls: 2,
      paperless: false,
      plan: "B",
      churn: "No",
    });
    expect(table.columns.get("since")).toMatchObject({
      values: Float64Array.from(["2024-01-31", "2024-02-29", "1969-07-20", "2030-12-01"].map((day) => Date.parse(day))),
    });
  });

  it.each([["UNCOMPRESSED"], ["SNAPPY"], ["GZIP"]] as const)("is read when packed with %s", async (codec) => {
    const tenure = Array.from({ length: 5000 }, (_, i) => i % 73);
    const file = put(`${codec}.parquet`, [{ name: "tenure", data: tenure, type: "INT32" }], {
      codec,
      compressors: { GZIP: (bytes: Uint8Array) => zlib.gzipSync(bytes) },
    });
    const { contract } = await inferFromFile(file);
    expect([...((await readTable(contract, file)).columns.get("tenure") as { values: Float64Array }).values]).toEqual(
      tenure,
    );
  });

  it("goes from row group to row group", async () => {
    const n = Array.from({ length: 10_000 }, (_, i) => i);
    const file = put(
      "groups.parquet",
      [
        { name: "n", data: n, type: "INT32" },
        { name: "s", data: n.map((i) => `v${i % 3}`), type: "STRING" },
      ],
      { rowGroupSize: 777, pageSize: 500 },
    );
    const { contract } = await inferFromFile(file);
    const table = await readTable(contract, file);
    expect(records(table)).toEqual(n.map((i) => ({ n: i, s: `v${i % 3}` })));
  });

  it("reads a column that is the same in each of a few rows (its packed places take no bits, and it was refused)", async () => {
    const file = put("same.parquet", [{ name: "n", data: [7n, 7n], type: "INT64" }]);
    const n = {
      kind: "number",
      role: "feature",
      optional: false,
      missing: [],
      integer: true,
      nullable: false,
    } as const;
    const contract: Contract = { format: 1, name: "same", origin: "declared", columns: [{ name: "n", ...n }] };
    expect(records(await readTable(contract, file))).toEqual([{ n: 7 }, { n: 7 }]);
  });

  it("reads back what was written", async () => {
    const number = { kind: "number", role: "feature", optional: false, missing: [] } as const;
    const contract: Contract = {
      format: 1,
      name: "any",
      origin: "declared",
      columns: [
        { name: "x", ...number, integer: false, nullable: true },
        { name: "big", ...number, integer: true, nullable: false },
      ],
    };
    const x = fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }));
    const big = fc.bigInt({ min: -(2n ** 52n), max: 2n ** 52n });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ x, big }), { minLength: 2, maxLength: 60 }), async (rows) => {
        const file = put("any.parquet", [
          { name: "x", data: rows.map((row) => row.x), type: "DOUBLE", nullable: true },
          { name: "big", data: rows.map((row) => row.big), type: "INT64" },
        ]);
        const table = await readTable(contract, file);
        expect(records(table)).toEqual(
          rows.map((row) => ({ x: row.x === null ? null : row.x + 0, big: Number(row.big) })),
        );
      }),
      { numRuns: budget(50) },
    );
  });

  it("leaves nested columns out when a contract is inferred, and columns of hostile names are only names", async () => {
    const file = put("nested.parquet", [
      { name: "list", data: [{ a: 1 }, { a: 2 }], type: "JSON" },
      { name: "__proto__", data: [1, 2], type: "INT32" },
      { name: "n", data: [1, 2], type: "INT32" },
    ]);
    const inferred = await inferFromFile(file).catch((error: unknown) => error);
    if (!(inferred instanceof Error))
      expect(
        (inferred as { contract: { columns: { name: string }[] } }).contract.columns.map(({ name }) => name),
      ).not.toContain("list");
    expect(({} as Record<string, unknown>)["a"]).toBeUndefined();
  });

  it.each([
    ["no Parquet", () => Buffer.from("id,churn\n1,Yes\n"), "INPUT_MALFORMED"],
    ["empty", () => Buffer.alloc(0), "INPUT_MALFORMED"],
    ["cut short", () => readFileSync(put("whole.parquet", kinds)).subarray(0, -20), "INPUT_MALFORMED"],
    [
      "of bytes turned over",
      () => readFileSync(put("whole.parquet", kinds)).map((byte, i) => (i > 3 && i < 200 ? byte ^ 255 : byte)),
      "INPUT_MALFORMED",
    ],
  ])("is refused with one clear error where it is %s", async (_, bytes, code) => {
    const file = join(folder, "broken.parquet");
    writeFileSync(file, bytes());
    await expect(inferFromFile(file)).rejects.toMatchObject({ name: "ChurnkitError", code });
  });

  it("is refused where it names more rows than it holds", async () => {
    const bytes = readFileSync(
      put("honest.parquet", [{ name: "n", data: Array.from({ length: 1000 }, (_, i) => i), type: "INT32" }]),
    );
    // 1,000 as the footer writes it, against 8,168.
    const footer = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
    for (let at = bytes.indexOf("d00f", footer, "hex"); at >= 0; at = bytes.indexOf("d00f", at + 1, "hex"))
      bytes[at + 1] = 0x7f;
    const file = join(folder, "boasting.parquet");
    writeFileSync(file, bytes);
    await expect(inferFromFile(file)).rejects.toMatchObject({
      code: "INPUT_MALFORMED",
      message: expect.stringMatching(/boasting\.parquet: .*8168 rows/) as string,
    });
  });

  describe("written by another writer", () => {
    const fixtures = join(import.meta.dirname, "parquet");
    const names = readdirSync(fixtures).filter(
      (name) => !name.startsWith("nested") && (!name.includes("zstd") || "zstdDecompressSync" in zlib),
    );

    it.each(names)("is read the same in every encoding: %s", async (name) => {
      const path = join(fixtures, name);
      const { contract } = await inferFromFile(path, { target: "churn", positive: "Yes", id: "id" });
      const table = await readTable(contract, path);
      const rows = records(table);
      expect(rows).toHaveLength(90);
      expect(rows[8]).toEqual({
        id: "c008",
        tenure: 8,
        charges: 83.16,
        calls: 64,
        paperless: false,
        since: "2020-01-09T00:00:00.000Z",
        plan: "pro",
        price: 10,
        churn: "Yes",
      });
      rows.forEach((row, i) => {
        expect(row).toMatchObject({
          id: `c${String(i).padStart(3, "0")}`,
          tenure: i % 73,
          calls: i * i,
          price: (i * 125) / 100,
          churn: i % 4 === 0 ? "Yes" : "No",
        });
        expect([row["charges"] === null, row["plan"] === null]).toEqual([i % 7 === 0, i % 11 === 0]);
      });
    });

    it("leaves lists and structs out, and names them where a contract lacks them", async () => {
      const path = join(fixtures, "nested.parquet");
      const { contract } = await inferFromFile(path);
      expect(contract.columns.map(({ name }) => name)).toEqual(["n", "c"]);
      expect((await readTable(contract, path)).extraColumns).toEqual(["list", "s"]);
    });
  });

  it("whose declared texts are no text is refused, not read with marks in their place", async () => {
    const file = put("text.parquet", [{ name: "plan", data: ["basic", "plus"], type: "STRING" }], {
      codec: "UNCOMPRESSED",
      statistics: false,
    });
    const bytes = readFileSync(file);
    bytes[bytes.indexOf("basic")] = 0xff;
    writeFileSync(file, bytes);
    await expect(inferFromFile(file)).rejects.toMatchObject({ code: "INPUT_MALFORMED" });
  });

  it("may hold no more than a file of its size can be expected to, since runs let a few bytes name any number of values", () => {
    const refused = expect.objectContaining({ code: "INPUT_TOO_LARGE" }) as Error;
    expect(() => new ReadBudget("a.parquet", 24_000).cells(5_000_000)).not.toThrow();
    expect(() => new ReadBudget("a.parquet", 24_000).cells(20_000_000)).toThrow(refused);
    expect(() => new ReadBudget("a.parquet", 24_000).unpacked(2 ** 28)).toThrow(refused);
    expect(() => new ReadBudget("a.parquet", 2 ** 32).group(2 ** 31)).toThrow(refused);
    const budget = new ReadBudget("a.parquet", 1000);
    for (let i = 0; i < 64; i++) budget.text(2 ** 20);
    expect(() => budget.text(2 ** 23)).toThrow(refused);
  });

  it.skipIf(!hasShared).each(["m-crashes.parquet", "m-hangs.parquet"])(
    "that is damaged ends a command with code 2 and one line: %s",
    async (name) => {
      const path = sharedPath(`cases/parquet/${name}`);
      await expect(inferFromFile(path)).rejects.toMatchObject({
        code: "INPUT_MALFORMED",
        message: expect.stringMatching(/^[^\n]*cannot be read[^\n]*$/) as string,
      });
      await expect(
        runVerb(register, ["validate", path, "--target", "Churn", "--positive", "Yes"]),
      ).rejects.toMatchObject({ code: "INPUT_MALFORMED" });
    },
  );

  it("that is not there or a folder is refused as any file is", async () => {
    mkdirSync(join(folder, "folder.parquet"));
    await expect(inferFromFile(join(folder, "none.parquet"))).rejects.toMatchObject({ code: "INPUT_NOT_FOUND" });
    await expect(inferFromFile(join(folder, "folder.parquet"))).rejects.toMatchObject({ code: "INPUT_NOT_FOUND" });
  });
});
