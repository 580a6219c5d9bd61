import { existsSync, linkSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { newFolder } from "../helpers/folder.js";
import { cliHere as cli, errorLine, header, json, put, quick, rows, startCli, type Ended } from "./cli.js";

const folder = newFolder();
const train = (file: string, ...more: string[]): Promise<Ended> =>
  cli(folder, "train", file, ...quick, "--out", "bad", "--json", ...more);

/** Bytes that look random, but are the same in each run. */
const noise = (length: number, from: number, range: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => from + ((Math.imul(i + 1, 0x9e3779b1) >>> 11) % range));
const text = (...lines: string[]): Uint8Array => new TextEncoder().encode(`${lines.join("\n")}\n`);
const joined = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));
const changed = (row: number, line: string): string[] => [header, ...rows(row), line, ...rows(100 - row, row + 1)];

/** Files that cannot be used at all: what the one line must say beside the file's name. */
const unusable: { name: string; content: readonly string[] | Uint8Array; says: RegExp }[] = [
  { name: "empty.csv", content: new Uint8Array(0), says: /the input is empty.*INPUT_EMPTY/ },
  { name: "blank.csv", content: ["", "", ""], says: /the input is empty.*INPUT_EMPTY/ },
  { name: "header-only.csv", content: [header], says: /a header.*no data row.*INPUT_EMPTY/ },
  {
    name: "repeated.csv",
    content: ["id,tenure,tenure,Churn", ...rows(100)],
    says: /column 3: the name "tenure" is also the name of column 2/,
  },
  {
    name: "unnamed.csv",
    content: ["id,tenure,,Churn", ...rows(100)],
    says: /column 3: a column name must not be empty/,
  },
  {
    name: "proto.csv",
    content: ["id,__proto__,plan,Churn", ...rows(100)],
    says: /column 2: a column must not be called "__proto__"/,
  },
  {
    name: "semicolon.csv",
    content: [header, ...rows(100)].map((line) => line.replaceAll(",", ";")),
    says: /separated by a semicolon.*delimiter/,
  },
  {
    name: "latin1.csv",
    content: joined(
      text(header, ...rows(10)),
      text("10,3,caf\u0001,Yes").map((byte) => (byte === 1 ? 0xe9 : byte)),
    ),
    says: /row 10 \(line 12\), column "plan": the byte 0xe9 is not valid UTF-8/,
  },
  {
    name: "quote.csv",
    content: changed(20, '20,3,"never,Yes'),
    says: /row 20 \(line 22\), column "plan": the quote opened on line 22 is never closed/,
  },
  { name: "binary.csv", content: noise(200_000, 0, 256), says: /INPUT_NOT_TEXT/ },
  { name: "high.csv", content: noise(50_000, 128, 128), says: /not valid UTF-8.*INPUT_NOT_TEXT/ },
  {
    name: "sheet.csv",
    content: joined(Uint8Array.of(0x50, 0x4b, 3, 4), noise(2000, 0, 256)),
    says: /Excel workbook.*INPUT_UNSUPPORTED/,
  },
  {
    name: "damaged.csv.gz",
    content: joined(Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3), noise(500, 0, 256)),
    says: /gzip data are damaged/,
  },
];

/** Files that can be scored, but not trained on. */
const untrainable: { name: string; content: readonly string[]; says: RegExp }[] = [
  { name: "one-row.csv", content: [header, ...rows(1)], says: /"Churn" holds one class only/ },
  {
    name: "one-class.csv",
    content: [header, ...rows(100).map((row) => row.replace(/Yes$/, "No"))],
    says: /"Churn" holds one class only \("No"\)/,
  },
  {
    name: "three-classes.csv",
    content: changed(7, "7,3,a,Maybe"),
    says: /"Churn" holds 3 classes \("Maybe", "No", "Yes"\)/,
  },
  {
    name: "no-positive.csv",
    content: [header, ...rows(100).map((row) => row.replace(/Yes$/, "Yess"))],
    says: /"Churn" never holds "Yes".*Did you mean "Yess"/,
  },
  {
    name: "no-target.csv",
    content: [header.replace("Churn", "Left"), ...rows(100)],
    says: /it has no target column "Churn"/,
  },
  {
    name: "no-feature.csv",
    content: ["id,same,Churn", ...rows(100).map((row) => row.replace(/,.*,/, ",7,"))],
    says: /no features are left/,
  },
  {
    name: "few.csv",
    content: [header, "0,1,a,Yes", "1,2,b,No", "2,3,a,Yes", "3,4,b,No"],
    says: /only 2 rows of 4 hold "No" in "Churn".*5 folds.*TOO_FEW_ROWS/,
  },
];

beforeAll(async () => {
  put(folder, "customers.csv", [header, ...rows(200)]);
  for (const { name, content } of [...unusable, ...untrainable]) put(folder, name, content);
  expect((await cli(folder, "train", "customers.csv", ...quick, "--out", "model", "--json")).code).toBe(0);
});

// Whatever went wrong, no file was left behind, not even a hidden one.
let before: string[] = [];
beforeAll(() => (before = readdirSync(folder)));
afterEach(() => expect(readdirSync(folder).filter((name) => !before.includes(name))).toEqual([]));

describe("train refuses", () => {
  it.each([...unusable, ...untrainable])("$name", async ({ name, says }) => {
    const ended = await train(name);
    const line = errorLine(ended);
    expect(line).toMatch(says);
    expect(line).toContain(name);
    expect(ended.code).toBe(2);
  });

  it("a file that is not there, and a folder", async () => {
    const gone = await train("gone.csv");
    expect([gone.code, errorLine(gone)]).toEqual([2, expect.stringMatching(/gone\.csv: the file does not exist/)]);
    const place = await train("model");
    expect([place.code, errorLine(place)]).toEqual([2, expect.stringMatching(/model: this is a folder/)]);
  });
});

describe("predict, evaluate and drift refuse what cannot be read", () => {
  it.each(unusable)("$name", async ({ name }) => {
    const runs = [
      ["predict", "model", name, "--out", "scores.csv"],
      ["evaluate", "model", name],
      ["drift", "customers.csv", name],
    ];
    for (const args of runs) {
      const ended = await cli(folder, ...args);
      expect(errorLine(ended)).toContain(name);
      expect(ended.code).toBe(2);
    }
  });

  it("no target to evaluate on", async () => {
    const ended = await cli(folder, "evaluate", "model", "no-target.csv");
    expect([ended.code, errorLine(ended)]).toEqual([
      2,
      expect.stringMatching(/no-target\.csv: the column "Churn" is missing/),
    ]);
  });

  it("says which metrics rows of one class cannot have", async () => {
    const ended = await cli(folder, "evaluate", "model", "one-class.csv");
    expect([ended.code, ended.out]).toEqual([
      0,
      expect.stringMatching(/^none of \d+ rows is positive, so there is no AUC/),
    ]);
  });
});

describe("train goes on, and says so", () => {
  const kept = async (name: string, content: readonly string[], note: RegExp, rejected: number): Promise<void> => {
    const own = newFolder();
    put(own, name, content);
    const ended = await cli(own, "train", name, ...quick, "--out", "m", "--json");
    expect([ended.code, ended.err]).toEqual([0, expect.stringMatching(note)]);
    expect(json(ended)).toMatchObject({ rejected });
  };

  it("without rows whose labels are missing, naming file, row and column", async () => {
    await kept(
      "unlabeled.csv",
      changed(5, "5,12,a,"),
      /unlabeled\.csv: 1 of 101 rows set aside, such as row 5: Column "Churn"/,
      1,
    );
  });

  it("with cells that are no number as missing ones, naming column and value", async () => {
    await kept(
      "unit.csv",
      changed(5, "5,12abc,a,Yes"),
      /warning: Column "tenure": one of its cells cannot be read as a number, such as "12abc": read as missing/,
      0,
    );
    await kept(
      "thousands.csv",
      changed(5, '5,"1,234",a,Yes'),
      /warning: Column "tenure": "1,234" has either a decimal mark/,
      0,
    );
  });

  it("without rows of the wrong form", async () => {
    await kept(
      "short.csv",
      changed(50, "50,3,a"),
      /short\.csv: 1 of 101 rows set aside, such as row 50: 3 cells on line 52/,
      1,
    );
    await kept(
      "long.csv",
      changed(50, "50,3,a,Yes,9"),
      /long\.csv: 1 of 101 rows set aside, such as row 50: 5 cells on line 52/,
      1,
    );
    const lines = rows(100)
      .map((row) => row.split(","))
      .map(([id, tenure, plan, churn]) => JSON.stringify({ id, tenure: Number(tenure), plan, Churn: churn }));
    await kept(
      "broken.jsonl",
      [...lines, '{"id":2,'],
      /broken\.jsonl: 1 of 101 rows set aside, such as row 100: the line is not valid JSON/,
      1,
    );
  });

  it("with a column whose numbers all have separators, and says how they are read", async () => {
    const lines = [header, ...rows(100).map((row, i) => row.replace(/,\d+,/, `,"1,${100 + (i % 40)}",`))];
    await kept(
      "grouped.csv",
      lines,
      /warning: Column "tenure": "1,100" has either a decimal mark or a thousands separator; it is read as a mark between thousands \(--decimal , reads/,
      0,
    );
  });

  it("without columns that are constant or all missing", async () => {
    const lines = [`${header},none,same`, ...rows(100).map((row) => `${row},,7`)];
    await kept("flat.csv", lines, /"none": every value is missing[^]*"same": it is "7" in every row/, 0);
  });

  it("with a warning for ids that come twice and for a target under another name", async () => {
    await kept("twice.csv", changed(17, "4,3,a,Yes"), /warning: One row has the id \(id\) of an earlier row/, 0);
    const leaking = [`${header},left`, ...rows(100).map((row) => `${row},${row.endsWith("Yes") ? "gone" : "here"}`)];
    await kept("leak.csv", leaking, /warning: Column "left": it alone nearly predicts "Churn" \(AUC 1\.0000\)/, 0);
    const number = [
      `${header},closed`,
      ...rows(100).map((row, i) => `${row},${(row.endsWith("Yes") ? 100 : 0) + i / 2}`),
    ];
    await kept("leak-number.csv", number, /warning: Column "closed": it alone nearly predicts "Churn"/, 0);
  });

  it("rejects a level that a contract declares unknown, and takes one that an inferred contract left open", async () => {
    const own = newFolder();
    put(own, "customers.csv", [header, ...rows(200)]);
    const { columns, ...rest } = json(
      await cli(
        own,
        "init",
        "customers.csv",
        "--target",
        "Churn",
        "--positive",
        "Yes",
        "--id",
        "id",
        "--out",
        "open.json",
        "--json",
      ),
    ) as { columns: { name: string }[] };
    put(own, "closed.json", [
      JSON.stringify({
        ...rest,
        columns: columns.map((column) => (column.name === "plan" ? { ...column, open: false } : column)),
      }),
    ]);
    put(own, "new-level.csv", changed(5, "5,3,zz,Yes"));
    const train = (contract: string): Promise<Ended> =>
      cli(own, "train", "new-level.csv", ...quick, "--contract", contract, "--out", "m", "--json");
    const closed = await train("closed.json");
    expect([closed.code, closed.err]).toEqual([
      0,
      expect.stringMatching(
        /new-level\.csv: 1 of 101 rows set aside, such as row 5: Column "plan": "zz" is not a level; allowed are "a", "b", "c"/,
      ),
    ]);
    expect(json(await train("open.json"))).toMatchObject({ rejected: 0 });
  });
});

describe("a contract that cannot be used", () => {
  it.each([
    { content: "{", says: /contract\.json is not JSON that can be used/ },
    {
      content: '{"format":1,"name":"x","origin":"inferred","columns":[{"name":"a","kind":"zz"}]}',
      says: /contract\.json: .*columns\[0\]\.kind must be one of/,
    },
    { content: '{"__proto__":1}', says: /contract\.json is not JSON that can be used: .*__proto__/ },
  ])("$content", async ({ content, says }) => {
    const own = newFolder();
    put(own, "customers.csv", [header, ...rows(20)]);
    put(own, "contract.json", [content]);
    const ended = await cli(own, "validate", "customers.csv", "--contract", "contract.json");
    expect([ended.code, errorLine(ended)]).toEqual([2, expect.stringMatching(says)]);
  });
});

describe("rows named in a file", () => {
  it.each([
    { why: "bad JSON", content: "[1,2", says: /rows\.json must hold a JSON array/ },
    { why: "no array", content: '{"rows":[1]}', says: /rows\.json must hold a JSON array.*something else/ },
    { why: "no row", content: "[]", says: /rows\.json must hold.*lists none/ },
    { why: "a fraction", content: "[1.5]", says: /1\.5 is not a row number/ },
    { why: "a negative number", content: "[-1]", says: /-1 is not a row number/ },
    { why: "a row outside", content: "[1,99999]", says: /customers\.csv: there is no data row 99999/ },
  ])("$why", async ({ content, says }) => {
    const own = newFolder();
    put(own, "customers.csv", [header, ...rows(200)]);
    put(own, "rows.json", [content]);
    const trained = await cli(own, "train", "customers.csv", ...quick, "--out", "m", "--test-rows", "rows.json");
    const evaluated = await cli(folder, "evaluate", "model", "customers.csv", "--rows", join(own, "rows.json"));
    expect(errorLine(trained)).toMatch(says);
    errorLine(evaluated);
    expect([trained.code, evaluated.code, existsSync(join(own, "m"))]).toEqual([2, 2, false]);
  });

  it("every row, so that none is left to train on", async () => {
    const own = newFolder();
    put(own, "customers.csv", [header, ...rows(100)]);
    put(own, "rows.json", [JSON.stringify([...Array(100).keys()])]);
    const ended = await cli(own, "train", "customers.csv", ...quick, "--out", "m", "--test-rows", "rows.json");
    expect([ended.code, errorLine(ended)]).toEqual([2, expect.stringMatching(/training rows by rows\.json/)]);
  });
});

describe("a line of 100 MB", () => {
  const own = newFolder();
  beforeAll(() => {
    // The highest memory of resourceUsage() counts that of the parent from before the child began its program.
    put(own, "memory.mjs", [
      "import { existsSync, readFileSync } from 'node:fs';",
      "const status = '/proc/self/status';",
      "const peak = () => /VmHWM:\\s*(\\d+)/.exec(readFileSync(status, 'latin1'))[1];",
      "const kilobytes = () => (existsSync(status) ? peak() : process.resourceUsage().maxRSS);",
      "process.on('exit', () => process.stderr.write(`MAXRSS ${kilobytes()}\\n`));",
    ]);
    const bytes = Buffer.alloc(100_000_000, "x");
    writeFileSync(join(own, "one.csv"), bytes);
    linkSync(join(own, "one.csv"), join(own, "one.jsonl"));
    bytes.fill("1,");
    bytes.write(`${header}\n`);
    writeFileSync(join(own, "cells.csv"), bytes);
    bytes.write(`${header}\n1,"`);
    writeFileSync(join(own, "quoted.csv"), bytes);
  });

  it.each(["one.csv", "one.jsonl", "cells.csv", "quoted.csv"])(
    "%s is refused in little memory and time",
    async (name) => {
      const started = performance.now();
      const { code, out, err } = await startCli(["train", name, ...quick, "--out", "m"], own, [
        "--import",
        "./memory.mjs",
      ]).ended;
      const [, kilobytes = "NaN"] = /MAXRSS (\d+)/.exec(err) ?? [];
      expect(errorLine({ code, out, err: err.replace(/MAXRSS.*\n/, "") })).toMatch(
        /INPUT_TOO_LARGE|INPUT_MALFORMED|INPUT_COLUMNS/,
      );
      expect(code).toBe(2);
      expect(Number(kilobytes)).toBeLessThan(250_000);
      expect(performance.now() - started).toBeLessThan(10_000);
    },
  );
});
