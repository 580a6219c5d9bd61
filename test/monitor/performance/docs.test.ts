import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { biasMetrics } from "../../../src/monitor/bias/bias-metrics.js";
import { calibrationTests } from "../../../src/monitor/performance/calibration-drift.js";
import { defaultBiasPolicy } from "../../../src/monitor/bias/bias-policy.js";
import { defaultCalibrationPolicy } from "../../../src/monitor/performance/calibration-policy.js";
import { defaultQualityPolicy } from "../../../src/monitor/performance/quality.js";
import { joinIssues } from "../../../src/monitor/performance/labeled/issues.js";
import { performanceMetricNames } from "../../../src/monitor/performance/performance-metrics.js";

const page = (name: string): string => readFileSync(resolve(import.meta.dirname, "../../../docs", name), "utf8");

/** The rows of the table with this head, without code marks. */
function rowsUnder(text: string, head: string): string[][] {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.startsWith(head));
  expect(start, head).toBeGreaterThan(0);
  const rows = lines.slice(start + 2);
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith("|")),
    )
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim().replaceAll("`", "")),
    );
}

describe("tables in the pages equal those in the code", () => {
  const performance = page("performance.md");
  const bias = page("bias.md");

  it("issues of a join", () => {
    const plain = Object.entries(joinIssues).map(([name, meaning]) => [name, meaning.replaceAll("`", "")]);
    expect(rowsUnder(performance, "| issue |")).toEqual(plain);
  });

  it("calibration tests and their floors", () => {
    const { level, shape, score } = defaultCalibrationPolicy;
    expect(rowsUnder(performance, "| test | of |").map((row) => row.slice(0, 4))).toEqual(
      Object.entries({ level, shape, score }).map(([name, { warning, critical }]) => [
        name,
        calibrationTests[name as keyof typeof calibrationTests],
        String(warning),
        String(critical),
      ]),
    );
  });

  it("floors of model quality, all of metrics that there are", () => {
    const floors = Object.entries(defaultQualityPolicy.floors);
    expect(rowsUnder(performance, "| metric | warning")).toEqual(
      floors.map(([name, { warning, critical }]) => [name, String(warning), String(critical)]),
    );
    expect(performanceMetricNames).toEqual(expect.arrayContaining(floors.map(([name]) => name)));
  });

  it("bias metrics", () => {
    expect(rowsUnder(bias, "| metric | of |")).toEqual(
      Object.entries(biasMetrics).map(([name, { stage, label, interval }]) => [name, stage, label, interval]),
    );
  });

  it("the bias policy", () => {
    const allowed = Object.entries(defaultBiasPolicy.allowed).map(([name, [low, high]]) => [
      name,
      String(low),
      String(high),
    ]);
    expect(rowsUnder(bias, "| metric | allowed")).toEqual(allowed);
  });
});
