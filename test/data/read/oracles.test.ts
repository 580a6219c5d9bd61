import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import Papa from "papaparse";
import { describe, expect, it } from "vitest";
import { uniform } from "../../../src/base/random.js";
import { readDelimited } from "../../../src/data/read/csv.js";
import { readTable } from "../../../src/data/read/read-file.js";
import type { ReadOptions } from "../../../src/data/read/options.js";
import type { Table } from "../../../src/data/table/table.js";
import { digest } from "../../helpers/golden.js";
import { pythonAnswer } from "../../helpers/python.js";
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

/** So many rows are compared, at most. */
const mostRows = 10_000;

/** Prints, for each column, digests of its texts and of its numbers, as pandas reads them; none where not all cells are numbers. */
const program = `
import hashlib, io, json, sys, numpy as np, pandas as pd
separator, quoting, text = json.load(sys.stdin)
frame = pd.read_csv(io.StringIO(text), sep=separator, quoting=quoting, dtype=str, nrows=${mostRows}, keep_default_na=False, skipinitialspace=True)
sha = lambda content: hashlib.sha256(content).hexdigest()
out = {}
for name in frame.columns:
    column = frame[name].str.strip()
    number = pd.to_numeric(column.where(column != ""), errors="coerce")
    numbers = None
    if number.notna().sum() == (column != "").sum():
        numbers = sha(np.array([np.nan if v == "" else float(v) + 0.0 for v in column], dtype="<f8").tobytes())
    out[name] = {"texts": sha(json.dumps(column.tolist(), ensure_ascii=False, separators=(",", ":")).encode()), "numbers": numbers}
sys.stdout.write(json.dumps(out))
`;

describe("pandas reads the same", () => {
  const pandas = (
    name: string,
    separator: string,
    quoting: boolean,
    text: string,
  ): Promise<Record<string, { texts: string; numbers: string | null }>> =>
    pythonAnswer(
      join(import.meta.dirname, "pandas.json"),
      name,
      program,
      JSON.stringify([separator, quoting ? 0 : 3, text]),
    );
  const digestOf = (numbers: Float64Array): string => digest(new Uint8Array(Float64Array.from(numbers).buffer));

  it.skipIf(!hasShared).each(files)(
    "%s",
    async (file) => {
      const tsv = file.endsWith(".tsv");
      const expected = await pandas(file, tsv ? "\t" : ",", !tsv, textOf(file));
      const names = Object.keys(expected);
      const table = await readTable(textContract(names), sharedPath(`data/${file}`));
      const numeric = names.filter((name) => typeof expected[name]?.numbers === "string");
      const numbers = await readTable(
        contractWith(numeric.map((name) => numberColumn(name))),
        sharedPath(`data/${file}`),
      );
      for (const name of names) {
        const own = digest(JSON.stringify(texts(table, name).slice(0, mostRows)));
        expect({ name, texts: own }).toEqual({ name, texts: expected[name]?.texts });
      }
      for (const name of numeric) {
        const own = digestOf(numbersOf(numbers, name).subarray(0, mostRows));
        expect({ name, numbers: own }).toEqual({ name, numbers: expected[name]?.numbers });
      }
      expect(numeric.length).toBeGreaterThan(0);
    },
    300_000,
  );

  it("numbers of every form, to the last bit", async () => {
    const random = uniform(5);
    const values = Array.from({ length: 5000 }, () => {
      const digits = Math.floor(random() * 18);
      const value = (random() - 0.5) * 10 ** Math.floor(random() * 30 - 12);
      return random() < 0.5 ? String(value) : value.toFixed(Math.min(digits, 20));
    });
    const text = `x\n${values.join("\n")}\n`;
    const expected = await pandas("numbers", ",", true, text);
    const table = await readDelimited(contractWith([numberColumn("x")]), encode(text), { delimiter: "," });
    expect(digestOf(numbersOf(table, "x"))).toBe(expected["x"]?.numbers);
  });
});
