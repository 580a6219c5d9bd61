import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { ChurnkitError } from "../../src/base/errors.js";
import { uniform } from "../../src/base/random.js";
import {
  driftPolicy,
  policies,
  type PolicyChoice,
  type PolicyName,
  defaultDriftPolicy,
} from "../../src/drift/policy.js";
import { compareTables, type DriftPolicy } from "../../src/drift/index.js";
import { tableOf } from "./tables.js";

const draw = (n: number, seed: number, shift: number): number[] => {
  const random = uniform(seed);
  return Array.from({ length: n }, () => random() + random() + random() + shift);
};
const column = (shift: number, policy: PolicyChoice, n = 4000) =>
  compareTables(tableOf({ x: draw(n, 1, 0) }), tableOf({ x: draw(n, 2, shift) }), { policy }).columns[0];

describe("policies", () => {
  it("are the default with one rule for distributions each", () => {
    expect(driftPolicy()).toEqual(defaultDriftPolicy);
    expect(driftPolicy("psi")).toEqual(policies.psi);
    expect(policies.psi).toMatchObject({
      psi: { warning: 0.1, critical: 0.25 },
      distribution: false,
      jensenShannon: false,
    });
    expect(policies.jensenShannon).toMatchObject({ jensenShannon: { warning: 0.1 }, distribution: false, psi: false });
    expect(policies.ks).toMatchObject({ alpha: 0.05, correction: "none", psi: false });
    expect(driftPolicy({ preset: "psi", alpha: 0.05 })).toEqual({ ...policies.psi, alpha: 0.05 });
  });

  it("judge by their own statistic", () => {
    // A third of a standard deviation: PSI about 0.11, D about 0.13.
    const tests = (shift: number) =>
      (Object.keys(policies) as PolicyName[]).map((name) => [
        name,
        column(shift, name)?.test,
        column(shift, name)?.severity,
      ]);
    expect(tests(0.18)).toEqual([
      ["balanced", "ks", "warning"],
      ["psi", "psi", "warning"],
      ["jensenShannon", "jensenShannon", "warning"],
      ["ks", "ks", "warning"],
    ]);
    expect(tests(0.6).map(([, , severity]) => severity)).toEqual(["critical", "critical", "critical", "critical"]);
    expect(column(0, "psi")).toMatchObject({ verdict: "stable", test: "psi" });
    expect(column(0.18, "psi")?.shifts.map(({ what }) => what)).toEqual(["psi"]);
  });

  it("ks calls any significant shift drift, however small, without correction", () => {
    const small = column(0.02, "ks", 40_000);
    expect(small).toMatchObject({ verdict: "drift", severity: "warning" });
    expect(small?.adjustedP).toBe(small?.pValue);
    expect(column(0.02, "balanced", 40_000)?.verdict).toBe("stable");
  });

  it("leave missing values and new levels out where these are false", () => {
    const before = tableOf({ x: [...draw(300, 3, 0)], plan: draw(300, 4, 0).map(() => "a") });
    const after = tableOf({
      x: draw(300, 3, 0).map((value, i) => (i % 2 ? value : null)),
      plan: draw(300, 4, 0).map(() => "b"),
    });
    const whats = (policy: PolicyChoice) =>
      compareTables(before, after, { policy }).columns.flatMap(({ shifts }) => shifts.map(({ what }) => what));
    expect(whats({})).toEqual(expect.arrayContaining(["missing", "newLevels"]));
    const none: Partial<DriftPolicy> = { missing: false, newLevels: false, rejected: false, concept: false };
    expect(whats(none)).not.toContain("missing");
    expect(whats(none)).not.toContain("newLevels");
    const rejected = [{ row: 1, issues: [] }];
    expect(
      compareTables(
        before,
        { ...before, rejected: rejected.concat(rejected, rejected) },
        { policy: { rejected: false } },
      ).rejected.severity,
    ).toBe("none");
  });

  it.each<[string, unknown]>([
    ["an unknown name", "magic"],
    ["an inherited name", "toString"],
    ["an unknown preset", { preset: "constructor" }],
    ["alpha", { alpha: 0 }],
    ["NaN", { alpha: Number.NaN }],
    ["a correction", { correction: "holm" }],
    ["floors", { psi: null }],
    ["floors of another type", { psi: 0.25 }],
    ["floors out of order", { psi: { warning: 0.3, critical: 0.1 } }],
    ["floors out of range", { jensenShannon: { warning: 0.3, critical: 1.5 } }],
    ["coarsestShift", { coarsestShift: 2 }],
    ["a member that is written otherwise", { preset: "psi", alfa: 0.05 }],
  ])("refuse %s", (_, choice) => {
    const refusal = (): DriftPolicy => driftPolicy(choice as PolicyChoice);
    expect(refusal).toThrow(ChurnkitError);
    expect(refusal).toThrow(/drift policy('s| has no)/);
  });

  it("stand in the docs by name", () => {
    const page = readFileSync(resolve(import.meta.dirname, "../../docs/drift.md"), "utf8");
    const rows = page.split("| policy | judges a distribution by |")[1]?.split("\n").slice(2) ?? [];
    const names = rows
      .slice(
        0,
        rows.findIndex((line) => !line.startsWith("|")),
      )
      .map((line) => /`(\w+)`/.exec(line)?.[1]);
    expect(names).toEqual(Object.keys(policies));
  });
});
