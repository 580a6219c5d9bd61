import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChurnkitError } from "../../../src/base/errors.js";
import { uniform } from "../../../src/base/random.js";
import { cellReader, isIssue } from "../../../src/data/contract/cells.js";
import type { Column } from "../../../src/data/contract/contract.js";
import {
  contractInference,
  inferContract,
  type InferenceOptions,
  type InferredContract,
} from "../../../src/data/contract/infer.js";
import { distinctCounter } from "../../../src/data/contract/infer/distinct.js";
import { parseContract } from "../../../src/data/contract/parse-contract.js";
import { hasShared, sharedPath } from "../../helpers/shared.js";

/** Infers one column, with a second one beside it so that rows are never alone. */
function infer(cells: readonly string[], name = "x"): InferredContract & { column: Column; rules: string[] } {
  const found = inferContract(
    [name],
    cells.map((cell) => [cell]),
  );
  const [column] = found.contract.columns;
  if (column === undefined) throw new Error("no column");
  return { ...found, column, rules: found.findings.map(({ rule }) => rule) };
}

const repeat = (cells: readonly string[], times: number): string[] => Array.from({ length: times }, () => cells).flat();
const count = (n: number, cell: (i: number) => string): string[] => Array.from({ length: n }, (_, i) => cell(i));

function refusal(names: string[], rows: string[][], options: InferenceOptions = {}): ChurnkitError {
  try {
    inferContract(names, rows, options);
  } catch (error) {
    if (ChurnkitError.isInstance(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("kinds", () => {
  it.each<[string, string[], Partial<Column>]>([
    [
      "whole numbers",
      ["3", "-1", "12"],
      { kind: "number", integer: false, observed: { min: -1, max: 12 }, nullable: false, role: "feature" },
    ],
    ["numbers", ["3.5", "1", "1e3"], { kind: "number", integer: false, observed: { min: 1, max: 1000 } }],
    ["0 and 1", ["0", "1", "1"], { kind: "number", integer: false }],
    ["yes and no", ["Yes", "No", "Yes"], { kind: "category", levels: ["No", "Yes"], open: true }],
    ["true and false", ["True", "false", "TRUE"], { kind: "boolean" }],
    [
      "days",
      ["2024-01-31", "2023-02-01"],
      { kind: "date", precision: "date", observed: { min: Date.UTC(2023, 1, 1), max: Date.UTC(2024, 0, 31) } },
    ],
    ["instants", ["2024-01-31T10:00:00Z", "2023-02-01"], { kind: "date", precision: "datetime" }],
    ["impossible days", ["2024-02-30", "2023-02-29"], { kind: "category" }],
    ["leading zeros", ["01234", "90210", "12345"], { kind: "category", levels: ["01234", "12345", "90210"] }],
    ["very long digits", ["12345678901234567890", "12345678901234567891"], { kind: "category" }],
    ["labels in order", ["b", "a", "C"], { kind: "category", levels: ["C", "a", "b"] }],
    ["many labels", count(200, (i) => `city ${i % 60}`), { kind: "category", levels: [], open: true }],
    ["blanks around", [" 3", "4 "], { kind: "number" }],
  ])("%s", (_, cells, expected) => {
    expect(infer(cells).column).toMatchObject(expected);
  });

  it("stays the same beyond the distinct texts that are held", () => {
    const random = uniform(1);
    const { column } = infer(count(20_000, () => (random() * 1e6).toFixed(2)));
    expect(column).toMatchObject({ kind: "number", integer: false, role: "feature" });
    const labels = infer(count(20_000, (i) => `town ${i % 3000}`)).column;
    expect(labels).toMatchObject({ kind: "category", levels: [], role: "feature" });
  });
});

describe("missing values", () => {
  it("are the markers that occur", () => {
    const { column, findings } = infer(["3", "", "NA", "4", "?", "NA"]);
    expect(column).toMatchObject({ kind: "number", missing: ["NA", "?"] });
    expect(findings[0]).toMatchObject({ rule: "markers", count: 3, severity: "info" });
    expect(infer(["a", "b", "NULL"]).column).toMatchObject({ levels: ["a", "b"], missing: ["NULL"] });
  });

  it("are words such as Unknown where the rest are numbers or dates, and labels elsewhere", () => {
    expect(infer(repeat(["10", "Unknown", "20", "Unknown", "-"], 30)).column).toMatchObject({
      kind: "number",
      missing: ["Unknown", "-"],
    });
    expect(infer(["2024-01-01", "unknown", "2024-01-02"]).column).toMatchObject({ kind: "date", missing: ["unknown"] });
    expect(infer(["DSL", "Unknown", "None"]).column).toMatchObject({
      kind: "category",
      levels: ["DSL", "None", "Unknown"],
      missing: [],
    });
  });
});

describe("odd cells", () => {
  it("do not make a column of numbers a category, and are missing and named", () => {
    const { column, findings } = infer([...count(200, String), "12abc", "about 7"], "tenure");
    expect(column).toMatchObject({ kind: "number", missing: ["12abc", "about 7"] });
    expect(findings[0]).toMatchObject({ rule: "number", column: "tenure", count: 2, severity: "warning" });
    expect(findings[0]?.message).toContain('"12abc", "about 7"');
  });

  it("are labels where they keep coming back in a short list, which is said", () => {
    const { column, findings } = infer([...repeat(["1", "2", "3"], 60), "3+", "3+", "3+"]);
    expect(column.kind).toBe("category");
    expect(findings).toMatchObject([
      { rule: "format", severity: "warning", message: expect.stringContaining('"3+" recurs') as string },
    ]);
    expect(infer([...repeat(["1", "a"], 60)]).column.kind).toBe("category");
  });
});

describe("columns that are no features", () => {
  const texts = count(100, (i) => `this customer wrote a rather long complaint, number ${i}, about the service`);
  it.each<[string, string, string[], string]>([
    ["unique whole numbers with an id's name", "CustomerId", count(100, (i) => String((i * 7919) % 10_007)), "idLike"],
    ["row numbers", "n", count(100, (i) => String(i + 5)), "idLike"],
    ["unique codes", "code", count(100, (i) => `AB-${i * 31}`), "idLike"],
    ["names of people", "Surname", count(400, (i) => `name${i % 120}`), "idLike"],
    ["free text", "note", texts, "freeText"],
    ["one value", "country", count(100, () => "DE"), "constant"],
    ["no value", "gone", count(100, (i) => (i % 2 ? "" : "NA")), "allMissing"],
  ])("%s", (_, name, cells, rule) => {
    const { column, findings } = infer(cells, name);
    expect(column.role).toBe("ignored");
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ rule, column: name });
  });

  it.each<[string, string, string[]]>([
    ["unique whole numbers of another name", "salary", count(100, (i) => String((i * 7919) % 100_003))],
    ["unique real numbers", "accountId", count(100, (i) => String(i + 0.5))],
    ["few rows", "customerId", ["1", "2", "3"]],
    ["a value or nothing", "flag", count(100, (i) => (i % 2 ? "x" : ""))],
    ["unique dates", "joined", count(300, (i) => new Date(i * 86_400_000).toISOString().slice(0, 10))],
  ])("but not %s", (_, name, cells) => {
    expect(infer(cells, name).column.role).toBe("feature");
  });

  it("include the ids that the user names, whatever they hold", () => {
    const rows = count(30, String).map((n) => [n, `k${n}`, "x", n]);
    const { contract, findings } = inferContract(["a", "b", "c", "d"], rows, { id: ["a", "b", "c"] });
    expect(contract.columns.map(({ role, kind }) => `${role} ${kind}`)).toEqual([
      "id category",
      "id category",
      "id category",
      "feature number",
    ]);
    expect(findings).toEqual([]);
  });
});

describe("the target", () => {
  const rows = count(40, String).map((n, i) => [n, i % 3 ? "No" : "Yes"]);

  it("has two classes, the positive one last", () => {
    const { contract } = inferContract(["n", "Churn"], rows, { target: "Churn", positive: "Yes", name: "mine" });
    expect(contract.target).toEqual({ column: "Churn", classes: ["No", "Yes"], positive: "Yes" });
    expect(contract.columns[1]).toEqual({
      name: "Churn",
      role: "target",
      kind: "category",
      levels: ["No", "Yes"],
      open: false,
      nullable: false,
      optional: false,
      missing: [],
    });
    expect(contract.name).toBe("mine");
    expect(inferContract(["n", "Churn"], rows, { target: "Churn", positive: "No" }).contract.target?.classes).toEqual([
      "Yes",
      "No",
    ]);
  });

  it("has a positive class that labels such as Yes and 1 suggest", () => {
    expect(inferContract(["n", "Churn"], rows, { target: "Churn" }).contract.target?.positive).toBe("Yes");
    expect(refusal(["t"], [["red"], ["blue"]], { target: "t" }).message).toContain("Name the positive class");
  });

  it.each<[string, string[][], InferenceOptions, string, RegExp]>([
    [
      "one class",
      [
        ["1", "No"],
        ["2", "No"],
      ],
      {},
      "TARGET_INVALID",
      /one class only \("No"\)/,
    ],
    [
      "no class",
      [
        ["1", ""],
        ["2", "NA"],
      ],
      {},
      "TARGET_INVALID",
      /holds no value/,
    ],
    [
      "three classes",
      [
        ["1", "0"],
        ["2", "1"],
        ["3", "2"],
      ],
      {},
      "TARGET_INVALID",
      /holds 3 classes \("0", "1", "2"\)/,
    ],
    ["a number", count(3000, String).map((n) => [n, n]), {}, "TARGET_INVALID", /holds about \d+ different values/],
    [
      "a positive label that never occurs",
      [
        ["1", "No"],
        ["2", "Yes"],
      ],
      { positive: "Yess" },
      "TARGET_INVALID",
      /never holds "Yess"; it holds "No", "Yes"\. Did you mean "Yes"/,
    ],
    [
      "an unknown target",
      [["1", "No"]],
      { target: "churn" },
      "INPUT_COLUMNS",
      /no target column "churn"\. Did you mean "Churn"/,
    ],
    [
      "an unknown id",
      [["1", "No"]],
      { id: "customer" },
      "INPUT_COLUMNS",
      /no id column "customer"\. The columns are n, Churn/,
    ],
    [
      "an id that is the target",
      [
        ["1", "No"],
        ["1", "Yes"],
      ],
      { id: "Churn" },
      "INPUT_COLUMNS",
      /both id and target/,
    ],
    ["no rows", [], {}, "INPUT_EMPTY", /no data row/],
  ])("is refused for %s", (_, data, options, code, message) => {
    const error = refusal(["n", "Churn"], data, { target: "Churn", source: "data.csv", ...options });
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^data\.csv: /);
  });

  it("is missed with a hint where the delimiter is wrong", () => {
    expect(refusal(["id;tenure;Churn"], [["1;2;No"]], { target: "Churn" }).message).toContain(
      "is the delimiter right?",
    );
  });

  it("is suggested among the columns of two values", () => {
    const names = ["gender", "exited", "score", "active"];
    const found = inferContract(
      names,
      count(20, String).map((n, i) => [i % 2 ? "f" : "m", i % 3 ? "0" : "1", n, i % 5 ? "Yes" : "No"]),
    );
    expect(found.candidates).toEqual(["exited", "active", "gender"]);
    expect(found.contract.target).toBeUndefined();
  });
});

describe("headers", () => {
  it.each([[["a", "a"]], [["a", ""]], [["__proto__"]], [["constructor", "a"]]])("%j are refused", (names) => {
    const error = refusal(names, [["1", "2"]]);
    expect(error.code).toBe("INPUT_COLUMNS");
  });

  it("are needed", () => {
    expect(refusal([], []).code).toBe("INPUT_EMPTY");
  });
});

describe("inference as a whole", () => {
  const cell = fc.oneof(
    fc.integer().map(String),
    fc.double().map(String),
    fc.string(),
    fc.constantFrom(
      "",
      "NA",
      "Unknown",
      "Yes",
      "No",
      "true",
      "2024-01-01",
      "007",
      "45 %",
      "$45",
      "1,234",
      "1.234,5",
      "(12.50)",
      "31/01/2024",
      "1/2/24",
      "20240131",
      "0000-00-00",
      "9999-12-31",
      "#REF!",
      "1e309",
    ),
  );

  it("always gives a sound contract that accepts the rows it came from, as text and as JSON", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 60 }), (rows) => {
        const { contract } = inferContract(["a", "b", "c"], rows);
        expect(parseContract(JSON.parse(JSON.stringify(contract)))).toEqual(contract);
        contract.columns.forEach((column, i) => {
          const reader = cellReader(column);
          for (const row of rows) {
            const fromText = reader.fromText((row[i] ?? "").trim());
            expect(reader.fromJson(row[i])).toEqual(fromText);
            // Few rows: every odd text is remembered.
            if (column.role !== "ignored") expect(isIssue(fromText)).toBe(false);
          }
        });
      }),
    );
  });

  it("does not depend on how rows arrive", () => {
    const rows = count(50, String).map((n, i) => [n, i % 2 ? "a" : "b"]);
    const inference = contractInference();
    inference.header(["n", "l"]);
    const reused = ["", ""];
    for (const [n = "", l = ""] of rows) {
      reused[0] = n;
      reused[1] = ` ${l} `;
      inference.row(reused);
    }
    expect(inference.finish()).toEqual(inferContract(["n", "l"], rows));
  });

  it("counts distinct texts to a few per cent", () => {
    for (const n of [10, 1000, 20_000, 300_000]) {
      const counter = distinctCounter();
      for (let i = 0; i < n; i++) counter.add(`customer ${i}`);
      for (let i = 0; i < n; i += 3) counter.add(`customer ${i}`);
      expect(Math.abs(counter.estimate() / n - 1)).toBeLessThan(0.05);
    }
  });
});

describe.skipIf(!hasShared)("the shared data sets", () => {
  interface Facts {
    name: string;
    file: string;
    target: string;
    positive: string;
    drop: string[];
    rows: number;
    columns: number;
    positives: number;
    missing: Record<string, number>;
  }
  const sets = hasShared ? (JSON.parse(readFileSync(sharedPath("data/datasets.json"), "utf8")) as Facts[]) : [];

  it.each(sets)("$name", (facts) => {
    const raw = readFileSync(sharedPath(`data/${facts.file}`));
    const text = (facts.file.endsWith(".gz") ? gunzipSync(raw) : raw).toString("utf8");
    const [header = "", ...lines] = text.trimEnd().split("\n");
    const names = header.split(",");
    const rows = lines.map((line) => line.split(","));
    const { contract, candidates } = inferContract(names, rows, { target: facts.target, positive: facts.positive });
    expect(rows).toHaveLength(facts.rows);
    expect(contract.columns).toHaveLength(facts.columns);
    expect(candidates[0]).toBe(facts.target);
    // What the data's own description drops is exactly what inference leaves out.
    expect(contract.columns.filter(({ role }) => role === "ignored").map(({ name }) => name)).toEqual(facts.drop);
    contract.columns.forEach((column, i) => {
      const reader = cellReader(column);
      const cells = rows.map((row) => reader.fromText(row[i] ?? ""));
      expect(cells.filter(isIssue)).toEqual([]);
      const missing = cells.filter((value) => value === null || Number.isNaN(value)).length;
      if (column.name !== "HandsetPrice")
        expect([column.name, missing]).toEqual([column.name, facts.missing[column.name] ?? 0]);
      if (column.role === "target")
        expect(cells.filter((value) => value === facts.positive)).toHaveLength(facts.positives);
    });
    const kinds = Object.fromEntries(contract.columns.map((column) => [column.name, column.kind]));
    const known: Record<string, Record<string, string>> = {
      "telco-churn": {
        tenure: "number",
        MonthlyCharges: "number",
        TotalCharges: "number",
        SeniorCitizen: "number",
        Contract: "category",
        PaymentMethod: "category",
      },
      "bank-churn": {
        Geography: "category",
        Gender: "category",
        Balance: "number",
        EstimatedSalary: "number",
        HasCrCard: "number",
      },
      cell2cell: { ServiceArea: "category", HandsetPrice: "number", CreditRating: "category", AgeHH1: "number" },
    };
    expect(kinds).toMatchObject(known[facts.name] ?? {});
    if (facts.name === "telco-churn") {
      expect(Object.values(kinds).filter((kind) => kind === "number")).toHaveLength(4);
      expect(contract.columns.find(({ name }) => name === "tenure")).toMatchObject({ observed: { min: 0, max: 72 } });
    }
    if (facts.name === "cell2cell") {
      expect(contract.columns.find(({ name }) => name === "HandsetPrice")?.missing).toEqual(["Unknown"]);
      expect(contract.columns.find(({ name }) => name === "ServiceArea")).toMatchObject({
        levels: [],
        open: true,
        role: "feature",
      });
    }
  });
});

it("takes a fraction where only whole numbers were seen: what was observed is no rule", () => {
  const { column } = infer(["1", "2", "30"]);
  expect(cellReader(column).fromText("12.5")).toBe(12.5);
});
