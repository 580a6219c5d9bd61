import { beforeAll, describe, expect, it } from "vitest";
import type { SyntheticCustomer } from "../../src/data/synthetic.js";
import {
  days,
  decideRetraining,
  monitorSignals,
  newRetrainingState,
  retrainingPolicy,
  type MonitorReport,
} from "../../src/monitor/index.js";
import { monitorReportHtml } from "../../src/report/index.js";
import { customers, feed, label, monitorOf, predictionsOf, start, watchedModel, type Watched } from "./watched.js";

let watched: Watched;
beforeAll(async () => {
  watched = await watchedModel();
});

type Change = (record: SyntheticCustomer) => SyntheticCustomer;

function reportsOf(rows: number, change: Change): readonly [MonitorReport, MonitorReport] {
  const predictions = predictionsOf(watched, customers(rows).map(change), 3_600_000);
  const [once, again] = [monitorOf(watched), monitorOf(watched)];
  for (const monitor of [once, again]) {
    feed(monitor, predictions);
    label(monitor, predictions, () => true);
    monitor.settle();
  }
  return [once.judge(start + days(60)), again.advance(start + 3_600_000)];
}

const changes: Record<string, Change> = {
  "of one group": (record) => ({ ...record, gender: "Female" }),
  "of values far off": (record) => ({ ...record, monthlyCharges: 5000 }),
  "that break the contract": (record) => ({ ...record, monthlyCharges: "a lot" }),
};

describe("few records were critical", () => {
  it.each(Object.entries(changes))("%s", (_, change) => {
    for (const rows of [2, 29]) {
      for (const { verdict, severity, monitors, message, alarms } of reportsOf(rows, change)) {
        expect({ verdict, severity, alarms }).toEqual({ verdict: "insufficient", severity: "none", alarms: [] });
        for (const each of Object.values(monitors))
          expect(each).toMatchObject({ verdict: "insufficient", severity: "none" });
        expect(monitors.dataQuality.lacks).toEqual({ of: "records", have: rows, need: 30 });
        expect(message).toBe(`Nothing could be judged yet: ${rows} of the 30 records needed.`);
      }
    }
  });

  it.each(Object.entries(changes).slice(1))("%s are critical from the minimum sample on", (_, change) => {
    for (const { severity, monitors } of reportsOf(30, change)) {
      expect(severity).toBe("critical");
      expect(monitors.dataQuality.lacks).toBeUndefined();
    }
  });

  it("a critical report never stands beside nothing to do", () => {
    const [report, again] = reportsOf(40, (record) => ({ ...record, monthlyCharges: "a lot" }));
    for (const each of [report, again]) {
      const now = new Date(each.at);
      const { action, explanation } = decideRetraining(
        retrainingPolicy({ accuracy: null }),
        newRetrainingState(now),
        monitorSignals(each),
        now,
      );
      expect(action).toBe("skip");
      expect(explanation).toMatch(
        /^No retraining: .*this policy does not retrain for that: it retrains only for a PSI of a feature above 0\.25\. Data quality: .*Run churnkit validate/s,
      );
    }
  });

  it("says in report and page how many records it takes", async () => {
    const [report] = reportsOf(5, (record) => record);
    expect(report.monitors.modelQuality.lacks).toEqual({ of: "labels", have: 5, need: 30 });
    expect(report.monitors.attribution.lacks).toEqual({ of: "explained records", have: 5, need: 30 });
    expect(report.monitors.bias.lacks).toEqual({ of: "records", have: 5, need: 30 });
    expect(report.advice).toEqual([
      {
        monitor: "dataQuality",
        severity: "none",
        action: "Collect more before you decide, or look at a longer period: 5 of the 30 records needed.",
        columns: [],
      },
    ]);
    expect(await monitorReportHtml(report)).toContain("5 of the 30 labels needed");
  });

  it("an alarm that stands is not ended by a few", () => {
    const monitor = monitorOf(watched);
    feed(
      monitor,
      predictionsOf(
        watched,
        customers(200).map((record) => ({ ...record, monthlyCharges: 5000 })),
        3_600_000,
      ),
    );
    expect(monitor.advance(start + 3_600_000).severity).toBe("critical");
    feed(monitor, predictionsOf(watched, customers(5), 3_600_000, start + 3_600_000, "q"));
    const { severity, cleared } = monitor.advance(start + 2 * 3_600_000);
    expect([severity, cleared]).toEqual(["critical", []]);
  });
});
