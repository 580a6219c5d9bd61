import { beforeAll, describe, expect, it } from "vitest";
import { hours } from "../../src/monitor/performance/labeled/join.js";
import { createMonitor, days, type Monitor, type MonitorReport } from "../../src/monitor/index.js";
import type { SyntheticCustomer } from "../../src/data/synthetic.js";
import { customers, feed, labelRules, monitorOf, predictionsOf, start, watchedModel, type Watched } from "./watched.js";

let watched: Watched;
let pool: readonly SyntheticCustomer[];
beforeAll(async () => {
  watched = await watchedModel();
  pool = customers(12_000, 11);
});

const plainMonitor = (): Monitor => createMonitor(watched.baseline, {});

/** Feeds an hour of rows, and reports at its end. */
function hour(
  monitor: Monitor,
  at: number,
  rows: number,
  change = (record: SyntheticCustomer): SyntheticCustomer => record,
): MonitorReport {
  const from = (at * rows) % (pool.length - rows);
  feed(
    monitor,
    predictionsOf(watched, pool.slice(from, from + rows).map(change), hours(1) - 1, start + hours(at), `h${at}-`),
  );
  return monitor.advance(start + hours(at + 1));
}

describe("an hourly monitor", () => {
  it("does not cry wolf on unchanged data, and finds a change within hours, tells of it once, and of its end", () => {
    const monitor = plainMonitor();
    const calm = Array.from({ length: 26 }, (_, at) => hour(monitor, at, 150));
    expect(calm.flatMap(({ raised }) => raised)).toEqual([]);
    expect(calm[25]).toMatchObject({ verdict: "stable", severity: "none", looked: "sequential" });
    const dear = (record: SyntheticCustomer): SyntheticCustomer => ({
      ...record,
      monthlyCharges: Number(record["monthlyCharges"]) + 25,
    });
    const changed = Array.from({ length: 8 }, (_, i) => hour(monitor, 26 + i, 150, dear));
    const told = changed.flatMap(({ raised }, i) =>
      raised.filter(({ subject }) => subject === "monthlyCharges").map(({ severity }) => ({ i, severity })),
    );
    expect(told[0]?.i).toBeLessThan(3);
    // Once as it is, and once more at most when it becomes critical.
    expect(told.length).toBeLessThan(3);
    expect(changed[7]).toMatchObject({ verdict: "drift", severity: "critical" });
    expect(changed[7]?.monitors.dataQuality).toMatchObject({ verdict: "drift", severity: "critical" });
    const after = Array.from({ length: 6 }, (_, i) => hour(monitor, 34 + i, 150));
    expect(after.flatMap(({ cleared }) => cleared)).toContain("dataQuality monthlyCharges");
  });

  it("reports the same again until a period has closed, and tells nothing twice", () => {
    const monitor = plainMonitor();
    for (let at = 0; at < 3; at++) hour(monitor, at, 300, (record) => ({ ...record, totalCharges: 9_000 }));
    const first = hour(monitor, 3, 300, (record) => ({ ...record, totalCharges: 9_000 }));
    const again = monitor.advance(start + hours(4) + 60_000);
    expect(again).toEqual({ ...first, at: new Date(start + hours(4) + 60_000).toISOString(), raised: [], cleared: [] });
  });

  it("says that it cannot judge before a period has closed", () => {
    const monitor = plainMonitor();
    expect(monitor.advance(start)).toMatchObject({
      verdict: "insufficient",
      from: null,
      message: "Nothing could be judged yet.",
    });
    feed(monitor, predictionsOf(watched, pool.slice(0, 100), hours(1)));
    expect(monitor.advance(start + 60_000)).toMatchObject({ verdict: "insufficient", severity: "none" });
    expect(monitor.snapshot().periods).toHaveLength(1);
  });

  it("waits so long for late records as it is told", () => {
    const monitor = createMonitor(watched.baseline, { grace: hours(1) });
    feed(monitor, predictionsOf(watched, pool.slice(0, 100), hours(1)));
    monitor.advance(start + hours(1.5));
    feed(monitor, predictionsOf(watched, pool.slice(100, 120), hours(1)));
    expect(monitor.advance(start + hours(2)).rows.kept).toBe(120);
    feed(monitor, predictionsOf(watched, pool.slice(120, 130), hours(1)));
    expect(monitor.advance(start + hours(3)).skipped.late).toBe(10);
  });

  it("passes over years of silence and a clock that was wrong", () => {
    const monitor = plainMonitor();
    monitor.add(pool[0], 0.2, { at: Date.UTC(1971, 0, 1), id: "old" });
    feed(monitor, predictionsOf(watched, pool.slice(0, 400), hours(1)));
    const began = performance.now();
    const report = monitor.advance(start + hours(2));
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(report.rows.kept).toBe(400);
    expect(monitor.advance(Date.UTC(2040, 0, 1))).toMatchObject({ rows: { kept: 0 }, verdict: "insufficient" });
  });
});

describe("a daily monitor with labels", () => {
  it("alarms when outcomes stop following the predictions, not before the labels are mature", () => {
    const monitor = monitorOf(watched, {
      period: "day",
      labels: { ...labelRules, window: days(5) },
      samples: { attribution: 0 },
    });
    const reports: MonitorReport[] = [];
    for (let day = 0; day < 16; day++) {
      const records = pool.slice(day * 500, day * 500 + 500);
      const predictions = predictionsOf(watched, records, hours(20), start + days(day), `d${day}-`);
      feed(monitor, predictions);
      // From the sixth day on nobody of a one-year contract stays.
      const churned = (record: SyntheticCustomer): boolean =>
        record["churn"] === "Yes" || (day >= 6 && record["contract"] === "One year");
      monitor.addLabels(
        predictions
          .filter(({ record }) => churned(record))
          .map(({ id, at }) => ({ id, time: at + days(2), outcome: 1 as const })),
      );
      reports.push(monitor.advance(start + days(day + 1)));
    }
    const alarmed = reports.map(({ alarms }) => alarms.some((alarm) => alarm.monitor === "modelQuality"));
    expect(alarmed.slice(0, 11)).not.toContain(true);
    expect(alarmed[15]).toBe(true);
    expect(reports[15]?.monitors.modelQuality).toMatchObject({ verdict: "drift" });
    expect(reports[15]?.monitors.dataQuality.verdict).toBe("stable");
    expect(
      reports.flatMap(({ raised }) => raised).filter(({ monitor: name }) => name === "modelQuality").length,
    ).toBeLessThan(3);
    expect(reports[15]?.advice[0]?.monitor).toBe("modelQuality");
  });
});
