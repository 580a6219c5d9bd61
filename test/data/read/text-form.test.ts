import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readDelimited, type NameHints } from "../../../src/data/read/csv.js";
import { inferDelimited } from "../../../src/data/read/infer-source.js";
import type { ReadOptions } from "../../../src/data/read/options.js";
import { validateTable } from "../../../src/data/quality/validate.js";
import { hashTable } from "../../../src/data/table/hash-table.js";
import { recordOf } from "../../../src/data/table/record-of.js";
import type { Table } from "../../../src/data/table/table.js";
import { chunked, contractWith, encode, numberColumn, textColumn } from "./csv-writer.js";
import { budget } from "../../helpers/budget.js";

const contract = contractWith([textColumn("id", { role: "id" }), numberColumn("spend"), textColumn("plan")]);
const rows = Array.from({ length: 30 }, (_, i) => [String(1000 + i), `${i}.5`, i % 2 === 0 ? "a" : "b"]);
const names = ["id", "spend", "plan"];
const lines = (table: readonly (readonly string[])[], separator = ","): string =>
  table.map((cells) => `${cells.join(separator)}\n`).join("");
const plain = lines([names, ...rows]);

const read = (text: string, options: ReadOptions = {}, hints: NameHints = { expected: "," }): Promise<Table> =>
  readDelimited(contract, chunked(encode(text), [7]), { source: "f.csv", ...options }, hints);

const quoted = (text: string): string => `"${text}"`;
const forms: readonly {
  readonly what: string;
  readonly text: string;
  readonly note: RegExp;
  readonly hints?: NameHints;
}[] = [
  { what: "a line sep=;", text: `sep=;\r\n${lines([names, ...rows], ";")}`, note: /sep=;/ },
  { what: "a quoted line sep=,", text: `"sep=,"\n${plain}`, note: /sep=,/ },
  { what: "a title and a blank line", text: `Customers of May\n\n${plain}`, note: /header is on line 3/ },
  { what: "a title with the delimiter in it", text: `Customers, May\n${plain}`, note: /header is on line 2/ },
  { what: "a title as spreadsheets write it", text: `Customers of May,,\n,,\n${plain}`, note: /header is on line 3/ },
  { what: "comment lines", text: `# made by hand\n# on Monday\n${plain}`, note: /header is on line 3/ },
  {
    what: "sep=; above a title",
    text: `sep=;\nCustomers\n${lines([names, ...rows], ";")}`,
    note: /header is on line 3/,
  },
  {
    what: "R's row names",
    text: lines([names.map(quoted), ...rows.map((row, i) => [quoted(String(i + 1)), ...row])]),
    note: /row names/,
  },
  {
    what: "R's row names of a subset, by tabs",
    text: lines([names, ...rows.map((row, i) => [String(7 * i), ...row])], "\t"),
    note: /row names/,
    hints: {},
  },
  {
    what: "pandas' index column",
    text: lines([["", ...names], ...rows.map((row, i) => [String(i), ...row])]),
    note: /first column has no name/,
  },
  {
    what: "an index of texts",
    text: lines([['""', ...names], ...rows.map((row, i) => [`row ${i}`, ...row])]),
    note: /first column has no name/,
  },
  {
    what: "trailing commas",
    text: lines([[...names, ""], ...rows.map((row) => [...row, ""])]),
    note: /ends with an empty cell/,
  },
  {
    what: "two trailing commas",
    text: lines([[...names, "", ""], ...rows.map((row) => [...row, "", ""])]),
    note: /ends with 2 empty cells/,
  },
  {
    what: "trailing commas in the rows alone",
    text: lines([names, ...rows.map((row) => [...row, ""])]),
    note: /Every row ends with a delimiter/,
  },
  {
    what: "an index column and trailing commas",
    text: lines([["", ...names, ""], ...rows.map((row, i) => [String(i), ...row, ""])]),
    note: /first column has no name/,
  },
];

describe("the form of a file", () => {
  it.each(forms)("with $what is read as the plain file is, and said", async ({ text, note, hints }) => {
    const table = await read(text, {}, hints);
    expect(await hashTable(table)).toBe(await hashTable(await read(plain)));
    expect(table.extraColumns).toEqual([]);
    expect(table.form?.join(" ")).toMatch(note);
    expect(
      validateTable(table)
        .findings.filter(({ rule }) => rule === "form")
        .map(({ message }) => message),
    ).toEqual(table.form);
    const inferred = await inferDelimited(encode(text), {}, hints ?? { expected: "," });
    expect(inferred.contract.columns.map(({ name }) => name)).toEqual(names);
    expect(
      inferred.findings
        .filter(({ rule }) => rule === "form")
        .map(({ message }) => message)
        .join(" "),
    ).toMatch(note);
  });

  it("is told from one row alone, as in a file to score", async () => {
    for (const text of [
      `sep=;\nid;spend;plan\n1;2;a\n`,
      `,id,spend,plan\n0,1,2,a\n`,
      `id,spend,plan,\n1,2,a,\n`,
      `"id","spend","plan"\n"17",1,2,a\n`,
    ]) {
      expect({ ...recordOf(await read(text), 0) }).toEqual({ id: "1", spend: 2, plan: "a" });
    }
  });

  it("of a plain file is nothing to speak of", async () => {
    expect((await read(plain)).form).toEqual([]);
    expect((await read("id,spend,plan\n1,2,\n3,4,\n")).form).toEqual([]);
    expect(
      (await readDelimited(contractWith([textColumn("#id"), textColumn("b")]), encode("#id,b\n1,2\n"))).form,
    ).toEqual([]);
  });

  const refused: readonly { readonly what: string; readonly text: string; readonly message: RegExp }[] = [
    {
      what: "rows one cell too long where that may be a decimal comma",
      text: lines([names, ...rows.map(([id = "", , plan = ""], i) => [id, String(i), "5", plan])]),
      message: /line 1 should be the header and has 3 cells, but every row has one more: .*row names.*quote it/,
    },
    {
      what: "a title above rows of text that may be a header too",
      text: "Customers\nx,y,z\nu,v,w\n",
      message: /has 1 cell, but every row has 3: .*title or comment/,
    },
    {
      what: "an unnamed column that holds repeated texts",
      text: lines([["", ...names], ...rows.map((row, i) => [i < 9 ? "x" : "y", ...row])]),
      message: /column 1: a column name must not be empty/,
    },
    {
      what: "JSON under another name",
      text: '[{"id": "1"}]',
      message: /this is JSON; give the file a name that ends in .json/,
    },
  ];
  it.each(refused)("is refused for $what", async ({ text, message }) => {
    await expect(read(text, { ragged: "reject-row" })).rejects.toThrow(message);
  });

  it("sets aside a row that fills a column left out as empty", async () => {
    const many = Array.from({ length: 300 }, (_, i) => `${i},1,a,\n`).join("");
    const table = await read(`id,spend,plan,\n${many}1,2,3,lost\n`, { ragged: "reject-row" });
    expect(table.rows).toBe(300);
    expect(table.rejected[0]).toMatchObject({
      row: 300,
      issues: [{ message: expect.stringMatching(/cell on line 302 is filled, but the header has no name/) as string }],
    });
  });

  it("keeps the file's line numbers in messages", async () => {
    await expect(read(`Customers of May\n\n${plain}1,2\n`)).rejects.toThrow(/row 30 \(line 34\)/);
  });

  it("knows a column by either spelling of an accent", async () => {
    const name = "année é";
    await fc.assert(
      fc.asyncProperty(fc.constantFrom("NFC", "NFD"), fc.constantFrom("NFC", "NFD"), async (declared, written) => {
        const table = await readDelimited(
          contractWith([numberColumn(name.normalize(declared)), textColumn("e")]),
          encode(`e,${name.normalize(written)}\nx,5\n`),
        );
        expect({ ...recordOf(table, 0) }).toEqual({ e: "x", [name.normalize(declared)]: 5 });
        expect(table.extraColumns).toEqual([]);
      }),
      { numRuns: budget(10) },
    );
  });
});
