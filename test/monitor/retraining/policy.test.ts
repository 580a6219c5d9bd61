import { describe, expect, it } from "vitest";
import { defaultRetrainingPolicy, retrainingPolicy } from "../../../src/monitor/retraining/retraining-policy.js";

describe("retrainingPolicy", () => {
  it("fills up from the default, and survives JSON", () => {
    expect(retrainingPolicy()).toEqual(defaultRetrainingPolicy);
    const policy = retrainingPolicy({
      name: "own",
      psi: null,
      schedule: { cron: "0 3 * * 1" },
      budget: { runs: 2, perDays: 7, cost: 10, costPerRun: 5 },
    });
    expect(policy).toMatchObject({ name: "own", accuracy: { below: 0.8 }, schedule: { cron: "0 3 * * 1" } });
    expect(policy).not.toHaveProperty("psi");
    expect(JSON.parse(JSON.stringify(policy))).toEqual(policy);
    expect(retrainingPolicy(JSON.parse(JSON.stringify(policy)) as never)).toMatchObject({ name: "own" });
  });

  it.each<[string, object]>([
    ["color", { color: "red" }],
    ["__proto__", JSON.parse('{"__proto__": 1}') as object],
    ["constructor", { constructor: 1 }],
    ["enabled", { enabled: "yes" }],
    ["enabled", { enabled: null }],
    ["cooldownHours", { cooldownHours: -1 }],
    ["cooldownHours", { cooldownHours: NaN }],
    ["cooldownHours", { cooldownHours: "24" }],
    ["accuracy.below", { accuracy: { below: 80 } }],
    ["accuracy.below", { accuracy: {} }],
    ["accuracy.color", { accuracy: { below: 0.5, color: 1 } }],
    ["accuracy", { accuracy: 0.8 }],
    ["accuracy.minLabels", { accuracy: { below: 0.8, minLabels: 0.5 } }],
    ["psi.above", { psi: { above: Infinity } }],
    ["newLabels.atLeast", { newLabels: { atLeast: 0 } }],
    ["schedule.everyDays", { schedule: { everyDays: 0 } }],
    ["schedule", { schedule: {} }],
    ["schedule", { schedule: { everyDays: 1, cron: "0 0 * * *" } }],
    ["schedule.cron", { schedule: { cron: 5 } }],
    ["schedule.cron", { schedule: { cron: "every day" } }],
    ["budget", { budget: [] }],
    ["budget", { budget: null }],
    ["budget.perDays", { budget: { runs: 1 } }],
    ["budget.runs", { budget: { runs: 1.5, perDays: 1 } }],
    ["budget.costPerRun", { budget: { runs: 1, perDays: 1, cost: 10 } }],
    ["name", { name: "a/b" }],
    ["name", { name: 5 }],
    ["leaseMinutes", { leaseMinutes: 0 }],
  ])("refuses a wrong %s", (path, given) => {
    expect(() => retrainingPolicy(given)).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID", where: expect.objectContaining({ path }) as object }) as Error,
    );
  });

  it("refuses names that a store cannot keep, and what is no object", () => {
    for (const given of [{ name: "../x" }, { name: "" }, null, [], "x"]) {
      expect(() => retrainingPolicy(given as object)).toThrow(
        expect.objectContaining({ code: "OPTION_INVALID" }) as Error,
      );
    }
  });
});
