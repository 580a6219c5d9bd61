import { beforeAll, describe, expect, it } from "vitest";
import { hours } from "../../src/monitor/performance/labeled/join.js";
import { createMonitor, monitorPoints, type MonitorLabel, type MonitorReport } from "../../src/monitor/index.js";
import { openPeriodLimit } from "../../src/monitor/counting/open-periods.js";
import { memorySink } from "../../src/io/index.js";
import { customers, feed, monitorOf, predictionsOf, start, watchedModel, type Watched } from "./watched.js";

let watched: Watched;
beforeAll(async () => {
  watched = await watchedModel();
});

/** JSON keeps every member as it is: no NaN, no undefined in a list. */
const isPlain = (report: MonitorReport): void =>
  expect(JSON.parse(JSON.stringify(report))).toEqual(
    JSON.parse(
      JSON.stringify(report, (_, value: unknown) =>
        typeof value === "number" && !Number.isFinite(value) ? "not finite" : value,
      ),
    ),
  );

const good = customers(40);
const cases: readonly [string, (record: Record<string, unknown>) => unknown][] = [
  ["NaN", (record) => ({ ...record, age: NaN })],
  ["Infinity", (record) => ({ ...record, mobileGb: Infinity })],
  ["huge numbers", (record) => ({ ...record, monthlyCharges: 1e300, totalCharges: Number.MAX_VALUE })],
  ["huge integers", (record) => ({ ...record, latePayments: Number.MAX_SAFE_INTEGER })],
  ["texts for numbers", (record) => ({ ...record, age: "old" })],
  ["dates out of range", (record) => ({ ...record, signupDate: "99999-12-31" })],
  ["the first date", (record) => ({ ...record, signupDate: "0001-01-01" })],
  ["one value in every row", () => good[0]],
  ["columns never seen", (record) => ({ ...record, ["x".repeat(500)]: 1, __proto__: null })],
  ["no columns", () => ({})],
  ["no records", () => null],
  ["lists", () => [1, 2]],
  ["texts", () => "customer"],
  ["levels of another case", (record) => ({ ...record, plan: "basic" })],
  ["objects in cells", (record) => ({ ...record, plan: { name: "Basic" } })],
];

describe.each(cases)("records with %s", (_, change) => {
  it.each([40, 1])("are counted, judged and reported without NaN or a throw (%d rows)", async (rows) => {
    const monitor = monitorOf(watched, { samples: { attribution: 5, predictions: 50 } });
    good.slice(0, rows).forEach((record, i) => {
      const made = change(record);
      const probability = watched.model.scorer.scoreRecord(made).probability;
      monitor.add(made, probability, { at: start + i, id: `p${i}` });
    });
    const once = monitor.judge(start + hours(1));
    const sequential = monitor.advance(start + hours(1));
    for (const report of [once, sequential]) isPlain(report);
    expect(once.rows.kept + once.rows.rejected).toBe(rows);
    const sink = memorySink();
    await sink.write(monitorPoints(once));
    expect(sink.points().every(({ value }) => Number.isFinite(value))).toBe(true);
  });
});

describe("what comes with a record", () => {
  it("may be anything", () => {
    const monitor = monitorOf(watched, { version: "2" });
    const [record] = customers(1);
    monitor.add(record, 0.5, { at: "not a time", id: "a" });
    monitor.add(record, 0.5, { at: NaN });
    monitor.add(record, 7, { at: start });
    monitor.add(record, NaN, { at: start });
    monitor.add(record, 0.5, { at: start, id: "" });
    monitor.add(record, 0.5, { at: start, id: "x".repeat(600) });
    monitor.add(record, 0.5, { at: start, version: "1" });
    monitor.add(record, 0.5, { at: start, version: "2", id: "constructor" });
    const { rows, skipped } = monitor.judge(start);
    expect(rows).toEqual({ kept: 5, rejected: 0, unscored: 2 });
    expect(skipped).toMatchObject({ badTime: 2, otherVersion: 1 });
    expect(monitor.snapshot().predictions.map(({ id }) => id)).toEqual(["constructor"]);
  });

  it("may be labels of any kind", () => {
    const monitor = monitorOf(watched);
    const odd = [
      null,
      5,
      {},
      { id: "a" },
      { id: "a", outcome: 2 },
      { id: "a", outcome: 1, time: "never" },
      { id: "", outcome: 1 },
    ];
    monitor.addLabels(odd as MonitorLabel[]);
    monitor.addLabels([
      { id: "a", outcome: 1, time: start },
      { id: "b", outcome: false },
      { id: "a", outcome: 1, time: start },
    ]);
    expect(monitor.snapshot()).toMatchObject({ skipped: { badLabels: 7 }, labels: { length: 2 } });
  });

  it("opens no more periods than fit into 128 MiB, and says what it gave up", () => {
    const monitor = createMonitor(watched.baseline);
    const most = openPeriodLimit(watched.baseline, monitor.settings);
    expect(most).toBeGreaterThan(24 * 14);
    const [record] = customers(1);
    for (let i = 0; i < most + 10; i++) monitor.add(record, 0.5, { at: start + hours(i) });
    const report = monitor.judge(start);
    expect(report.skipped.tooManyPeriods).toBe(10);
    expect(report.message).toContain("10 records were left out, because they span more hours");
    // Another monitor's periods count too.
    const other = createMonitor(watched.baseline);
    other.add(record, 0.5, { at: start - hours(1) });
    expect(() => monitor.merge(other.snapshot())).toThrow(expect.objectContaining({ code: "INPUT_TOO_LARGE" }));
  });

  it("holds fewer periods of a wider table", () => {
    const { baseline } = watched;
    const columns = Array.from({ length: 40 }, (_, i) =>
      baseline.profile.columns.map((column) => ({ ...column, name: `${column.name}${i}` })),
    ).flat();
    const wide = { ...baseline, profile: { ...baseline.profile, columns } };
    const samples = { attribution: 0, predictions: 0 };
    const [some, many] = [openPeriodLimit(baseline, { samples }), openPeriodLimit(wide, { samples })];
    expect(some).toBe(1_000);
    expect(many).toBeLessThan(some / 5);
    // The profile with its cut points, as a state on its way through JSON holds it.
    expect(many * JSON.stringify(wide.profile).length).toBeLessThan(2 ** 27);
    expect(openPeriodLimit(wide, { samples: { attribution: 1_000_000, predictions: 0 } })).toBe(4);
  });
});

describe("one row, or a reference of none", () => {
  it("is insufficient, not wrong", () => {
    const monitor = monitorOf(watched);
    feed(monitor, predictionsOf(watched, customers(1)));
    expect(monitor.judge(start + hours(1))).toMatchObject({ severity: "none" });
    const empty = createMonitor({
      ...watched.baseline,
      profile: { ...watched.baseline.profile, rows: 0, columns: [] },
      bias: null,
      attribution: null,
    });
    feed(empty, predictionsOf(watched, customers(10)));
    isPlain(empty.judge(start + hours(1)));
  });
});
