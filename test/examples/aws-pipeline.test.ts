import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { budget } from "../helpers/budget.js";
import { awsFolder, awsPython } from "../helpers/moto.js";
import { unusedList } from "./unused-actions.js";

const ready = await awsPython("the example of the whole pipeline on AWS");
const root = resolve(import.meta.dirname, "../..");

/** What the story tells, in this order. */
const told = [
  /8001 customers of 2026-01 arrive in the bucket/,
  /they are ingested, and the broken row is quarantined/,
  /churn-dev\/1 passed the gate/,
  /version 1 went by staging and smoke test into production/,
  /a quiet hour: the monitor finds no drift/,
  /6001 customers of 2026-02 arrive in the bucket/,
  /churn-dev\/2 passed the gate/,
  /the drift alarm led to version 2/,
  /churn-dev\/3 passed the gate/,
  /version 3 is quarantined: the candidate failed: score drift \(PSI [\d.]+, limit 0.25\)/,
  /release of version 2: unchanged/,
];

const by = (role: string, action: string): RegExp => new RegExp(`^call +churn-dev-${role} ${action}`);
const step = (name: string): RegExp => new RegExp(`^step +churn-dev: ${name} Succeeded`);

/** How a file becomes a version that waits for a person, who approves it. */
const trained = (version: number, execution: string): RegExp[] => [
  new RegExp(`^execution +churn-dev-retraining ${execution} RUNNING`),
  new RegExp(`^state +${execution}: Validate exited`),
  by("states", "sagemaker:StartPipelineExecution"),
  step("prepare"),
  step("parts"),
  by("pipeline", "sagemaker:CreateHyperParameterTuningJob"),
  /^job +\S+-tune-\S+-001-\S+ Completed/,
  step("tune"),
  step("evaluate"),
  step("if-register"),
  new RegExp(`^version +churn-dev ${version} PendingManualApproval`),
  step("register"),
  by("team", `sagemaker:UpdateModelPackage model-package/churn-dev/${version}`),
  new RegExp(`^version +churn-dev ${version} Approved`),
];

const endpoint = (name: string, version: number): RegExp =>
  new RegExp(`^endpoint +churn-dev${name} InService churn-dev-v${version}-`);

/** How it comes to the production endpoint. */
const staged = (version: number): RegExp[] => [
  by("approved", "states:StartExecution stateMachine:churn-dev-release"),
  new RegExp(`^execution +churn-dev-release release-churn-dev-${version} RUNNING`),
  endpoint("-staging", version),
  by("release-step", `sagemaker:${version === 1 ? "Create" : "Update"}Endpoint endpoint/churn-dev$`),
  endpoint("", version),
];
const shares = by("release-step", "sagemaker:UpdateEndpointWeightsAndCapacities endpoint/churn-dev$");
const ended = (version: number, how: string): RegExp =>
  new RegExp(`^execution +churn-dev-release release-churn-dev-${version} ${how}`);
const alarm = (from: string, to: string): RegExp => new RegExp(`^alarm +churn-dev-drift ${from} -> ${to}`);

/** What must be in the timeline, in this order: each stage of the story. */
const stages = [
  by("team", "s3:PutObject"),
  by("ingestion", "s3:PutObject"),
  ...trained(1, "january"),
  ...staged(1),
  ended(1, "SUCCEEDED"),
  alarm("INSUFFICIENT_DATA", "OK"),
  by("ingestion", "s3:PutObject"),
  alarm("OK", "ALARM"),
  by("retrain", "states:StartExecution stateMachine:churn-dev-retraining"),
  ...trained(2, "retrain-\\S+"),
  ...staged(2),
  ...[shares, shares, shares], // 10, 50 and 100 %
  endpoint("", 2),
  ended(2, "SUCCEEDED"),
  by("ingestion", "s3:PutObject"),
  ...trained(3, "march"),
  ...staged(3),
  ...[shares, shares], // 10 %, and back
  endpoint("", 2),
  by("release-step", "sagemaker:UpdateModelPackage model-package/churn-dev/3"),
  /^version +churn-dev 3 Rejected/,
  ended(3, "FAILED Failed.returned"),
];

/** The first pattern that no line after those of the patterns before it has. */
function missing(patterns: readonly RegExp[], lines: readonly string[]): RegExp | undefined {
  let from = 0;
  return patterns.find((pattern) => {
    const at = lines.findIndex((line, i) => i >= from && pattern.test(line));
    from = at + 1;
    return at === -1;
  });
}

const folder = mkdtempSync(join(tmpdir(), "churnkit-example-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the example in a folder of its own; its rehearsal is watched. */
function run(env: NodeJS.ProcessEnv): { readonly status: number | null; readonly out: string; readonly err: string } {
  const hook = pathToFileURL(join(import.meta.dirname, "watched-hook.mjs")).href;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", import.meta.resolve("tsx"), "--import", hook, resolve(root, "examples/aws-pipeline/run.ts")],
    {
      ...{ cwd: folder, encoding: "utf8" },
      env: { ...process.env, CHURNKIT_MOTO: awsFolder, ...env },
    },
  );
  return { status, out: stdout, err: stderr.slice(-3000) };
}

/** What each role used in the whole run, and what it may do besides. */
let roles: readonly { readonly role: string; readonly used: readonly string[]; readonly unused: readonly string[] }[];
const pairsOf = (which: "used" | "unused"): string[] =>
  roles
    .filter(({ role }) => role !== "cloudformation")
    .flatMap((each) => each[which].map((action) => `${each.role} ${action}`));

describe("the example of the whole pipeline on AWS", () => {
  it("is short", () => {
    const folder = resolve(root, "examples/aws-pipeline");
    const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
    const lines = files.flatMap((name) => readFileSync(join(folder, name), "utf8").trimEnd().split("\n"));
    expect(files.length).toBeGreaterThan(5);
    expect(lines.length).toBeLessThan(300);
  });

  it.skipIf(!ready)(
    "goes through each stage of its story, with every permission enforced",
    () => {
      const { status, out, err } = run({ CHURNKIT_ROLES: join(folder, "roles.json") });
      roles = JSON.parse(readFileSync(join(folder, "roles.json"), "utf8")) as typeof roles;
      expect(status, err).toBe(0);
      const lines = out.split("\n");
      const timeline = lines.flatMap((line) => /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}(.*)$/.exec(line)?.[1] ?? []);
      expect(missing(told, lines)).toBeUndefined();
      expect(missing(stages, timeline)).toBeUndefined();
      // Nothing else was trained, approved or released.
      const count = (pattern: RegExp): number => timeline.filter((line) => pattern.test(line)).length;
      expect(count(/^execution +churn-dev-retraining \S+ SUCCEEDED/)).toBe(3);
      expect(count(/^execution +churn-dev-\S+ \S+ RUNNING/)).toBe(6);
      expect(count(/^(denied|dead letter) /)).toBe(0);
      // The smoke tests of staging, and the ways back and forth of the traffic.
      expect(lines.find((line) => line.startsWith("churn-dev-release-step: "))).toMatch(/sagemaker:InvokeEndpoint/);
      expect(readFileSync(join(folder, "aws-pipeline.html"), "utf8")).toContain("Retraining");
    },
    budget(300_000),
  );

  it.skipIf(!ready)("uses the actions of its policies but for those that docs/aws-access.md lists", () => {
    const unused = pairsOf("unused").map((each) => each.replace("churn-dev-", ""));
    expect(pairsOf("used").length).toBeGreaterThan(60);
    expect(readFileSync(resolve(root, "docs/aws-access.md"), "utf8")).toContain(unusedList(unused));
  });

  // Each takes as long as the run until the action is missed.
  it.runIf(ready && budget(1) > 1)(
    "is denied without any one of them, by name",
    () => {
      for (const pair of pairsOf("used")) {
        const [role = "", action = ""] = pair.split(" ");
        const { status, out, err } = run({ CHURNKIT_WITHOUT: pair });
        expect(status, `without ${pair}: ${err}`).toBe(3);
        const denied = `denied: .*assumed-role/${role}/rehearsal is not authorized to perform: ${action} on resource`;
        expect(out).toMatch(new RegExp(denied));
      }
    },
    budget(400_000),
  );
});
