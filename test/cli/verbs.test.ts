import { existsSync, readFileSync, readdirSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { newFolder } from "../helpers/folder.js";
import { cliHere as cli, errorLine, header, json, put, quick, rows, type Ended } from "./cli.js";

const folder = newFolder();
const run = (...args: string[]): Promise<Ended> => cli(folder, ...args);
const metricFields = [
  "rows",
  "auc",
  "averagePrecision",
  "logLoss",
  "brier",
  "accuracy",
  "f1",
  "threshold",
  "calibrationError",
];
const numbersIn = (value: unknown, names: readonly string[]): void => {
  for (const name of names) expect(value).toHaveProperty(name, expect.any(Number));
};

let trained: Ended;
beforeAll(async () => {
  put(folder, "customers.csv", [header, ...rows(300)]);
  put(folder, "test-rows.json", [JSON.stringify(Array.from({ length: 60 }, (_, i) => i * 5))]);
  trained = await run("train", "customers.csv", ...quick, "--out", "model", "--test-rows", "test-rows.json", "--json");
});

describe("init", () => {
  it("writes a contract and prints the TypeScript for it", async () => {
    const { code, out, err } = await run(
      "init",
      "customers.csv",
      "--target",
      "Churn",
      "--positive",
      "Yes",
      "--id",
      "id",
      "--out",
      "c.json",
    );
    expect(code, err).toBe(0);
    expect(out).toMatch(/^import \{ z \} from "zod";\n[^]*defineDataset\(\{[^]*target: "Churn"/);
    const contract = JSON.parse(readFileSync(join(folder, "c.json"), "utf8")) as { target: unknown };
    expect(contract.target).toEqual({ column: "Churn", classes: ["No", "Yes"], positive: "Yes" });
    expect(err).toMatch(/tenure\s+number\s+feature/);
  });

  it("names candidates where no target is given, and prints the contract with --json", async () => {
    const ended = await run("init", "customers.csv", "--out", "no-target.json", "--json");
    expect(json(ended)).toEqual(JSON.parse(readFileSync(join(folder, "no-target.json"), "utf8")));
    expect(ended.err).toMatch(/no target given; columns with two values: Churn/);
  });

  it("sets a ragged row aside and says so", async () => {
    put(folder, "ragged.csv", [header, ...rows(40), "40,3,a", ...rows(9, 41)]);
    const { code, err } = await run("init", "ragged.csv", "--out", "ragged.json");
    expect([code, err]).toEqual([
      0,
      expect.stringMatching(/such as row 40: 3 cells on line 42, where the header has 4/),
    ]);
  });

  it("refuses a file in which every row is ragged", async () => {
    put(folder, "all-ragged.csv", [header, "1,2", "3,4"]);
    const ended = await run("init", "all-ragged.csv", "--out", "all-ragged.json");
    expect(errorLine(ended)).toMatch(/all-ragged\.csv: no row has the right format, such as row 0: 2 cells on line 2/);
    expect([ended.code, existsSync(join(folder, "all-ragged.json"))]).toEqual([2, false]);
  });
});

describe("validate", () => {
  beforeAll(
    async () =>
      void (await run(
        "init",
        "customers.csv",
        "--target",
        "Churn",
        "--positive",
        "Yes",
        "--id",
        "id",
        "--out",
        "v.json",
      )),
  );

  it("ends with 0 on data that keep the contract", async () => {
    const ended = await run("validate", "customers.csv", "--contract", "v.json", "--json");
    expect(json(ended)).toMatchObject({
      valid: true,
      rows: 300,
      rejected: 0,
      qualityScore: expect.any(Number) as number,
      findings: expect.any(Array) as unknown[],
    });
    expect([ended.code, ended.err]).toEqual([0, ""]);
  });

  it("ends with 1 on data that break it, ragged rows included, and tells where", async () => {
    put(folder, "broken.csv", [header, ...rows(40), "40,3,a", "41,many,a,Yes", "42,3,a,Maybe", ...rows(9, 43)]);
    const ended = await run("validate", "broken.csv", "--contract", "v.json", "--json");
    const { valid, rows: all, rejected, findings } = json(ended);
    expect([ended.code, valid, all, rejected]).toEqual([1, false, 52, 3]);
    const found = findings as {
      rule: string;
      column: string | null;
      severity: string;
      count: number;
      rows: number[];
      message: string;
    }[];
    const errors = found.filter(({ severity }) => severity === "error");
    expect(errors.map(({ rule, column, count, rows }) => ({ rule, column, count, rows }))).toEqual(
      expect.arrayContaining([
        { rule: "ragged", column: null, count: 1, rows: [40] },
        { rule: "number", column: "tenure", count: 1, rows: [41] },
        { rule: "level", column: "Churn", count: 1, rows: [42] },
      ]),
    );
  });

  it("reports a column that is gone", async () => {
    put(folder, "gone.csv", [
      "id,plan,Churn",
      ...rows(50).map((row) =>
        row
          .split(",")
          .filter((_, i) => i !== 1)
          .join(","),
      ),
    ]);
    const ended = await run("validate", "gone.csv", "--contract", "v.json");
    expect(ended.out).toMatch(/^not valid: 50 rows.*\n[^]*error\s+missingColumn\s+tenure/);
    expect(ended.code).toBe(1);
  });

  it("takes rows that are still to be scored", async () => {
    put(folder, "unlabeled.csv", ["id,tenure,plan", ...rows(50).map((row) => row.replace(/,[^,]*$/, ""))]);
    const ended = await run("validate", "unlabeled.csv", "--contract", "v.json", "--json");
    expect(json(ended)).toMatchObject({ valid: true, rows: 50 });
  });

  it("infers a contract where none is given, and says so", async () => {
    const { code, out, err } = await run("validate", "customers.csv");
    expect([code, out]).toEqual([0, expect.stringMatching(/^valid: 300 rows/)]);
    expect(err).toMatch(/no contract given: inferred 4 columns/);
  });
});

describe("train", () => {
  it("prints its figures as one line of JSON, everything else on stderr", () => {
    const result = json(trained);
    expect(trained.code).toBe(0);
    expect(result).toMatchObject({
      learner: "logistic",
      rows: 240,
      bundle: "model",
      seconds: expect.any(Number) as number,
      test: { rows: 60 },
    });
    numbersIn(result.test, metricFields);
    expect(result).toHaveProperty("baseline.learner", "logistic");
    numbersIn((result.baseline as { test: unknown }).test, metricFields);
    expect(trained.err).toMatch(/no contract given: inferred 4 columns/);
  });

  it("trains one network or an ensemble, and says which", async () => {
    const network = [
      "customers.csv",
      "--target",
      "Churn",
      "--positive",
      "Yes",
      "--id",
      "id",
      "--epochs",
      "2",
      "--out",
      "network",
    ];
    const one = await run("train", ...network, "--single", "--json");
    expect(json(one)).toMatchObject({ learner: "network", networks: 1, judgedOn: "held-out rows" });
    expect(one.err).toMatch(/1\/1 networks {2}loss \d/);
    const many = await run("train", ...network);
    expect(many.out).toMatch(/^on \d+ held-out rows +8 networks +logistic\n/m);
    expect(many.out).toMatch(/saved network after/);
  });

  it("saves one archive where the name says so", async () => {
    expect((await run("train", "customers.csv", ...quick, "--out", "model.tar.gz", "--json")).code).toBe(0);
    const scored = await run("predict", "model.tar.gz", "customers.csv", "--out", "archive.csv");
    expect(scored.code, scored.err).toBe(0);
  });

  it("uses a contract, and refuses one that says otherwise than the options", async () => {
    await run("init", "customers.csv", "--target", "Churn", "--positive", "Yes", "--id", "id", "--out", "t.json");
    const same = await run(
      "train",
      "customers.csv",
      ...quick,
      "--contract",
      "t.json",
      "--out",
      "by-contract",
      "--json",
    );
    expect([same.code, same.err]).toEqual([0, ""]);
    const other = await run(
      "train",
      "customers.csv",
      "--contract",
      "t.json",
      "--target",
      "plan",
      "--out",
      "by-contract",
      "--json",
    );
    expect(errorLine(other)).toMatch(/t\.json has the target "Churn", but --target plan was given/);
    expect(other.code).toBe(2);
  });
});

describe("predict", () => {
  it("writes one line for each input row, in order, with ids and reasons", async () => {
    const lines = rows(40);
    lines[4] = "4,twelve,a,Yes";
    lines[9] = "9,1e999,a,Yes";
    lines[11] = "11,3";
    put(folder, "in.csv", [header, ...lines]);
    const ended = await run("predict", "model", "in.csv", "--out", "scores.csv");
    expect(ended.code, ended.err).toBe(0);
    expect(ended.out).toBe("");
    const [head, ...scored] = readFileSync(join(folder, "scores.csv"), "utf8").trimEnd().split("\n");
    expect(head).toBe("id,probability,label,error");
    expect(scored).toHaveLength(40);
    scored.forEach((line, i) => {
      if (i === 4) expect(line).toMatch(/^4,,,.*twelve/);
      else if (i === 9) expect(line).toMatch(/^9,,,.*1e999/);
      else if (i === 11) expect(line).toMatch(/^,,,"?2 cells on line 13/);
      else expect(line).toMatch(new RegExp(`^${i},0\\.\\d+,(Yes|No),$`));
    });
    expect(ended.err).toMatch(
      /in\.csv: 3 of 40 rows set aside, such as row 4: Column "tenure": "twelve" is not a number/,
    );
    expect((await run("predict", "model", "in.csv", "--out", "scores.csv", "--strict")).code).toBe(1);
  });

  it("writes to stdout without --out, needs no target, takes columns in any order and more of them", async () => {
    put(folder, "order.csv", [
      "more,plan,id,tenure",
      ...rows(20)
        .map((row) => row.split(","))
        .map(([id, tenure, plan]) => `x,${plan},${id},${tenure}`),
    ]);
    const straight = await run("predict", "model", "customers.csv");
    const mixed = await run("predict", "model", "order.csv");
    expect(mixed.out.split("\n").slice(0, 21)).toEqual(straight.out.split("\n").slice(0, 21));
    expect(mixed.err).toMatch(/left out: "more"/);
  });

  it("scores a level never seen as unknown and reports it", async () => {
    put(folder, "levels.csv", [header, "0,3,zz,Yes", ...rows(20, 1)]);
    const ended = await run("predict", "model", "levels.csv");
    expect(ended.out.split("\n")[1]).toMatch(/^0,0\.\d+,(Yes|No),$/);
    expect(ended.err).toMatch(/Column "plan": one value is a label not seen before: "zz"/);
  });
});

describe("evaluate", () => {
  it("gives the metrics that train gave on the same rows", async () => {
    const ended = await run("evaluate", "model", "customers.csv", "--rows", "test-rows.json", "--json");
    const result = json(ended);
    numbersIn(result, [...metricFields, "precision", "recall"]);
    expect(result).toMatchObject((json(trained) as { test: object }).test);
    expect(result).toMatchObject({ learner: "logistic", networks: 0 });
    expect([ended.code, ended.err]).toEqual([0, ""]);
  });

  it("prints a table with intervals", async () => {
    const { code, out } = await run("evaluate", "model", "customers.csv");
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/^logistic on 300 rows, threshold 0\.\d+\n[^]*0\.\d{4} to 0\.\d{4}/),
    ]);
  });
});

describe("drift", () => {
  it("ends with 0 on stable data, in any order of columns", async () => {
    put(folder, "same.csv", [
      "Churn,plan,more,tenure,id",
      ...rows(300)
        .map((row) => row.split(",").reverse())
        .map(([churn, plan, tenure, id]) => `${churn},${plan},x,${tenure},${id}`),
    ]);
    const ended = await run("drift", "customers.csv", "same.csv", "--json");
    const report = json(ended);
    expect(ended.code).toBe(0);
    expect(report).toMatchObject({ verdict: "stable", severity: "none", rows: { reference: 300, current: 300 } });
    const columns = report.columns as Record<string, unknown>[];
    expect(columns.map(({ name }) => name)).toEqual(["tenure", "plan", "Churn"]);
    for (const column of columns) {
      for (const field of ["name", "kind", "verdict", "severity", "psi", "statistic", "pValue", "test", "effect"])
        expect(column).toHaveProperty(field);
    }
    expect(ended.err).toMatch(/same\.csv: not in the contract and left out: "more"/);
  });

  it("ends with 1 on a critical shift and writes the report", async () => {
    put(folder, "shifted.csv", [
      header,
      ...rows(300).map((row) =>
        row.replace(/^(\d+),(\d+)/, (_, id: string, tenure: string) => `${id},${Number(tenure) / 2}`),
      ),
    ]);
    const ended = await run("drift", "customers.csv", "shifted.csv", "--html", "drift.html");
    expect([ended.code, ended.out]).toEqual([
      1,
      expect.stringMatching(/^drift \(critical\)[^]*tenure +drift +critical/),
    ]);
    expect(readFileSync(join(folder, "drift.html"), "utf8")).toMatch(/^<!doctype html>/i);
  });

  it("takes ragged rows and a column that is gone as drift, not as errors", async () => {
    put(folder, "less.csv", [
      "id,plan,Churn",
      ...rows(300).map((row) =>
        row
          .split(",")
          .filter((_, i) => i !== 1)
          .join(","),
      ),
      "1,2",
    ]);
    const ended = await run("drift", "customers.csv", "less.csv", "--json");
    expect(json(ended)).toMatchObject({
      verdict: "drift",
      rejected: { current: 1 },
      columns: expect.arrayContaining([expect.objectContaining({ name: "tenure", severity: "critical" })]) as unknown[],
    });
    expect([ended.code, ended.err]).toEqual([1, expect.stringMatching(/less\.csv: the column "tenure" is missing/)]);
  });

  it("refuses files that have no column in common", async () => {
    put(folder, "other.csv", ["a,b", "1,2"]);
    const ended = await run("drift", "customers.csv", "other.csv");
    expect(errorLine(ended)).toMatch(/other\.csv: the columns .*"tenure".* are missing; the header has "a", "b"/);
    expect(ended.code).toBe(2);
  });
});

describe("registry", () => {
  it("lists, registers, promotes, rolls back and remembers", async () => {
    expect(json(await run("registry", "list", "--json"))).toEqual({ model: "churn", versions: [] });
    const first = await run("registry", "register", "model", "--by", "me", "--json");
    const { createdAt } = JSON.parse(readFileSync(join(folder, "model/manifest.json"), "utf8")) as {
      createdAt: string;
    };
    expect(json(first)).toMatchObject({ version: { number: 1, lineage: { trainedAt: createdAt } }, created: true });
    expect(json(await run("registry", "register", "model", "--json"))).toMatchObject({
      version: { number: 1 },
      created: false,
    });
    await run("train", "customers.csv", ...quick, "--seed", "5", "--out", "second", "--json");
    expect((await run("registry", "register", "second")).out).toMatch(
      /^registered as version 2 \(1\.1\.0, pending\) of customers\n/,
    );
    expect(json(await run("registry", "promote", "1", "--json"))).toMatchObject({ promoted: true, version: 1 });
    expect((await run("registry", "promote", "2", "--reason", "newer")).out).toBe("champion is now version 2\n");
    expect(json(await run("registry", "rollback", "--json"))).toMatchObject({ rolledBack: true, to: 1 });
    const again = await run("registry", "rollback");
    expect([again.code, again.out]).toEqual([1, expect.stringMatching(/^refused: /)]);
    const list = await run("registry", "list");
    expect(list.out).toMatch(/^number +version .*\n {5}2 +1\.1\.0 +quarantined +- .*\n {5}1 +1\.0\.0 +- +champion /);
    const { entries } = json(await run("registry", "history", "--json")) as {
      entries: { action: string; by: string }[];
    };
    expect(entries.map(({ action }) => action)).toEqual(["rollback", "promote", "promote", "register", "register"]);
    expect(entries.map(({ by }) => by)).toEqual([...new Array<string>(4).fill(userInfo().username), "me"]);
  });

  it("shows, compares, approves, judges, verifies and migrates", async () => {
    const store = ["--store", "whole"];
    await run(
      "registry",
      "register",
      "model",
      ...store,
      "--tag",
      "team=growth",
      "--tag",
      "a=b=c",
      "--description",
      "the first",
      "--run",
      "run-1",
    );
    await run("train", "customers.csv", ...quick, "--seed", "6", "--out", "third", "--json");
    await run("registry", "register", "third", ...store);
    const shown = await run("registry", "show", "1.0.0", ...store);
    expect(shown.out).toMatch(
      /version +1 \(1\.0\.0\)[^]*description +the first\ntags +a=b=c, team=growth[^]*run +run-1/,
    );
    expect((await run("registry", "compare", "1", "2", ...store)).out).toMatch(/signature: compatible/);
    expect((await run("registry", "approve", "1", ...store, "--by", "ada", "--reason", "read it")).out).toBe(
      "version 1 (1.0.0) is approved\n",
    );
    expect((await run("registry", "stage", "1", "Production", ...store)).out).toBe(
      "version 1 (1.0.0) is in the stage Production\n",
    );
    expect((await run("registry", "stage", "1", "nowhere", ...store)).code).toBe(2);
    const unapproved = await run("registry", "promote", "2", ...store, "--approved-only");
    expect([unapproved.code, unapproved.out]).toEqual([1, expect.stringMatching(/not approved/)]);
    expect((await run("registry", "promote", "latest-approved", ...store)).out).toBe("champion is now version 1\n");
    const judged = await run(
      "registry",
      "promote",
      "2",
      ...store,
      "--gate",
      "aws",
      "--rows",
      "customers.csv",
      "--json",
    );
    expect([judged.code, json(judged)]).toEqual([
      1,
      expect.objectContaining({ promoted: false, judgment: expect.objectContaining({ passed: false }) as object }),
    ]);
    expect(judged.err).toMatch(/failed {2}aws: accuracy/);
    expect((await run("registry", "promote", "2", ...store, "--gate", "aws")).code).toBe(2);
    expect((await run("registry", "reject", "2", ...store)).out).toBe("version 2 (1.1.0) is rejected\n");
    expect((await run("registry", "signature", "1", ...store)).out).toMatch(/export interface CustomersRequest/);
    expect((await run("registry", "lineage", ...store)).out).toMatch(/^flowchart LR\n/);
    expect((await run("registry", "retain", ...store, "--keep", "0")).out).toMatch(/^would remove 1 version: 2\n/);
    const verified = await run("registry", "verify", ...store, "--json");
    expect([verified.code, json(verified)]).toEqual([
      0,
      expect.objectContaining({ sound: true, versions: 2, entries: 8 }),
    ]);
    const { head } = json(verified) as { head: string };
    expect((await run("registry", "migrate", ...store, "--to", "backup")).out).toBe(
      "backup holds 2 versions, 8 entries of history\n",
    );
    await run("registry", "remove", "2", ...store);
    expect((await run("registry", "verify", "--store", "backup", "--known-head", head)).code).toBe(0);
    expect((await run("registry", "verify", ...store, "--no-bundles", "--known-head", "0".repeat(64))).code).toBe(1);
    const place = await run("registry", "list", "--store", "ftp://nowhere");
    expect([place.code, errorLine(place)]).toEqual([2, expect.stringMatching(/ftp.* is not a registry/)]);
  });

  it("ends with 1 where a gate refuses, with 2 where there is no such version or bundle", async () => {
    const gated = await run("registry", "register", "model", "--store", "gated", "--gate", "aws", "--json");
    expect([gated.code, json(gated)]).toEqual([1, expect.objectContaining({ created: true })]);
    const refused = await run("registry", "promote", "1", "--store", "gated");
    expect([refused.code, refused.out]).toEqual([1, expect.stringMatching(/^refused: /)]);
    const unknown = await run("registry", "promote", "9", "--store", "gated");
    expect([unknown.code, errorLine(unknown)]).toEqual([2, expect.stringMatching(/version 9/)]);
    const nothing = await run("registry", "register", "nowhere", "--store", "none");
    expect([nothing.code, errorLine(nothing)]).toEqual([2, expect.stringMatching(/no bundle at nowhere/)]);
    expect(readdirSync(folder)).not.toContain("none");
  });
});
