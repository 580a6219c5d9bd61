import { describe, expect, it } from "vitest";
import { uniform } from "../../src/base/random.js";
import { compareTables } from "../../src/drift/index.js";
import { tableOf } from "./tables.js";

const RUNS = 400;

/** Columns of two samples from one law: smooth, with ties, skewed with a heap at 0, few values, two levels, many. */
function drawRow(random: () => number): Record<string, number | string> {
  const [u, v] = [random(), random()];
  return {
    smooth: u + v + random(),
    ties: Math.floor(15 * (u + v)),
    heap: random() < 0.4 ? 0 : random() ** 4 * 100,
    few: Math.floor(4 * u * v),
    flag: random() < 0.1 ? "Yes" : "No",
    plan: `plan ${Math.floor(6 * random() ** 2)}`,
    city: `city ${Math.floor(400 * random() ** 2)}`,
  };
}

function draw(n: number, seed: number, missing: number) {
  const random = uniform(seed);
  const rows = Array.from({ length: n }, () => drawRow(random));
  const names = Object.keys(rows[0] ?? {});
  const cells = (name: string) => rows.map((row) => (random() < missing ? null : (row[name] ?? null)));
  return tableOf(Object.fromEntries(names.map((name) => [name, cells(name)])) as Record<string, (number | null)[]>);
}

describe("false alarms on unchanged data", () => {
  /** Each test's p-values at or below 5 %, over all runs, by column and shift. */
  const alarms = new Map<string, number>();
  let verdicts = 0;
  for (let run = 0; run < RUNS; run++) {
    const report = compareTables(draw(300, 2 * run + 1, 0.03), draw(300, 2 * run + 2, 0.03));
    if (report.verdict === "drift") verdicts++;
    for (const { name, shifts } of report.columns) {
      for (const { what, pValue } of shifts) {
        const key = `${name} ${what}`;
        alarms.set(key, (alarms.get(key) ?? 0) + (pValue <= 0.05 ? 1 : 0));
      }
    }
  }

  it.each([...alarms.keys()])("%s: at most 5.5 % of 400 runs at the level 5 %, within sampling error", (key) => {
    // 5.5 % and two standard errors of 400 runs.
    expect((alarms.get(key) ?? RUNS) / RUNS).toBeLessThanOrEqual(0.055 + 2 * Math.sqrt((0.05 * 0.95) / RUNS));
  });

  it("all of them together: at most 5.5 %", () => {
    const total = [...alarms.values()].reduce((sum, count) => sum + count, 0);
    expect(total / (RUNS * alarms.size)).toBeLessThanOrEqual(0.055);
    expect(total).toBeGreaterThan(0);
  });

  it("verdicts over seven columns at once: at most 1 % of the runs, and sampling error", () => {
    expect(verdicts / RUNS).toBeLessThanOrEqual(0.01 + 2 * Math.sqrt(0.0099 / RUNS));
  });

  it("and the same settings see a real shift nearly always", () => {
    let found = 0;
    for (let run = 0; run < 50; run++) {
      const random = uniform(90_000 + run);
      const values = (shift: number): number[] =>
        Array.from({ length: 300 }, () => random() + random() + random() + shift);
      if (compareTables(tableOf({ x: values(0) }), tableOf({ x: values(0.25) })).verdict === "drift") found++;
    }
    expect(found).toBeGreaterThan(45);
  });
});
