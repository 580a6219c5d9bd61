import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { register } from "../../src/cli/commands/drift.js";
import { defineFeatures } from "../../src/data/features/define.js";
import { inferFromFile, readTable } from "../../src/data/read/read-file.js";
import { compareTables, type DriftReport } from "../../src/drift/index.js";
import { logistic, saveBundle, train } from "../../src/model/index.js";
import { newFolder } from "../helpers/folder.js";
import { runVerb, type Ran } from "../helpers/run-verb.js";

const folder = newFolder();
const at = (name: string): string => join(folder, name);
const put = (name: string, lines: readonly string[]): void => writeFileSync(at(name), `${lines.join("\n")}\n`);

/** Customers whose charges rise by `more` on plan b. */
const rows = (count: number, more = 0): string[] =>
  Array.from({ length: count }, (_, id) => {
    const plan = "abc"[(id * 31) % 3] ?? "";
    const charges = 20 + ((id * 7919) % 80) + (plan === "b" ? more : 0);
    const leaves = (Math.imul(id + 1, 0x9e3779b1) >>> 8) % 100 < (charges > 60 ? 55 : 15);
    return `${id},${charges},${(id * 613) % 72},${plan},${leaves ? "Yes" : "No"}`;
  });
const header = "id,charges,tenure,plan,churn";
const base = ["--id", "id", "--target", "churn", "--positive", "Yes"];

beforeAll(async () => {
  put("before.csv", [header, ...rows(600)]);
  put("after.csv", [header, ...rows(600, 40)]);
  put("less.csv", [
    "id,tenure,plan,churn",
    ...rows(600).map((row) =>
      row
        .split(",")
        .filter((_, i) => i !== 1)
        .join(","),
    ),
  ]);
  writeFileSync(at("weights.json"), JSON.stringify({ charges: 3, tenure: 1 }));
  const { contract } = await inferFromFile(at("before.csv"), { target: "churn", positive: "Yes", id: ["id"] });
  const table = await readTable(contract, at("before.csv"));
  const { artifact } = await train(defineFeatures(contract), table, { learner: logistic() });
  await saveBundle(artifact, at("model"));
});

const drift = (...args: readonly string[]): Promise<Ran> => runVerb(register, ["drift", ...args]);

const json = async (...args: readonly string[]): Promise<DriftReport> =>
  JSON.parse((await drift(...args, "--json")).out) as DriftReport;

describe("churnkit drift", () => {
  it("takes a policy, segments, columns to ignore and importances", async () => {
    const { out, code } = await drift(
      at("before.csv"),
      at("after.csv"),
      ...base,
      "--json",
      "--policy",
      "psi",
      "--segments",
      "plan",
      "--ignore",
      "tenure",
      "--importance",
      at("weights.json"),
    );
    const report = JSON.parse(out) as DriftReport;
    expect(report.columns.map(({ name, test }) => [name, test])).toEqual([
      ["charges", "psi"],
      ["plan", "psi"],
      ["churn", "psi"],
    ]);
    expect(report.segments[0]).toMatchObject({ column: "plan", level: "b", worst: "charges" });
    expect(report.ranking.map(({ name, importance }) => [name, importance])).toEqual([
      ["charges", 1],
      ["plan", 0],
    ]);
    expect(report).toHaveProperty("advice");
    expect(code).toBe(1);
  });

  it("prints slices, ranking and what to do", async () => {
    const { out } = await drift(
      at("before.csv"),
      at("after.csv"),
      ...base,
      "--segments",
      "plan",
      "--importance",
      at("weights.json"),
    );
    expect(out).toMatch(/plan = b +critical +charges/);
    expect(out).toMatch(/charges +0\.7500/);
    expect(out).toMatch(/^- If the sources are correct.*"charges"/m);
    expect((await drift(at("before.csv"), at("before.csv"), ...base, "--segments", "plan")).out).toMatch(
      /None of the 3 slices drifted\.[^]*- Nothing to do/,
    );
  });

  it("compares a model's predictions, looks for concept drift and ranks by its importances", async () => {
    const report = await json(at("before.csv"), at("after.csv"), "--model", at("model"));
    expect(report.prediction).toMatchObject({ compared: 1, verdict: "drift" });
    expect(report.concept).not.toBeNull();
    expect(report.target?.compared).toBe(1);
    expect(report.ranking[0]).toMatchObject({ name: "charges" });
    expect(report.ranking.reduce((sum, { importance }) => sum + importance, 0)).toBeCloseTo(1, 9);
    const read = { target: "optional", absent: "leave-out" } as const;
    const { contract } = await inferFromFile(at("before.csv"), { target: "churn", positive: "Yes", id: ["id"] });
    const tables = [
      await readTable(contract, at("before.csv"), read),
      await readTable(contract, at("after.csv"), read),
    ] as const;
    expect(report.columns.slice(0, 4)).toEqual(
      JSON.parse(
        JSON.stringify(
          compareTables(...tables).columns.map((column, i) => ({
            ...column,
            shifts: report.columns[i]?.shifts,
            adjustedP: report.columns[i]?.adjustedP,
          })),
        ),
      ),
    );
  });

  it("called labels that are no class missing, and the share of positives drifted", async () => {
    const pending = rows(600).map((row, i) => (i % 3 === 0 ? row.replace(/(Yes|No)$/, "Pending") : row));
    put("pending.csv", [header, ...pending]);
    put("known.csv", [header, ...pending.filter((row) => !row.endsWith("Pending"))]);
    const { out, err } = await drift(at("before.csv"), at("pending.csv"), "--model", at("model"), "--json");
    const report = JSON.parse(out) as DriftReport;
    expect(report.unknownLabels).toEqual({
      reference: { rows: 0, labels: [] },
      current: { rows: 200, labels: [{ label: "Pending", rows: 200 }] },
    });
    expect(report.target).toMatchObject({ verdict: "stable" });
    expect(report.columns.find(({ name }) => name === "churn")).toMatchObject({
      missing: { current: 0 },
      newLevels: [],
      values: { current: 400 },
    });
    expect(report.concept).toEqual((await json(at("before.csv"), at("known.csv"), "--model", at("model"))).concept);
    expect(err).toContain('200 of 600 rows have a label that is not a class of the target: "Pending" (200)');
    expect((await drift(at("before.csv"), at("pending.csv"), ...base)).out).toMatch(
      /^- Find out what these labels in the current data mean.*"Pending" \(200\)/m,
    );
  });

  it("goes on without predictions where a feature is gone", async () => {
    const { out, err } = await drift(at("before.csv"), at("less.csv"), "--model", at("model"), "--json");
    expect(err).toContain('predictions are not compared: the column "charges" is not in both files');
    expect((JSON.parse(out) as DriftReport).prediction).toBeNull();
  });

  it.each([
    ["not JSON", "[1", /is not JSON/],
    ["no object", "[1]", /is not a JSON object/],
    ["a text", '{"charges":"much"}', /importance of "charges" is much/],
    ["an unknown column", '{"charge":1}', /not a compared column/],
  ])("refuses importances that are %s", async (_, text, message) => {
    writeFileSync(at("bad.json"), text);
    await expect(drift(at("before.csv"), at("after.csv"), ...base, "--importance", at("bad.json"))).rejects.toThrow(
      message,
    );
  });

  it("refuses a file of importances that isn't there, and an unknown policy or segment", async () => {
    await expect(drift(at("before.csv"), at("after.csv"), ...base, "--importance", at("none.json"))).rejects.toThrow(
      /cannot be read/,
    );
    await expect(drift(at("before.csv"), at("after.csv"), "--policy", "magic")).rejects.toThrow(
      /Allowed choices are balanced, psi/,
    );
    await expect(drift(at("before.csv"), at("after.csv"), ...base, "--segments", "nope")).rejects.toThrow(
      /no column "nope"/,
    );
  });

  it("refuses to ignore a column that isn't there, which a slip of the pen would leave in", async () => {
    await expect(drift(at("before.csv"), at("after.csv"), ...base, "--ignore", "tenur")).rejects.toMatchObject({
      code: "OPTION_INVALID",
      message: expect.stringContaining("tenure") as string,
    });
  });

  it("shows a p-value that is too small for a number by its exponent", async () => {
    put("many.csv", [header, ...rows(3000)]);
    put("other.csv", [header, ...rows(3000).map((row) => row.replace(/,[abc],/, ",z,"))]);
    const { out } = await drift(at("many.csv"), at("other.csv"), ...base);
    expect(out).toMatch(/^plan +drift +critical.* 1e-\d{4}$/m);
    expect(out).not.toMatch(/ 0\.00$/m);
  });
});
