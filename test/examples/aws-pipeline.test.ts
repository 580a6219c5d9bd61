import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
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
  "version 1, which Ada trained by hand, is in production",
  "churn-dev/1 passed the gate",
  "version 2 went by staging, smoke test and canary into production",
  "customers of 2026-02 arrive in the bucket",
  "the drift alarm is on, and starts a retraining",
  "churn-dev/2 passed the gate",
  "version 3, which knows the new market, is in production",
  "churn-dev/3 passed the gate",
  "version 4 failed in its canary",
  "release of version 3: unchanged",
];

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
      expect(stdout.trim().split("\n").at(-1)).toMatch(/unchanged$/);
      expect(existsSync(join(folder, "aws-pipeline.html"))).toBe(true);
      expect(readFileSync(join(folder, "aws-pipeline.html"), "utf8")).toContain("Retraining");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  budget(300_000),
);
