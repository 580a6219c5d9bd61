import { describe, expect, it } from "vitest";
import { retrainingBlocks, retrainingTriggers } from "../../src/drift/index.js";
import { metricTable, type MetricDefinition } from "../../src/io/index.js";
import { textOf } from "./snippets.js";

const page = textOf("docs/monitoring.md");

/** The rows of the table whose first head is this, without code marks. */
function tableOf(head: string): string[][] {
  const lines = page.split("\n");
  const from = lines.findIndex((line) => line.startsWith(`| ${head} |`));
  expect(from).toBeGreaterThanOrEqual(0);
  const rest = lines.slice(from + 2);
  return rest.slice(0, rest.findIndex((line) => !line.startsWith("|"))).map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", "")));
}

describe("docs/monitoring.md", () => {
  it("names every metric", () => {
    const declared = Object.entries<MetricDefinition>(metricTable).map(([name, { cloudwatch, type, unit, labels = [] }]) => [name, cloudwatch, type, unit, labels.join(", ")]);
    expect(tableOf("metric")).toEqual(declared);
  });

  it("names every trigger and block", () => {
    expect(tableOf("trigger")).toEqual(Object.entries(retrainingTriggers));
    expect(tableOf("held back by")).toEqual(Object.entries(retrainingBlocks));
  });
});
