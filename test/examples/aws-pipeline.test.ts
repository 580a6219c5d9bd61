import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { budget } from "../helpers/budget.js";
import { awsPython } from "../helpers/moto.js";

const ready = await awsPython("the example of the whole pipeline on AWS");
const root = resolve(import.meta.dirname, "../..");

/** What must happen, in this order. */
const milestones = [
  "customers of 2026-01 arrive in the bucket",
  "they are ingested, and the broken row is quarantined",
  "churn-dev/1 passed the gate",
  "version 1 went by staging and smoke test into production",
  "customers of 2026-02 arrive in the bucket",
  "churn-dev/2 passed the gate",
  "the drift alarm led to version 2",
  "churn-dev/3 passed the gate",
  "version 3 failed in its canary",
  "release of version 2: unchanged",
];

it("the example of the whole pipeline on AWS is short", () => {
  const folder = resolve(root, "examples/aws-pipeline");
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
  const lines = files.flatMap((name) => readFileSync(join(folder, name), "utf8").trimEnd().split("\n"));
  expect(files.length).toBeGreaterThan(5);
  expect(lines.length).toBeLessThan(300);
});

it.skipIf(!ready)(
  "the example of the whole pipeline on AWS runs to its end, with every permission enforced",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "churnkit-example-"));
    try {
      const { status, stdout, stderr } = spawnSync(
        resolve(root, "node_modules/.bin/tsx"),
        [resolve(root, "examples/aws-pipeline/run.ts")],
        { cwd: folder, encoding: "utf8", env: { ...process.env, CHURNKIT_MOTO: resolve(root, ".cache/aws-venv") } },
      );
      expect(status, stderr.slice(-3000)).toBe(0);
      const told = stdout.split("\n").flatMap((line) => milestones.filter((each) => line.includes(each)));
      expect(told.filter((each, i) => told.indexOf(each) === i)).toEqual(milestones);
      expect(stdout).not.toMatch(/ {2}(?:denied|dead letter) /);
      expect(stdout).toMatch(/ alarm +churn-dev-drift \S+ -> ALARM/);
      expect(existsSync(join(folder, "aws-pipeline.html"))).toBe(true);
      expect(readFileSync(join(folder, "aws-pipeline.html"), "utf8")).toContain("Retraining");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  budget(300_000),
);
