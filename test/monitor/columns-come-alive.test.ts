import { describe, expect, it } from "vitest";
import { defineFeatures, inferDelimited, readDelimited } from "../../src/data/index.js";
import { hours } from "../../src/monitor/performance/labeled/join.js";
import {
  createMonitor,
  monitorBaseline,
  parseMonitorBaseline,
  type MonitorBaseline,
  type MonitorReport,
} from "../../src/monitor/index.js";
import { logistic, train } from "../../src/model/index.js";
import { start } from "./watched.js";

const rows = 300;
type Cell = (row: number) => string | number | boolean | null | undefined;

async function baselineOf(extra: Cell): Promise<MonitorBaseline> {
  const lines = Array.from(
    { length: rows },
    (_, i) => `${(i * 37) % 101},${(i * 37) % 101 > 50 !== (i % 7 === 0) ? "Yes" : "No"},${String(extra(i) ?? "")}`,
  );
  const bytes = new TextEncoder().encode(["spend,churn,extra", ...lines].join("\n"));
  const { contract } = await inferDelimited(bytes, { target: "churn", positive: "Yes" });
  const table = await readDelimited(contract, bytes);
  const { artifact } = await train(defineFeatures(contract), table, {
    learner: logistic(),
    baseline: false,
    workers: 0,
  });
  return parseMonitorBaseline(
    JSON.parse(JSON.stringify(await monitorBaseline({ artifact, table, attributionRows: 0 }))),
  );
}

/** Hour by hour, what the extra column holds; undefined where the caller does not send it. */
function watched(
  baseline: MonitorBaseline,
  ofHours: readonly Cell[],
): { readonly once: MonitorReport; readonly looks: readonly MonitorReport[] } {
  const [once, again] = [createMonitor(baseline), createMonitor(baseline)];
  const looks = ofHours.map((extra, hour) => {
    for (const monitor of [once, again]) {
      for (let i = 0; i < rows; i++)
        monitor.add({ spend: (i * 37) % 101, ...(extra(i) === undefined ? {} : { extra: extra(i) }) }, 0.5, {
          at: start + hours(hour) + i,
        });
    }
    return again.advance(start + hours(hour + 1));
  });
  return { once: once.judge(start + hours(ofHours.length)), looks };
}

const extraOf = ({ monitors }: MonitorReport) =>
  monitors.dataQuality.finding.drift?.columns.find(({ name }) => name === "extra");
const alarmsOf = ({ alarms }: MonitorReport) => alarms.filter(({ subject }) => subject === "extra");

const alive: Record<string, readonly [constant: string | number | boolean | null, Cell]> = {
  category: ["north", (i) => (i % 2 === 0 ? "north" : "south")],
  number: [12.5, (i) => (i % 2 === 0 ? 12.5 : i)],
  boolean: [true, (i) => i % 2 === 0],
  date: ["2024-01-31", (i) => `2024-0${1 + (i % 6)}-15`],
  "column that was empty": [null, (i) => (i % 3 === 0 ? null : "south")],
};

describe("a monitor did not see a column that was constant or empty come alive", () => {
  it.each(Object.entries(alive))("a %s", async (_, [constant, cell]) => {
    const baseline = await baselineOf(() => constant);
    const { once, looks } = watched(baseline, [() => constant, cell]);
    expect(looks.map((look) => alarmsOf(look).map(({ severity }) => severity))).toEqual([[], ["warning"]]);
    expect(extraOf(once)).toMatchObject({ role: "ignored", verdict: "drift", severity: "warning" });
    expect(once.advice).toContainEqual(
      expect.objectContaining({ monitor: "dataQuality", severity: "warning", columns: ["extra"] }),
    );
  });

  it.each(Object.entries(alive))(
    "says nothing where a %s stays as it was, or is not sent at all",
    async (_, [constant]) => {
      const baseline = await baselineOf(() => constant);
      for (const calm of [() => constant, () => undefined, (i: number) => (i % 2 === 0 ? constant : undefined)]) {
        const { once, looks } = watched(baseline, [calm, calm]);
        expect(looks.flatMap(alarmsOf)).toEqual([]);
        expect(extraOf(once)).toBeUndefined();
        // What the model does not read is no part of the quality of its data.
        expect(once.monitors.dataQuality.finding.score).toBe(1);
      }
    },
  );

  it("the alarm ends when the column is as it was again", async () => {
    const [constant, cell] = alive["number"] ?? [null, () => null];
    const { looks } = watched(await baselineOf(() => constant), [cell, () => constant]);
    expect(looks.map((look) => [alarmsOf(look).length, look.cleared])).toEqual([
      [1, []],
      [0, expect.arrayContaining(["dataQuality extra"])],
    ]);
  });
});
