import { beforeAll, describe, expect, it } from "vitest";
import { hours } from "../../src/monitor/performance/labeled/join.js";
import { days, type MonitorReport } from "../../src/monitor/index.js";
import type { SyntheticCustomer } from "../../src/data/synthetic.js";
import type { MonitorName } from "../../src/monitor/judging/findings.js";
import { customers, feed, label, monitorOf, predictionsOf, start, watchedModel, type Watched } from "./watched.js";

let watched: Watched;
beforeAll(async () => {
  watched = await watchedModel();
});

type Change = (record: SyntheticCustomer, i: number) => SyntheticCustomer;

/** One look at 3,000 customers, some days after their outcomes are known. */
function judged(change: Change = (record) => record, churned?: (record: SyntheticCustomer) => boolean): MonitorReport {
  const monitor = monitorOf(watched);
  const predictions = predictionsOf(watched, customers(3000).map(change));
  feed(monitor, predictions);
  label(monitor, predictions, churned);
  return monitor.judge(start + days(40));
}

const verdicts = ({ monitors }: MonitorReport): Record<MonitorName, string> => ({
  dataQuality: monitors.dataQuality.verdict,
  modelQuality: monitors.modelQuality.verdict,
  bias: monitors.bias.verdict,
  attribution: monitors.attribution.verdict,
});

const number = (record: SyntheticCustomer, name: string): number => Number(record[name]);
const with_ =
  (name: string, value: (record: SyntheticCustomer, i: number) => string | number | boolean | null): Change =>
  (record, i) => ({ ...record, [name]: value(record, i) });

describe("unchanged data", () => {
  it("is stable to all four monitors", () => {
    const report = judged();
    expect(verdicts(report)).toEqual({
      dataQuality: "stable",
      modelQuality: "stable",
      bias: "stable",
      attribution: "stable",
    });
    expect(report).toMatchObject({
      verdict: "stable",
      severity: "none",
      looked: "once",
      rows: { kept: 3000, rejected: 0, unscored: 0 },
    });
    expect(report.advice).toEqual([
      { monitor: "dataQuality", severity: "none", action: "Nothing to do. Keep watching.", columns: [] },
    ]);
    expect(report.monitors.modelQuality.finding.outcomes).toMatchObject({
      predictions: 3000,
      immature: 0,
      labeled: 3000,
    });
    expect(report.monitors.dataQuality.finding.score).toBeGreaterThan(0.95);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });
});

describe("injected changes", () => {
  const ofData: readonly [string, string, Change][] = [
    ["mean", "monthlyCharges", with_("monthlyCharges", (record) => number(record, "monthlyCharges") + 12)],
    [
      "variance",
      "usageHoursLastMonth",
      with_("usageHoursLastMonth", (record) => Math.max(0, 38 + 2 * (number(record, "usageHoursLastMonth") - 38))),
    ],
    ["shape", "age", with_("age", (record) => (number(record, "age") > 46 ? 58 : 34))],
    [
      "missing",
      "satisfaction",
      with_("satisfaction", (record, i) => (i % 3 === 0 ? null : (record["satisfaction"] ?? null))),
    ],
    [
      "level swap",
      "contract",
      with_("contract", (record) =>
        record["contract"] === "Month-to-month"
          ? "Two year"
          : record["contract"] === "Two year"
            ? "Month-to-month"
            : "One year",
      ),
    ],
    [
      "unit change",
      "totalCharges",
      with_("totalCharges", (record) =>
        record["totalCharges"] === null ? null : 100 * number(record, "totalCharges"),
      ),
    ],
  ];
  it.each(ofData)("%s of %s is drift of the data", (_, column, change) => {
    const report = judged(change);
    expect(verdicts(report).dataQuality).toBe("drift");
    expect(report.monitors.dataQuality.finding.drift?.features.drifted).toContain(column);
    expect(report.advice.some(({ monitor, columns }) => monitor === "dataQuality" && columns.includes(column))).toBe(
      true,
    );
  });

  it("a new level of a closed category is drift of the data: rows that break the contract", () => {
    const report = judged(with_("region", (record, i) => (i % 12 === 0 ? "Islands" : (record["region"] ?? null))));
    const { dataQuality } = report.monitors;
    expect(dataQuality).toMatchObject({ verdict: "drift", severity: "warning" });
    expect(dataQuality.finding.issues).toEqual([{ column: "region", rule: "level", count: 250 }]);
    expect(report.rows).toMatchObject({ kept: 2750, rejected: 250 });
  });

  it("another share of churners is drift of the model", () => {
    const report = judged(undefined, (record) => record["churn"] === "Yes" || number(record, "mobileGb") > 12);
    expect(verdicts(report)).toMatchObject({ dataQuality: "stable", modelQuality: "drift" });
    const { quality, calibration } = report.monitors.modelQuality.finding;
    expect([quality?.verdict, calibration?.verdict]).toContain("drift");
    expect(report.severity).toBe("critical");
  });

  it("another relation of customers and churn is drift of the model", () => {
    const flipped = (record: SyntheticCustomer): boolean =>
      (record["churn"] === "Yes") !== (record["contract"] === "One year");
    const report = judged(undefined, flipped);
    expect(verdicts(report)).toMatchObject({ dataQuality: "stable", modelQuality: "drift", attribution: "stable" });
    expect(report.monitors.modelQuality.finding.calibration).toMatchObject({ verdict: "drift", severity: "critical" });
    expect(report.advice[0]).toMatchObject({ monitor: "modelQuality", severity: "critical" });
  });

  it("groups that fare otherwise are drift of bias", () => {
    const report = judged((record) =>
      record["gender"] === "Female"
        ? { ...record, monthlyCharges: number(record, "monthlyCharges") + 45, satisfaction: 1 }
        : record,
    );
    expect(verdicts(report).bias).toBe("drift");
    expect(
      report.monitors.bias.finding.calls?.changes.some(
        ({ column, verdict }) => column === "gender" && verdict === "drift",
      ),
    ).toBe(true);
    expect(report.advice.some(({ monitor, columns }) => monitor === "bias" && columns.includes("gender"))).toBe(true);
  });

  it("other columns that move the scores are drift of attribution", () => {
    const report = judged((record, i) => ({
      ...record,
      contract: "One year",
      latePayments: i % 2 === 0 ? 30 : 0,
      mobileGb: i % 2 === 0 ? 90 : 0,
      usageHoursLastMonth: 38,
      usageHoursTwoMonthsAgo: 38,
      usageHoursThreeMonthsAgo: 38,
      satisfaction: 7,
    }));
    expect(verdicts(report).attribution).toBe("drift");
    expect(report.advice.some(({ monitor }) => monitor === "attribution")).toBe(true);
  });
});

describe("outcomes", () => {
  it("count only when they are mature", () => {
    const monitor = monitorOf(watched);
    const predictions = predictionsOf(watched, customers(500));
    feed(monitor, predictions);
    label(monitor, predictions);
    const { finding, verdict } = monitor.judge(start + days(20)).monitors.modelQuality;
    expect(finding).toMatchObject({
      realized: null,
      quality: null,
      outcomes: { predictions: 500, immature: 500, labeled: 0 },
    });
    expect(finding.estimated?.rows).toBe(500);
    expect(verdict).not.toBe("drift");
  });

  it("leave treated customers out, and go by the control group where there is one", () => {
    const monitor = monitorOf(watched);
    const predictions = predictionsOf(watched, customers(1200));
    predictions.forEach(({ record, probability, id, at }, i) =>
      monitor.add(record, probability, { at, id, treated: i % 2 === 0, control: i % 4 === 1 }),
    );
    label(monitor, predictions);
    const { finding } = monitor.judge(start + days(40)).monitors.modelQuality;
    expect(finding).toMatchObject({
      basis: "control",
      outcomes: { predictions: 1200, treated: 600, control: 300, labeled: 600 },
      realized: { rows: 300 },
    });
  });

  it("are judged by the ground truth of whole windows too", () => {
    const monitor = monitorOf(watched, { labels: { window: days(30) } });
    const predictions = predictionsOf(watched, customers(600));
    feed(monitor, predictions);
    monitor.addLabels(predictions.map(({ id, record }) => ({ id, outcome: record["churn"] === "Yes" })));
    const { finding } = monitor.judge(start + days(40)).monitors.modelQuality;
    expect(finding.outcomes).toMatchObject({
      labeled: 600,
      assumed: 0,
      positives: predictions.filter(({ record }) => record["churn"] === "Yes").length,
    });
  });

  it("of customers who are scored every month go to the prediction in whose window they fall", () => {
    const records = customers(600, 21);
    const monitor = monitorOf(watched, { labels: { window: days(30), absent: "negative" } });
    const months = [0, 1, 2].map((month) => predictionsOf(watched, records, hours(4), start + month * days(31)));
    for (const predictions of months) feed(monitor, predictions);
    const churned = (months[2] ?? []).filter(({ record }) => record["churn"] === "Yes");
    monitor.addLabels(churned.map(({ id, at }) => ({ id, time: at + days(10), outcome: 1 as const })));
    const { outcomes } = monitor.judge(start + days(200)).monitors.modelQuality.finding;
    expect(outcomes).toMatchObject({ predictions: 1800, positives: churned.length, labeled: 1800 });
  });

  it("of customers who are scored every hour count about once a window", () => {
    const records = customers(100, 21);
    const monitor = monitorOf(watched, { labels: { window: days(2), absent: "negative" } });
    for (let hour = 0; hour < 96; hour++)
      feed(monitor, predictionsOf(watched, records, hours(1) - 1, start + hours(hour)));
    const { outcomes } = monitor.judge(start + days(30)).monitors.modelQuality.finding;
    expect(outcomes.predictions).toBeGreaterThanOrEqual(200);
    expect(outcomes.predictions).toBeLessThanOrEqual(300);
  });
});
