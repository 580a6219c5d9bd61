import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { register as evaluate } from "../../src/cli/commands/evaluate.js";
import { register as drift } from "../../src/cli/commands/drift.js";
import { register as runs } from "../../src/cli/commands/runs.js";
import { register as tune } from "../../src/cli/commands/tune.js";
import { register as train } from "../../src/cli/commands/train.js";
import { openSpooled, openTracker } from "../../src/cli/trackers.js";
import { filesStore } from "../../src/io/store/index.js";
import { fileTracker, type RunRecord } from "../../src/tracking/index.js";
import { newFolder } from "../helpers/folder.js";
import { runVerb } from "../helpers/run-verb.js";
import { header, put, rows } from "./customers.js";

const folder = newFolder();
const at = (name: string): string => join(folder, name);
const formerly = process.env["CHURNKIT_SPOOL"];
process.env["CHURNKIT_SPOOL"] = at("spool");
afterAll(() => {
  if (formerly === undefined) delete process.env["CHURNKIT_SPOOL"];
  else process.env["CHURNKIT_SPOOL"] = formerly;
});

const place = at("runs");
const listed = async (): Promise<RunRecord[]> =>
  (JSON.parse((await runVerb(runs, ["runs", "list", place, "--json"])).out) as { runs: RunRecord[] }).runs;

beforeAll(async () => {
  put(folder, "customers.csv", [header, ...rows(300)]);
  await runVerb(train, [
    ...["train", at("customers.csv"), "--target", "Churn", "--positive", "Yes", "--id", "id", "--learner", "logistic"],
    ...["--test", "0.2", "--out", at("model"), "--track", place],
  ]);
  await runVerb(evaluate, ["evaluate", at("model"), at("customers.csv"), "--track", place]);
  await runVerb(drift, ["drift", at("customers.csv"), at("customers.csv"), "--track", place]);
});

it("tracks trainings and reports", async () => {
  const [drifted, evaluated, trained] = await listed();
  expect([trained?.name, evaluated?.name, drifted?.name]).toEqual([
    "logistic on customers.csv",
    "evaluation on customers.csv",
    "drift of customers.csv",
  ]);
  expect(trained?.metrics["test/auc"]?.value).toBeGreaterThan(0.5);
  expect(trained?.artifacts.map(({ name }) => name)).toContain("model.tar.gz");
  expect(trained?.tags).toMatchObject({ command: "train" });
  expect(evaluated?.artifacts.map(({ name }) => name)).toContain("plots/roc.svg");
  expect(drifted?.tags).toMatchObject({ verdict: "stable", severity: "none" });
  expect(drifted?.artifacts.map(({ name }) => name).sort()).toEqual(["report.html", "report.json"]);
});

it("shows and compares runs", async () => {
  const [, evaluated, trained] = await listed();
  const { out } = await runVerb(runs, ["runs", "show", place, trained?.id ?? ""]);
  expect(out).toMatch(/^status +finished$/m);
  expect(out).toMatch(/^train_rows +240$/m);
  expect(out).toMatch(/^auc +0\.\d+ \[0\.\d+, 0\.\d+\]$/m);
  expect(out).not.toMatch(/^auc\.low/m);
  expect(out).toMatch(/^model\.tar\.gz +\d+ KB$/m);
  // A long tag neither widens the table nor is printed whole.
  expect(Math.max(...out.split("\n").map(({ length }) => length))).toBeLessThan(160);
  const ids = [trained?.id ?? "", evaluated?.id ?? ""];
  const compared = await runVerb(runs, ["runs", "compare", place, ...ids, "--html", at("runs.html")]);
  expect(compared.out).toMatch(/^auc +0\.\d+ \[0\.\d+, 0\.\d+\]( \*)? +0\.\d+/m);
  expect(compared.out).not.toMatch(/trained on different rows|^baseline/m);
  expect(readFileSync(at("runs.html"), "utf8")).toContain("Comparison of runs");
  await expect(runVerb(runs, ["runs", "show", place, "nothing"])).rejects.toMatchObject({ code: "INPUT_NOT_FOUND" });
});

it("keeps what a place does not take, and sends it later", async () => {
  const blocked = at("blocked");
  put(folder, "blocked", ["a file where the runs should be"]);
  const { err } = await runVerb(drift, ["drift", at("customers.csv"), at("customers.csv"), "--track", blocked]);
  expect(err).toMatch(/^tracking: .*blocked/m);
  expect(err).toMatch(/^tracking: \d+ entries wait in .*spool; churnkit runs sync sends them$/m);
  const still = await runVerb(runs, ["runs", "sync"]);
  expect(still).toMatchObject({ code: 1, out: expect.stringMatching(/waits: .*blocked/) as string });
  const { rmSync } = await import("node:fs");
  rmSync(blocked);
  expect((await runVerb(runs, ["runs", "sync"])).out).toMatch(
    /^files at .*blocked: sent \d+ entries, 1 runs are complete$/m,
  );
  expect(
    existsSync(join(blocked, "churn", readdirSync(join(blocked, "churn"))[0] ?? "", "artifacts/report.html")),
  ).toBe(true);
  expect((await runVerb(runs, ["runs", "sync"])).out).toBe("nothing waits to be sent\n");
});

it("tracks each trial of a tuning as a nested run", async () => {
  const tuned = at("tuned");
  await runVerb(tune, [
    ...["tune", at("customers.csv"), "--target", "Churn", "--positive", "Yes", "--id", "id", "--learner", "logistic"],
    ...["--trials", "2", "--holdout", "--metric", "auc", "--out", at("best"), "--track", tuned],
  ]);
  const { out } = await runVerb(runs, ["runs", "list", tuned, "--json"]);
  const all = (JSON.parse(out) as { runs: RunRecord[] }).runs;
  const parent = all.find(({ name }) => name === "tuning on customers.csv");
  expect(parent?.artifacts.map(({ name }) => name)).toContain("model.tar.gz");
  const trials = all.filter((run) => run.parent === parent?.id);
  expect(trials.map(({ name, status }) => `${name} ${status}`).sort()).toEqual([
    "trial 1 finished",
    "trial 2 finished",
  ]);
  expect(trials.every(({ metrics }) => (metrics["auc"]?.value ?? 0) > 0.5)).toBe(true);
});

it("refuses a place that is none before any work", async () => {
  await expect(
    runVerb(drift, ["drift", at("none.csv"), at("none.csv"), "--track", "ftp://host/runs"]),
  ).rejects.toMatchObject({ code: "OPTION_INVALID", message: expect.stringContaining("is not a tracker") as string });
  await expect(runVerb(drift, ["drift", at("none.csv"), at("none.csv"), "--experiment", "x"])).rejects.toMatchObject({
    code: "OPTION_INVALID",
  });
});

it("shows no control characters of what others have logged", async () => {
  const others = at("others");
  const run = fileTracker(filesStore(others)).start({ name: "red \u001b[31m" });
  run.setTags({ note: "two\nlines\u0007" });
  await run.end();
  for (const command of [
    ["list", others],
    ["show", others, run.id],
    ["compare", others, run.id, run.id],
  ]) {
    const { out } = await runVerb(runs, ["runs", ...command]);
    expect(out).toContain("red  [31m");
    expect(out.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  }
});

it("finds a place again by its name in the spool, wherever it is called from", async () => {
  const place = "sagemaker://eu-central-1/churn?artifacts=";
  const { name } = await openTracker(`${place}./here`);
  expect(name).toContain(`files at ${resolve("here")}`);
  expect((await openSpooled(`${place}files at ${resolve("here")}`)).name).toBe(name);
});

it("refuses an experiment that is badly encoded", async () => {
  await expect(openTracker("mlflow://host/100%")).rejects.toMatchObject({ code: "OPTION_INVALID" });
  expect((await openTracker("mlflow://host/100%25")).name).toBe("MLflow at http://host");
});
