import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import Papa from "papaparse";
import { beforeAll, describe, expect, it } from "vitest";
import { uniform } from "../../../src/base/random.js";
import { readDelimited } from "../../../src/data/read/csv.js";
import { readTable } from "../../../src/data/read/read-file.js";
import type { ReadOptions } from "../../../src/data/read/options.js";
import type { Table } from "../../../src/data/table/table.js";
import { testPython } from "../../helpers/python.js";
import { hasShared, sharedPath } from "../../helpers/shared.js";
import { contractWith, encode, numberColumn, textContract, writeCsv } from "./csv-writer.js";

const files = ["telco-churn.csv", "bank-churn.csv", "cell2cell.csv.gz", "reviews.tsv"];

const textOf = (file: string): string => {
  const bytes = readFileSync(sharedPath(`data/${file}`));
  return (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
};

/** A text column's cells, the empty ones as "". */
function texts(table: Table, name: string): string[] {
  const data = table.columns.get(name);
  if (data?.storage !== "coded") throw new Error(`no texts in ${name}`);
  return Array.from(data.codes, (code) => data.levels[code] ?? "");
}

/** Compares long columns; deep equality of millions of cells takes minutes. */
function expectSame(found: ArrayLike<unknown>, wanted: ArrayLike<unknown>): void {
  expect(found.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    if (!Object.is(found[i], wanted[i])) expect({ i, cell: found[i] }).toEqual({ i, cell: wanted[i] });
  }
}

function numbersOf(table: Table, name: string): Float64Array {
  const data = table.columns.get(name);
  if (data?.storage !== "numeric") throw new Error(`no numbers in ${name}`);
  return data.values;
}

async function expectAsPapa(text: string, options: ReadOptions & { delimiter: string }): Promise<void> {
  const quoting = options.quote === false ? { quoteChar: "\0" } : {};
  const { data, errors } = Papa.parse<string[]>(text, {
    delimiter: options.delimiter,
    skipEmptyLines: true,
    ...quoting,
  });
  expect(errors).toEqual([]);
  const [names = [], ...rows] = data;
  const table = await readDelimited(textContract(names), encode(text), options);
  expect(table.rejected).toEqual([]);
  expect(table.rows).toBe(rows.length);
  names.forEach((name, c) =>
    expectSame(
      texts(table, name),
      rows.map((row) => row[c]?.trim()),
    ),
  );
}

describe("papaparse reads the same", () => {
  it.skipIf(!hasShared).each(files)("%s", async (file) => {
    const tsv = file.endsWith(".tsv");
    await expectAsPapa(textOf(file), { delimiter: tsv ? "\t" : ",", quote: !tsv });
  });

  it("random files", async () => {
    const random = uniform(11);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
    for (let i = 0; i < 60; i++) {
      const delimiter = pick([",", ";", "\t", "|"]);
      const cell = (): string =>
        Array.from({ length: Math.floor(random() * 6) }, () => pick(["a", '"', delimiter, "\n", " ", "é", "12"]))
          .join("")
          .trim();
      // papaparse takes a quoted empty cell in a single column for a blank line.
      const width = 2 + Math.floor(random() * 5);
      const rows = Array.from({ length: 200 }, () => Array.from({ length: width }, cell));
      const style = {
        lineEnd: pick(["\n", "\r\n"] as const),
        delimiter,
        quoteAnyway: () => random() < 0.3,
        bom: false,
        lastLineEnd: random() < 0.5,
        padding: "",
      };
      const names = Array.from({ length: width }, (_, c) => `c${c}`);
      await expectAsPapa(writeCsv([names, ...rows], style), { delimiter });
    }
  });
});

const python = testPython(["pandas==3.0.3", "numpy==2.4.6"], "pandas as an oracle of the reader");

/** Prints, for each column, its numbers as hex floats or its texts, as pandas reads them. */
const program = `
import json, sys, pandas as pd
path, separator, quoting, rows = sys.argv[1:5]
frame = pd.read_csv(path, sep=separator, quoting=int(quoting), dtype=str, nrows=int(rows), keep_default_na=False, skipinitialspace=True)
out = {}
for name in frame.columns:
    column = frame[name].str.strip()
    number = pd.to_numeric(column.where(column != ""), errors="coerce")
    exact = [None if v == "" else float(v).hex() for v in column] if number.notna().sum() == (column != "").sum() else None
    out[name] = {"texts": column.tolist(), "numbers": exact}
sys.stdout.write(json.dumps(out))
`;

/** So many rows are compared, at most. */
const mostRows = 10_000;

/** A finite double from Python's float.hex(). */
function fromHex(hex: string): number {
  const [, sign = "", whole = "", part = "", power = "0"] = /^(-?)0x([01])\.([0-9a-f]+)p([+-]\d+)$/.exec(hex) ?? [];
  const digits = Number(BigInt(`0x${whole}${part}`));
  return (sign === "-" ? -1 : 1) * digits * 2 ** (Number(power) - 4 * part.length) + 0;
}

describe.skipIf(!python.available)("pandas reads the same", () => {
  let path = "";
  beforeAll(() => {
    path = python.path();
  }, 300_000);

  const pandas = (
    file: string,
    separator: string,
    quoting: boolean,
  ): Record<string, { texts: string[]; numbers: (string | null)[] | null }> => {
    const result = spawnSync(path, ["-c", program, file, separator, quoting ? "0" : "3", String(mostRows)], {
      encoding: "utf8",
      maxBuffer: 1 << 30,
    });
    if (result.status !== 0) throw new Error(result.stderr);
    return JSON.parse(result.stdout) as ReturnType<typeof pandas>;
  };

  it.skipIf(!hasShared).each(files)(
    "%s",
    async (file) => {
      const tsv = file.endsWith(".tsv");
      const expected = pandas(sharedPath(`data/${file}`), tsv ? "\t" : ",", !tsv);
      const names = Object.keys(expected);
      const table = await readTable(textContract(names), sharedPath(`data/${file}`));
      const numeric = names.filter((name) => Array.isArray(expected[name]?.numbers));
      const numbers = await readTable(
        contractWith(numeric.map((name) => numberColumn(name))),
        sharedPath(`data/${file}`),
      );
      for (const name of names) expectSame(texts(table, name).slice(0, mostRows), expected[name]?.texts ?? []);
      for (const name of numeric) {
        expectSame(
          numbersOf(numbers, name).subarray(0, mostRows),
          expected[name]?.numbers?.map((hex) => (hex === null ? NaN : fromHex(hex))) ?? [],
        );
      }
      expect(numeric.length).toBeGreaterThan(0);
    },
    60_000,
  );

  it("numbers of every form, to the last bit", async () => {
    const random = uniform(5);
    const folder = mkdtempSync(join(tmpdir(), "churnkit-pandas-"));
    try {
      const values = Array.from({ length: 5000 }, () => {
        const digits = Math.floor(random() * 18);
        const value = (random() - 0.5) * 10 ** Math.floor(random() * 30 - 12);
        return random() < 0.5 ? String(value) : value.toFixed(Math.min(digits, 20));
      });
      const file = join(folder, "numbers.csv");
      writeFileSync(file, `x\n${values.join("\n")}\n`);
      const expected = pandas(file, ",", true)["x"]?.numbers?.map((hex) => fromHex(hex ?? ""));
      const table = await readTable(contractWith([numberColumn("x")]), file);
      expectSame(numbersOf(table, "x"), expected ?? []);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
