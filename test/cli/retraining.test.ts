import { existsSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { register } from "../../src/cli/commands/retraining.js";
import { compareTables } from "../../src/drift/index.js";
import type { FinishedRun } from "../../src/monitor/retraining/retraining-state.js";
import { isAlive, type RetrainingDecision, type RetrainingState } from "../../src/monitor/index.js";
import { filesStore } from "../../src/io/index.js";
import { syntheticContract, tableFromRecords, type Contract } from "../../src/data/index.js";
import { newFolder } from "../helpers/folder.js";
import { runVerb, type Ran } from "../helpers/run-verb.js";

const retraining = (...args: readonly string[]): Promise<Ran> => runVerb(register, ["retraining", ...args]);

const check = async (
  ...args: readonly string[]
): Promise<{ decision: RetrainingDecision; run: FinishedRun | null; code: typeof process.exitCode }> => {
  const { out, code } = await retraining("check", ...args, "--json");
  return { ...(JSON.parse(out) as { decision: RetrainingDecision; run: FinishedRun | null }), code };
};

const place = (folder: string): readonly string[] => ["--store", join(folder, "state")];
/** As `churnkit drift --json` prints it, as far as it counts here. */
const reportOf = (folder: string, psi: number, verdict = "drift"): string => {
  const file = join(folder, "report.json");
  writeFileSync(file, JSON.stringify({ columns: [{ name: "tenure", role: "feature", verdict, psi }] }));
  return file;
};
const contract: Contract = {
  ...syntheticContract,
  target: undefined,
  columns: [
    { name: "tenure", kind: "number", integer: true, role: "feature", nullable: true, optional: true, missing: [] },
  ],
};
const node = (code: string): string => `"${process.execPath}" -e "${code}"`;

describe("churnkit retraining check", () => {
  it("says what it would do, remembers it, and starts nothing without a command", async () => {
    const folder = newFolder();
    const first = await check(...place(folder), "--report", reportOf(folder, 0.4));
    expect(first).toMatchObject({
      decision: { action: "retrain", explanation: "Retrain: PSI 0.4 of tenure is above 0.25." },
      run: null,
      code: undefined,
    });
    const { out } = await retraining("status", ...place(folder));
    expect(out).toContain("no run is in progress");
    expect(out).toContain("PSI 0.4 of tenure is above 0.25");
  });

  it("runs the command once, tells it why, and then waits", async () => {
    const folder = newFolder();
    const proof = join(folder, "proof");
    const command = node(
      `require('fs').appendFileSync('${proof}', process.env.CHURNKIT_TRIGGERS + ' ' + process.env.CHURNKIT_RUN_ID + ';')`,
    );
    const { decision, run, code } = await check(...place(folder), "--report", reportOf(folder, 0.4), "--run", command);
    expect({ decision, run, code }).toMatchObject({
      decision: { action: "retrain" },
      run: { status: "succeeded" },
      code: undefined,
    });
    expect(readFileSync(proof, "utf8")).toBe(`psi ${run?.id ?? ""};`);
    await retraining("request", ...place(folder), "--by", "ada", "--reason", "new prices");
    expect((await check(...place(folder), "--run", command)).run).toMatchObject({
      status: "succeeded",
      triggers: ["manual"],
    });
    expect((await check(...place(folder), "--report", reportOf(folder, 0.5), "--run", command)).decision).toMatchObject(
      { action: "wait", blockedBy: [{ kind: "cooldown" }] },
    );
    expect(readFileSync(proof, "utf8").split(";")).toHaveLength(3);
  });

  it("a critical report was met with nothing to do", async () => {
    const folder = newFolder();
    const report = join(folder, "critical.json");
    const rows = Array.from({ length: 400 }, (_, i) => i);
    const tableOf = (missing: number) =>
      tableFromRecords(
        contract,
        rows.map((i) => ({ tenure: i < missing ? null : (i * 37) % 101 })),
      );
    writeFileSync(report, JSON.stringify(compareTables(tableOf(0), tableOf(300))));
    for (const command of [[], ["--run", node("")]]) {
      const { decision } = await check(...place(folder), "--report", report, ...command);
      expect(decision.action).toBe("skip");
      expect(decision.explanation).toMatch(
        /^No retraining: no trigger is pending\. The report is critical, but this policy does not retrain for that: it retrains only for an accuracy below 0\.8 from 100 labels on or a PSI of a feature above 0\.25\. Drift: Drift in 1 of 1 columns: tenure \(critical\)\. Ask where "tenure" comes from/,
      );
    }
    const { run } = await check(...place(folder), "--report", reportOf(folder, 0.4), "--run", node(""));
    expect(run?.status).toBe("succeeded");
    utimesSync(report, 0, 0);
    expect((await check(...place(folder), "--report", report)).decision.explanation).toMatch(
      /the model before the last retraining\. Make a new report\.$/,
    );
  });

  it("exits 1 where the command fails, and keeps the trigger", async () => {
    const folder = newFolder();
    const { run, code } = await check(
      ...place(folder),
      "--report",
      reportOf(folder, 0.4),
      "--run",
      node("process.exit(3)"),
    );
    expect({ run, code }).toMatchObject({
      run: { status: "failed", detail: "the command ended with exit code 3" },
      code: 1,
    });
    const state = JSON.parse((await retraining("status", ...place(folder), "--json")).out) as RetrainingState;
    expect(state.pending.map(({ kind }) => kind)).toEqual(["psi"]);
  });

  it("starts nothing while it is stopped, and goes on after", async () => {
    const folder = newFolder();
    const proof = join(folder, "proof");
    const command = node(`require('fs').writeFileSync('${proof}', '')`);
    expect((await retraining("stop", ...place(folder), "--by", "ada", "--reason", "audit")).out).toContain("stopped");
    expect((await check(...place(folder), "--report", reportOf(folder, 0.4), "--run", command)).decision.action).toBe(
      "skip",
    );
    expect((await retraining("status", ...place(folder))).out).toContain("stopped by ada");
    expect(existsSync(proof)).toBe(false);
    await retraining("start", ...place(folder));
    expect((await check(...place(folder), "--run", command)).decision.action).toBe("retrain");
    expect(existsSync(proof)).toBe(true);
  });

  it("retrains when enough new labels have come", async () => {
    const folder = newFolder();
    expect((await check(...place(folder), "--new-labels", "0")).decision.action).toBe("skip");
    expect((await check(...place(folder), "--new-labels", "999")).decision.action).toBe("skip");
    expect((await check(...place(folder), "--new-labels", "1000")).decision).toMatchObject({
      action: "retrain",
      explanation: "Retrain: 1000 new labels are at least 1000.",
    });
    await expect(check(...place(folder), "--new-labels", "many")).rejects.toThrow(/whole number/);
  });

  it("takes a policy of its own", async () => {
    const folder = newFolder();
    const policy = join(folder, "policy.json");
    writeFileSync(policy, JSON.stringify({ psi: { above: 0.5 } }));
    expect((await check(...place(folder), "--policy", policy, "--report", reportOf(folder, 0.4))).decision.action).toBe(
      "skip",
    );
  });

  it("takes a policy under its own name alone, so that a switch is heard", async () => {
    const folder = newFolder();
    const policy = join(folder, "policy.json");
    writeFileSync(policy, JSON.stringify({ name: "payments", psi: { above: 0.1 } }));
    await expect(check(...place(folder), "--policy", policy)).rejects.toMatchObject({
      code: "OPTION_INVALID",
      message: expect.stringContaining("--name payments") as string,
    });
    await retraining("stop", ...place(folder), "--name", "payments", "--by", "ada", "--reason", "audit");
    expect(
      (await check(...place(folder), "--name", "payments", "--policy", policy, "--report", reportOf(folder, 0.4)))
        .decision.action,
    ).toBe("skip");
  });

  it("beats where it starts nothing, too", async () => {
    const folder = newFolder();
    await check(...place(folder));
    expect((await isAlive(filesStore(join(folder, "state")), "churn")).alive).toBe(true);
  });

  it("passes over a drift report from before the last run", async () => {
    const folder = newFolder();
    const file = reportOf(folder, 0.4);
    expect((await check(...place(folder), "--report", file, "--run", node("0"))).run?.status).toBe("succeeded");
    expect((await check(...place(folder), "--report", file)).decision.explanation).toContain("no trigger is pending");
    expect(
      (await check(...place(folder), "--report", reportOf(folder, 0.4))).decision.triggers.map(({ kind }) => kind),
    ).toEqual(["psi"]);
  });

  it("refuses a report of a time that has not come, as monitor --now may give it, and remembers nothing of it", async () => {
    const folder = newFolder();
    const file = reportOf(folder, 0.4);
    const nextYear = Date.now() / 1000 + 31_536_000;
    utimesSync(file, nextYear, nextYear);
    await expect(check(...place(folder), "--report", file, "--run", node("0"))).rejects.toMatchObject({
      code: "VALUE_INVALID",
      message: expect.stringContaining("is in the future") as string,
    });
    const state = JSON.parse((await retraining("status", ...place(folder), "--json")).out) as RetrainingState;
    expect([state.pending, state.runs, state.running]).toEqual([[], [], null]);
  });

  it.each([
    ["no file", undefined, "INPUT_NOT_FOUND"],
    ["no JSON", "{torn", "INPUT_MALFORMED"],
    ["no report", "[1]", "INPUT_MALFORMED"],
    ["half a report", `{ "monitors": 3 }`, "INPUT_MALFORMED"],
    ["null", "null", "INPUT_MALFORMED"],
  ])("refuses %s as a report", async (_, text, code) => {
    const folder = newFolder();
    const file = join(folder, "report.json");
    if (text !== undefined) writeFileSync(file, text);
    await expect(retraining("check", ...place(folder), "--report", file)).rejects.toMatchObject({ code });
  });

  it.each([["[]"], ["7"], [`{ "psi": { "above": "much" } }`], [`{ "cooldownHours": -1 }`]])(
    "refuses the policy %s",
    async (text) => {
      const folder = newFolder();
      const policy = join(folder, "policy.json");
      writeFileSync(policy, text);
      await expect(retraining("check", ...place(folder), "--policy", policy)).rejects.toMatchObject({
        code: expect.stringMatching(/^(OPTION_INVALID|INPUT_MALFORMED)$/) as string,
      });
    },
  );
});
