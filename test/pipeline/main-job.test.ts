import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { syntheticCustomers } from "../../src/data/synthetic.js";
import { csvLine } from "../../src/data/table/csv-line.js";
import { cliHere, errorLine, script } from "../cli/cli.js";
import { newFolder } from "../helpers/folder.js";

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, "pipeline", ...args], { encoding: "utf8" });
  return { status, stdout, stderr };
}

/** Why a command line is refused. */
async function refusal(...args: string[]): Promise<string> {
  const ended = await cliHere(newFolder(), "pipeline", ...args);
  expect(ended.code).toBe(2);
  return errorLine(ended);
}

interface Summary {
  readonly report: string;
  readonly gate: boolean;
  readonly best?: { readonly auc: number };
  readonly test: { readonly auc: { readonly value: number } };
  readonly served: { readonly requests: number };
  readonly drift: { readonly severity: string };
  readonly monitors: { readonly severity: string };
  readonly retraining: string;
  readonly challengerPromoted: boolean;
  readonly badRefused: boolean;
  readonly rolledBack: boolean;
}

describe("the main job", () => {
  it("lives the whole life of a model on synthetic customers", { timeout: 240_000 }, () => {
    const folder = newFolder();
    const { status, stdout, stderr } = run("--rows", "3000", "--out", folder, "--json");
    expect(stderr).not.toMatch(/^churnkit:/m);
    expect(status).toBe(0);
    const summary = JSON.parse(stdout) as Summary;
    expect(summary).toMatchObject({
      gate: true,
      drift: { severity: "critical" },
      monitors: { severity: "critical" },
      retraining: "retrain",
      challengerPromoted: true,
      badRefused: true,
      rolledBack: true,
    });
    expect(summary.test.auc.value).toBeGreaterThan(0.9);
    expect(summary.test.auc.value).toBeLessThan((summary.best?.auc ?? 0) + 0.02);
    expect(summary.served.requests).toBe(200);
    const report = readFileSync(summary.report, "utf8");
    expect(report.match(/<svg/g)?.length).toBeGreaterThan(6);
    expect(report).not.toMatch(/<script|(src|href)="https?:/);
    expect(existsSync(join(folder, "model", "manifest.json"))).toBe(true);
  });

  it("does the same on a file, judged against the baseline", { timeout: 240_000 }, () => {
    const folder = newFolder();
    const { records } = syntheticCustomers({ rows: 1200, seed: 4 });
    const names = Object.keys(records[0] ?? {});
    const file = join(folder, "some customers.csv");
    writeFileSync(
      file,
      [csvLine(names), ...records.map((record) => csvLine(names.map((name) => record[name])))].join(""),
    );
    const { status, stdout, stderr } = run(
      "--csv",
      file,
      "--target",
      "churn",
      "--positive",
      "Yes",
      "--out",
      join(folder, "out"),
    );
    expect(stderr).not.toMatch(/^churnkit:/m);
    expect(status).toBe(0);
    expect(stdout).toMatch(/gate +baseline (passed|not passed, continuing with logistic regression)/);
    expect(stdout).toMatch(/drift +drift, critical/);
    expect(stdout).toMatch(/bad model +refused/);
    expect(stdout).toMatch(/done in/);
  });

  it("leaves a folder alone that holds anything else (it once deleted any folder named registry there)", async () => {
    const folder = newFolder();
    mkdirSync(join(folder, "registry"));
    writeFileSync(join(folder, "registry", "index.json"), "mine");
    expect(await refusal("--rows", "1000", "--out", folder)).toMatch(/contains other files/);
    expect(readFileSync(join(folder, "registry", "index.json"), "utf8")).toBe("mine");
  });

  it("needs a target with a file, and a file that is there", async () => {
    expect(await refusal("--csv", "nowhere.csv", "--out", newFolder())).toMatch(/--target/);
    expect(await refusal("--csv", "nowhere.csv", "--target", "churn", "--out", newFolder())).toMatch(/nowhere\.csv/);
  });
});
