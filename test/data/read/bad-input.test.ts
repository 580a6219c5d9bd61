import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ChurnkitError, type ErrorCode } from "../../../src/base/errors.js";
import type { ByteSource } from "../../../src/data/read/bytes.js";
import { readDelimited, type NameHints } from "../../../src/data/read/csv.js";
import type { ReadOptions } from "../../../src/data/read/options.js";
import { categoryColumn, chunked, contractWith, encode, numberColumn, textColumn } from "./csv-writer.js";

const contract = contractWith(
  [
    textColumn("id", { role: "id" }),
    numberColumn("tenure", { integer: true, min: 0, nullable: false }),
    categoryColumn("plan", ["a", "b"]),
    categoryColumn("Churn", ["No", "Yes"], { role: "target", nullable: false }),
  ],
  { target: { column: "Churn", classes: ["No", "Yes"], positive: "Yes" } },
);
const header = "id,tenure,plan,Churn\n";

async function failure(
  bytes: ByteSource | string,
  options: ReadOptions = {},
  hints: NameHints = {},
): Promise<ChurnkitError> {
  const input = typeof bytes === "string" ? encode(bytes) : bytes;
  const error: unknown = await readDelimited(contract, input, { source: "file.csv", ...options }, hints).then(
    () => new Error("was read"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ChurnkitError)) throw error;
  return error;
}

interface Case {
  readonly what: string;
  readonly input: ByteSource | string;
  readonly code: ErrorCode;
  readonly message: RegExp | string;
  readonly options?: ReadOptions;
  readonly hints?: NameHints;
}

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

const cases: readonly Case[] = [
  { what: "an empty file", input: "", code: "INPUT_EMPTY", message: "file.csv: the input is empty" },
  { what: "blank lines only", input: "\n \r\n\n", code: "INPUT_EMPTY", message: "the input is empty" },
  { what: "a byte order mark only", input: "\ufeff", code: "INPUT_EMPTY", message: "the input is empty" },
  { what: "a header only", input: header, code: "INPUT_EMPTY", message: "there is a header but no data row" },
  {
    what: "a short row",
    input: `${header}1,2,a,Yes\n\n2,3\n`,
    code: "INPUT_MALFORMED",
    message: "file.csv: row 1 (line 4): 2 cells on line 4, where the header has 4",
  },
  {
    what: "a long row",
    input: `${header}1,1,234,a,Yes\n`,
    code: "INPUT_MALFORMED",
    message: "row 0 (line 2): 5 cells on line 2, where the header has 4; quote the cell",
  },
  {
    what: "a repeated column",
    input: "id,tenure,tenure,Churn\n1,2,2,Yes\n",
    code: "INPUT_COLUMNS",
    message: 'file.csv: the header, column 3: the name "tenure" is also the name of column 2',
  },
  {
    what: "a column without a name",
    input: "id,tenure,,plan,Churn\n1,2,3,a,Yes\n",
    code: "INPUT_COLUMNS",
    message: "the header, column 3: a column name must not be empty",
  },
  {
    what: "a column named __proto__",
    input: "id,tenure,plan,Churn,__proto__\n1,2,a,Yes,1\n",
    code: "INPUT_COLUMNS",
    message: 'column 5: a column must not be called "__proto__"',
  },
  {
    what: "columns that are missing",
    input: "id,plan\n1,a\n",
    code: "INPUT_COLUMNS",
    message: 'the columns "tenure", "Churn" are missing; the header has "id", "plan"',
  },
  {
    what: "semicolons in a .csv",
    input: "id;tenure;plan;Churn\n1;2;a;Yes\n",
    code: "INPUT_MALFORMED",
    hints: { expected: "," },
    message: /semicolon \(";"\).*not by a comma.*delimiter: ";"/,
  },
  {
    what: "tabs in a .csv",
    input: "id\ttenure\tplan\tChurn\n1\t2\ta\tYes\n",
    code: "INPUT_MALFORMED",
    hints: { expected: "," },
    message: "is separated by a tab",
  },
  {
    what: "invalid UTF-8",
    input: latin1(`${header}1,2,a,Yes\n2,3,caf\xe9,No\n`),
    code: "INPUT_NOT_TEXT",
    message: 'file.csv: row 1 (line 3), column "plan": the byte 0xe9 is not valid UTF-8',
  },
  {
    what: "invalid UTF-8 in a column that is not read",
    input: latin1("id,tenure,plan,Churn,x\n1,2,a,Yes,\xff\n"),
    code: "INPUT_NOT_TEXT",
    message: 'row 0 (line 2), column "x"',
  },
  {
    what: "invalid UTF-8 in the header",
    input: latin1("id,ten\xfcre,plan,Churn\n1,2,a,Yes\n"),
    code: "INPUT_NOT_TEXT",
    message: "the header (line 1): the byte 0xfc",
  },
  {
    what: "a quote never closed",
    input: `${header}0,1,a,No\n1,2,"never closed,Yes\n${"2,3,a,No\n".repeat(500)}`,
    code: "INPUT_MALFORMED",
    message: 'file.csv: row 1 (line 3), column "plan": the quote opened on line 3 is never closed',
  },
  {
    what: "a quote never closed before the cell's limit",
    input: `${header}0,1,a,No\n1,2,"never closed,Yes\n${"2,3,a,No\n".repeat(500)}`,
    options: { limits: { cellBytes: 1000 } },
    code: "INPUT_TOO_LARGE",
    message: "the quote on line 3 may be unclosed",
  },
  {
    what: "text behind a closing quote",
    input: `${header}1,2,"a" b,Yes\n`,
    code: "INPUT_MALFORMED",
    message: 'text follows the closing quote of the cell of column "plan" that was opened on line 2',
  },
  {
    what: "a NUL byte in the first bytes",
    input: `${header}1,2,\0,Yes\n`,
    code: "INPUT_NOT_TEXT",
    message: "the file holds NUL bytes",
  },
  {
    what: "a NUL byte later on",
    input: `${header}${"1,2,a,Yes\n".repeat(10_000)}1,2,\0,Yes\n`,
    code: "INPUT_NOT_TEXT",
    message: 'row 10000 (line 10002), column "plan": a NUL byte',
  },
  {
    what: "random bytes",
    input: Uint8Array.from({ length: 200_000 }, (_, i) => Math.imul(i + 7, 2654435761) >>> 13),
    code: "INPUT_NOT_TEXT",
    message: "NUL bytes",
  },
  {
    what: "Parquet",
    input: Uint8Array.from([...encode("PAR1"), 21, 4, 21, 200, 1, 255]),
    code: "INPUT_UNSUPPORTED",
    message: "a Parquet file; give it a name that ends in .parquet",
  },
  {
    what: "an Excel workbook",
    input: Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0, 6, 0),
    code: "INPUT_UNSUPPORTED",
    message: "an Excel workbook; save the sheet as CSV",
  },
  {
    what: "UTF-16 cut inside a character",
    input: Uint8Array.of(0xff, 0xfe, 105, 0, 100),
    code: "INPUT_NOT_TEXT",
    message:
      "the byte order mark says UTF-16, but the file has invalid bytes or ends inside a character; save it as UTF-8",
  },
  {
    what: "UTF-16 without a byte order mark",
    input: Uint8Array.of(105, 0, 100, 0),
    code: "INPUT_NOT_TEXT",
    message: "UTF-16 without a byte order mark; save it as UTF-8",
  },
  { what: "UTF-32", input: Uint8Array.of(0xff, 0xfe, 0, 0, 105, 0, 0, 0), code: "INPUT_NOT_TEXT", message: "UTF-32" },
  {
    what: "damaged gzip",
    input: gzipSync(`${header}${"1,2,a,Yes\n".repeat(1000)}`).subarray(0, 60),
    code: "INPUT_MALFORMED",
    message: "the gzip data are damaged or cut off",
  },
  {
    what: "a gzip bomb",
    input: gzipSync(header + "1,2,a,Yes\n".repeat(200_000)),
    options: { limits: { totalBytes: 1_000_000 } },
    code: "INPUT_TOO_LARGE",
    message: "more than 1000000 bytes of text",
  },
  {
    what: "a cell over its limit",
    input: `${header}1,2,${"a".repeat(2000)},Yes\n`,
    options: { limits: { cellBytes: 1000 } },
    code: "INPUT_TOO_LARGE",
    message: 'row 0 (line 2), column "plan": a cell is longer than 1000 bytes',
  },
  {
    what: "a line over its limit",
    input: `${header}${"1,".repeat(2000)}\n`,
    options: { limits: { lineBytes: 1000 } },
    code: "INPUT_TOO_LARGE",
    message: "row 0 (line 2): a line is longer than 1000 bytes",
  },
  {
    what: "too many columns",
    input: `${Array.from({ length: 20 }, (_, i) => `c${i}`).join(",")}\n`,
    options: { limits: { columns: 10 } },
    code: "INPUT_COLUMNS",
    message: "the header has 20 columns; the limit is 10",
  },
  {
    what: "a delimiter that cannot be one",
    input: header,
    options: { delimiter: ";;" },
    code: "OPTION_INVALID",
    message: 'The delimiter ";;" cannot separate cells',
  },
  {
    what: "a limit that is none",
    input: header,
    options: { limits: { lineBytes: 0 } },
    code: "OPTION_INVALID",
    message: "The limit lineBytes is 0",
  },
  {
    what: "an unknown choice",
    input: header,
    options: { ragged: "skip" as "error" },
    code: "OPTION_INVALID",
    message: 'The option ragged is "skip"; it must be one of error, reject-row',
  },
];

describe("input that cannot be used", () => {
  it.each(cases)("$what: $code", async ({ input, code, message, options, hints }) => {
    const error = await failure(input, options, hints);
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
    if (code !== "OPTION_INVALID") expect(error.where.file).toBe("file.csv");
  });

  it.each(cases)("$what: the same in chunks of 3 bytes", async ({ input, code, message, options, hints }) => {
    const bytes = typeof input === "string" ? encode(input) : (input as Uint8Array);
    const error = await failure(chunked(bytes, [bytes.length > 50_000 ? 5000 : 3]), options, hints);
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
  });

  it("refuses a line of 100 MB by its limit, without holding it", async () => {
    const block = encode("x".repeat(1_000_000));
    let blocks = 0;
    function* endless(): Generator<Uint8Array> {
      yield encode(header);
      for (; blocks < 100; blocks++) yield block;
    }
    const error = await failure(endless());
    expect(error.code).toBe("INPUT_TOO_LARGE");
    expect(error.message).toMatch("a cell is longer than 1 MiB");
    expect(blocks).toBeLessThan(4);
    blocks = 0;
    const cells = encode("1,".repeat(500_000));
    function* endlessCells(): Generator<Uint8Array> {
      yield encode(header);
      for (; blocks < 100; blocks++) yield cells;
    }
    expect((await failure(endlessCells())).message).toMatch("row 0 (line 2): a line is longer than 16 MiB");
    expect(blocks).toBeLessThan(19);
  });
});

describe("rows that break the contract", () => {
  it("are set aside with all their issues, in order, and the others keep their row numbers", async () => {
    const lines = [
      "1,5,a,Yes",
      "2,1.5,c,No",
      "3,,b,",
      '4,"1,234",b,No',
      "5,12abc,b,No",
      "6,-1,b,No",
      "7,1e999,b,No",
      "8,7,,No",
    ];
    const table = await readDelimited(contract, encode(header + lines.join("\n")));
    expect([...table.rowNumbers]).toEqual([0, 7]);
    expect(table.rejected.map(({ row }) => row)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(table.rejected.map(({ issues }) => issues.map(({ column, rule }) => `${column} ${rule}`))).toEqual([
      ["tenure integer", "plan level"],
      ["tenure missing", "Churn missing"],
      ["tenure number"],
      ["tenure number"],
      ["tenure range"],
      ["tenure number"],
    ]);
    expect(table.rejected[2]?.issues[0]?.message).toMatch('Column "tenure": "1,234"');
    expect(table.columns.get("plan")).toMatchObject({ levels: ["a", "b"] });
  });

  it("are set aside for their form too, where asked for, and nothing shifts", async () => {
    const lines = ["1,5,a,Yes", "2,1,a", "3,1,a,No,x", '4,"1"x,a,No', "5,6,b,No"];
    const table = await readDelimited(contract, encode(header + lines.join("\n")), { ragged: "reject-row" });
    expect([...table.rowNumbers]).toEqual([0, 4]);
    expect(table.columns.get("tenure")).toEqual({ storage: "numeric", values: Float64Array.of(5, 6) });
    expect(table.rejected.map(({ row, issues }) => [row, issues[0]?.rule])).toEqual([
      [1, "ragged"],
      [2, "ragged"],
      [3, "ragged"],
    ]);
    expect(table.rejected[0]?.issues[0]?.message).toMatch("3 cells on line 3, where the header has 4");
  });

  it("may be all there is", async () => {
    const table = await readDelimited(contract, encode(`${header}1,x,a,Yes\n`));
    expect([table.rows, table.rejected.length]).toEqual([0, 1]);
  });

  it("leave no label of theirs behind", async () => {
    const open = contractWith([numberColumn("n"), categoryColumn("c", ["x"], { open: true })]);
    const table = await readDelimited(open, encode("n,c\n1,new\nbad,gone\n2,other\n3,new\n"));
    expect(table.columns.get("c")).toEqual({
      storage: "coded",
      codes: Int32Array.of(1, 2, 1),
      levels: ["x", "new", "other"],
    });
  });
});
