import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { inferFromFile, readCsv, readTable } from "../../../src/data/read/read-file.js";
import { hashTable } from "../../../src/data/table/hash-table.js";
import { recordOf } from "../../../src/data/table/record-of.js";
import { hasShared, sharedPath } from "../../helpers/shared.js";

const folder = mkdtempSync(join(tmpdir(), "churnkit-read-"));
afterAll(() => rmSync(folder, { recursive: true }));

const put = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

const rows = Array.from({ length: 60 }, (_, i) => ({
  plan: i % 2 === 0 ? "basic" : 'plus "x"',
  tenure: i,
  left: i % 3 === 0 ? "Yes" : "No",
}));
const delimited = (separator: string): string =>
  ["plan,tenure,left", ...rows.map((row) => `${row.plan},${row.tenure},${row.left}`)]
    .join("\n")
    .replaceAll(",", separator);
const target = { target: "left", positive: "Yes" };

describe("files", () => {
  it("of every format give the same contract and the same table", async () => {
    const jsonl = rows.map((row) => JSON.stringify(row)).join("\n");
    const files = [
      put("a.csv", delimited(",")),
      put("a.tsv", delimited("\t")),
      put("a.jsonl", jsonl),
      put("a.txt", delimited("|")),
      put("a.csv.gz", gzipSync(delimited(","))),
      put("a.TSV.GZ", gzipSync(delimited("\t"))),
      put("a.jsonl.gz", gzipSync(jsonl)),
      put("named-wrongly.csv", gzipSync(delimited(","))),
      put("bom.csv", `\ufeff${delimited(",")}`),
    ];
    const hashes = new Set<string>();
    const contracts = new Set<string>();
    for (const file of files) {
      const { contract, candidates } = await inferFromFile(file, target);
      const table = await readTable(contract, file);
      expect(table.source).toBe(file);
      expect({ ...recordOf(table, 1) }).toEqual(rows[1]);
      expect(candidates).toContain("left");
      hashes.add(await hashTable(table));
      contracts.add(JSON.stringify({ ...contract, name: "" }));
    }
    expect([hashes.size, contracts.size]).toEqual([1, 1]);
  });

  it("with another delimiter than their name says are refused until it is given", async () => {
    const file = put("semicolon.csv", delimited(";"));
    await expect(inferFromFile(file, target)).rejects.toMatchObject({ code: "INPUT_MALFORMED" });
    const { contract } = await inferFromFile(file, { ...target, delimiter: ";" });
    await expect(readCsv(contract, file)).rejects.toThrow('--delimiter ";" on the command line');
    expect((await readCsv(contract, file, { delimiter: ";" })).rows).toBe(60);
  });

  it("ending in .tsv have no quotes, unless told", async () => {
    const file = put("quotes.tsv", 'a\tb\n"x"\ty" z\n');
    const { contract } = await inferFromFile(file);
    expect({ ...recordOf(await readTable(contract, file), 0) }).toEqual({ a: '"x"', b: 'y" z' });
    expect({ ...recordOf(await readTable(contract, file, { quote: true }), 0) }).toEqual({ a: "x", b: 'y" z' });
  });

  it("that are not there, or are folders are refused", async () => {
    const { contract } = await inferFromFile(put("b.csv", delimited(",")));
    mkdirSync(join(folder, "folder.csv"));
    const error = (name: string): Promise<unknown> =>
      readTable(contract, join(folder, name)).catch((thrown: unknown) => thrown);
    expect(await error("none.csv")).toMatchObject({
      code: "INPUT_NOT_FOUND",
      message: expect.stringMatching(/none\.csv: the file does not exist/) as string,
    });
    expect(await error("b.csv/c.csv")).toMatchObject({ code: "INPUT_NOT_FOUND" });
    expect(await error("folder.csv")).toMatchObject({
      code: "INPUT_NOT_FOUND",
      message: expect.stringMatching(/this is a folder/) as string,
    });
  });

  it("without rows or with a broken form are refused when a contract is inferred", async () => {
    const code = (name: string, content: string, options = {}): Promise<unknown> =>
      inferFromFile(put(name, content), options).then(
        () => "read",
        (error: { code: string }) => error.code,
      );
    expect(await code("c.csv", "")).toBe("INPUT_EMPTY");
    expect(await code("c.csv", "a,b\n")).toBe("INPUT_EMPTY");
    expect(await code("c.jsonl", "\n")).toBe("INPUT_EMPTY");
    expect(await code("c.csv", "a,b\n1\n")).toBe("INPUT_MALFORMED");
    expect(await code("c.csv", "a,b\n1\n1,2\n", { ragged: "reject-row" })).toBe("read");
    expect(await code("c.csv", "a,b\n1,2\n", { target: "c" })).toBe("INPUT_COLUMNS");
    expect(await code("c.csv", "a,b\n1,2\n3,4\n5,6\n", { target: "b" })).toBe("TARGET_INVALID");
    expect(await code("c.jsonl", '{"a":1,"b":{"c":2}}\n{"a":2,"b":null}\n')).toBe("read");
  });

  it.skipIf(!hasShared)("of customers: Telco", async () => {
    const file = sharedPath("data/telco-churn.csv");
    const { contract } = await inferFromFile(file, { target: "Churn", positive: "Yes", id: "customerID" });
    const table = await readTable(contract, file);
    expect([table.rows, table.rejected.length, table.columns.size]).toEqual([7043, 0, 21]);
    const charges = table.columns.get("TotalCharges");
    expect(charges?.storage === "numeric" && charges.values.filter((value) => Number.isNaN(value)).length).toBe(11);
    expect({ ...recordOf(table, 0) }).toMatchObject({
      customerID: "7590-VHVEG",
      tenure: 1,
      MonthlyCharges: 29.85,
      Churn: "No",
    });
  });
});
