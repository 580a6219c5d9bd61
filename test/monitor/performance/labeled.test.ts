import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { permutation, uniform } from "../../../src/base/random.js";
import { joinIssues, type JoinIssue } from "../../../src/monitor/performance/labeled/issues.js";
import type { PeriodCounts } from "../../../src/monitor/performance/labeled/series.js";
import { hours } from "../../../src/monitor/performance/labeled/join.js";
import {
  days,
  joinLabels,
  performanceSeries,
  type LabelRecord,
  type PredictionRecord,
} from "../../../src/monitor/index.js";
import { periodEnd, periodStart } from "../../../src/monitor/performance/labeled/periods.js";

const policy = { window: days(30), delay: days(2), now: "2024-04-01" } as const;
const prediction = (id: string, more: Partial<PredictionRecord> = {}): PredictionRecord => ({
  id,
  time: "2024-01-10",
  probability: 0.7,
  ...more,
});
const issuesOf = (joined: ReturnType<typeof joinLabels>): Partial<Record<JoinIssue, number>> =>
  Object.fromEntries(joined.issues.map(({ issue, count }) => [issue, count]));

describe("joinLabels", () => {
  it.each<[JoinIssue, PredictionRecord[], LabelRecord[], 0 | 1 | null]>([
    ["unknownId", [prediction("a")], [{ id: "b", time: "2024-01-11", outcome: 1 }], null],
    ["futureLabel", [prediction("a")], [{ id: "a", time: "2024-01-11", outcome: 1, recorded: "2024-05-01" }], null],
    ["labelBeforePrediction", [prediction("a")], [{ id: "a", time: "2024-01-09", outcome: 1 }], null],
    ["prematureNegative", [prediction("a")], [{ id: "a", time: "2024-02-08", outcome: 0 }], null],
    ["afterWindow", [prediction("a")], [{ id: "a", time: "2024-02-10", outcome: 1 }], 0],
    ["lateLabel", [prediction("a")], [{ id: "a", time: "2024-01-20", outcome: 1, recorded: "2024-02-12" }], 1],
    [
      "duplicateLabel",
      [prediction("a")],
      [
        { id: "a", time: "2024-01-20", outcome: 1 },
        { id: "a", time: "2024-01-21", outcome: true },
      ],
      1,
    ],
    [
      "conflictingLabel",
      [prediction("a")],
      [
        { id: "a", time: "2024-01-20", outcome: 1 },
        { id: "a", time: "2024-02-09", outcome: 0 },
      ],
      null,
    ],
    ["duplicatePrediction", [prediction("a"), prediction("a")], [], null],
    ["conflictingPrediction", [prediction("a"), prediction("a", { probability: 0.2 })], [], null],
    ["futurePrediction", [prediction("a"), prediction("b", { time: "2024-04-02" })], [], null],
    ["treatedControl", [prediction("a", { treated: true, control: true })], [], null],
    ["invalidId", [prediction("a"), prediction("")], [], null],
    ["invalidId", [prediction("a")], [null as unknown as LabelRecord], null],
    ["invalidTime", [prediction("a"), prediction("b", { time: "2024-02-30" })], [], null],
    ["invalidTime", [prediction("a"), prediction("b", { time: Number.NaN })], [], null],
    ["invalidTime", [prediction("a")], [{ id: "a", time: new Date(Number.NaN), outcome: 1 }], null],
    ["invalidTime", [prediction("a")], [{ id: "a", time: "2024-01-11", outcome: 1, recorded: "soon" }], null],
    ["invalidProbability", [prediction("a"), prediction("b", { probability: 1.01 })], [], null],
    ["invalidProbability", [prediction("a"), prediction("b", { probability: "0.5" as unknown as number })], [], null],
    ["invalidFlag", [prediction("a"), prediction("b", { treated: "yes" as unknown as boolean })], [], null],
    ["invalidOutcome", [prediction("a")], [{ id: "a", time: "2024-01-11", outcome: "churned" as unknown as 1 }], null],
  ])("%s is counted and named", (issue, predictions, labels, outcome) => {
    const joined = joinLabels(predictions, labels, policy);
    expect(issuesOf(joined)).toEqual({ [issue]: 1 });
    expect(joined.issues[0]?.examples).toHaveLength(1);
    expect(joined.rows).toHaveLength(1);
    expect(joined.rows[0]?.outcome).toBe(outcome);
  });

  it("a label on the window's last moment counts either way", () => {
    const at = "2024-02-09";
    expect(joinLabels([prediction("a")], [{ id: "a", time: at, outcome: 1 }], policy).rows[0]?.outcome).toBe(1);
    expect(joinLabels([prediction("a")], [{ id: "a", time: at, outcome: 0 }], policy).rows[0]?.outcome).toBe(0);
  });

  it("takes an absent label as negative only where told so, and only once the window has closed", () => {
    const rows = [prediction("old"), prediction("young", { time: "2024-03-20" })];
    expect(joinLabels(rows, [], policy).rows.map(({ outcome }) => outcome)).toEqual([null, null]);
    const told = joinLabels(rows, [], { ...policy, absent: "negative" }).rows;
    expect(told.map(({ outcome, assumed }) => [outcome, assumed])).toEqual([
      [0, true],
      [null, false],
    ]);
  });

  it("keeps the earliest of conflicting predictions, with every mark", () => {
    const joined = joinLabels([prediction("a", { time: "2024-01-12", treated: true }), prediction("a")], [], policy);
    expect(joined.rows).toMatchObject([{ time: Date.UTC(2024, 0, 10), role: "treated" }]);
  });

  it("gives the same rows and counts whatever the order of the records", () => {
    const text = fc.constantFrom("a", "b", "c", "__proto__", "constructor");
    const time = fc.integer({ min: 0, max: 8 }).map((day) => Date.UTC(2024, 0, 1) + days(10 * day));
    const predictions = fc.array(
      fc.record({ id: text, time, probability: fc.constantFrom(0.1, 0.5, 0.9), treated: fc.boolean() }),
      { maxLength: 8 },
    );
    const labels = fc.array(
      fc.record({ id: text, time, outcome: fc.boolean(), recorded: fc.option(time, { nil: undefined }) }),
      { maxLength: 10 },
    );
    fc.assert(
      fc.property(predictions, labels, fc.nat(1000), (p, l, seed) => {
        const shuffled = <Item>(items: readonly Item[]): Item[] =>
          [...permutation(items.length, seed)].flatMap((i) => items[i] ?? []);
        const one = joinLabels(p, l, policy);
        const two = joinLabels(shuffled(p), shuffled(l), policy);
        expect(two.rows).toEqual(one.rows);
        const steady = (joined: typeof one) =>
          joined.issues.filter(({ issue }) => !issue.endsWith("Prediction")).map(({ issue, count }) => [issue, count]);
        expect(steady(two)).toEqual(steady(one));
      }),
    );
  });

  it.each([
    ["OPTION_INVALID", () => joinLabels([], [], { ...policy, window: 0 })],
    ["OPTION_INVALID", () => joinLabels([], [], { ...policy, window: Number.NaN })],
    ["OPTION_INVALID", () => joinLabels([], [], { ...policy, delay: -1 })],
    ["OPTION_INVALID", () => joinLabels([], [], { ...policy, now: "today" })],
    ["OPTION_INVALID", () => joinLabels([], [], { ...policy, absent: "zero" as "unknown" })],
    ["OPTION_INVALID", () => joinLabels(null as unknown as [], [], policy)],
    ["INPUT_TOO_LARGE", () => joinLabels([prediction("a"), prediction("b")], [], { ...policy, maxRecords: 1 })],
  ])("%s", (code, run) => {
    expect(run).toThrow(expect.objectContaining({ code }) as Error);
  });

  it("names every issue that it declares", () => expect(Object.keys(joinIssues)).toHaveLength(17));
});

describe("periods", () => {
  it.each([
    ["hour", "2024-02-29T23:59:59.999Z", "2024-02-29T23:00:00.000Z", "2024-03-01T00:00:00.000Z"],
    ["day", "2024-02-29T23:59:59.999Z", "2024-02-29T00:00:00.000Z", "2024-03-01T00:00:00.000Z"],
    ["week", "2024-03-03T10:00:00.000Z", "2024-02-26T00:00:00.000Z", "2024-03-04T00:00:00.000Z"],
    ["week", "1969-12-31T10:00:00.000Z", "1969-12-29T00:00:00.000Z", "1970-01-05T00:00:00.000Z"],
    ["month", "2024-12-31T10:00:00.000Z", "2024-12-01T00:00:00.000Z", "2025-01-01T00:00:00.000Z"],
    ["month", "0001-02-10T00:00:00.000Z", "0001-02-01T00:00:00.000Z", "0001-03-01T00:00:00.000Z"],
  ] as const)("%s of %s", (length, time, start, end) => {
    const at = periodStart(Date.parse(time), length);
    expect(new Date(at).toISOString()).toBe(start);
    expect(new Date(periodEnd(at, length)).toISOString()).toBe(end);
  });
});

/** A year of daily predictions of a calibrated model; churn falls evenly into the window. */
function history(count: number, seed: number): { predictions: PredictionRecord[]; labels: LabelRecord[] } {
  const random = uniform(seed);
  const predictions: PredictionRecord[] = [];
  const labels: LabelRecord[] = [];
  for (let i = 0; i < count; i++) {
    const time = Date.UTC(2024, 0, 1) + Math.floor(random() * days(120));
    const probability = random() ** 2;
    const id = `c${i}`;
    const treated = probability > 0.6 && random() < 0.7;
    predictions.push({
      id,
      time,
      probability,
      segment: i % 3 === 0 ? "new" : "old",
      treated,
      control: probability > 0.6 && !treated,
    });
    const offer = treated ? 0.3 : 1;
    if (random() < probability * offer) labels.push({ id, time: time + Math.floor(random() * days(30)), outcome: 1 });
    else labels.push({ id, time: time + days(30), outcome: 0 });
  }
  return { predictions, labels };
}

const accountedFor = ({
  predictions,
  treated,
  untreated,
  labeled,
  unlabeled,
  conflicting,
  immature,
}: PeriodCounts): void => {
  expect(treated + untreated).toBe(predictions);
  expect(labeled + unlabeled + conflicting + immature).toBe(untreated);
};

describe("performanceSeries", () => {
  const { predictions, labels } = history(6000, 4);
  const costs = { falseNegative: 500, falsePositive: 50 };
  const at = (now: string, known = labels): ReturnType<typeof performanceSeries> =>
    performanceSeries(
      joinLabels(
        predictions,
        known.filter(({ time }) => Number(time) <= Date.parse(now)),
        { ...policy, now },
      ),
      {
        threshold: 0.6,
        period: "week",
        costs,
      },
    );
  const all = at("2024-08-01");

  it("estimates every period, and realizes those whose windows have all closed", () => {
    const series = at("2024-03-15");
    expect(series.periods.length).toBeGreaterThan(8);
    for (const period of series.periods) {
      accountedFor(period.counts);
      expect(period.estimated?.rows).toBe(period.counts.untreated);
      expect(period.mature).toBe(Date.parse(period.end) + days(32) <= Date.parse("2024-03-15"));
      expect(period.realized !== null).toBe(period.mature);
      if (!period.mature) expect(period.reason).toContain("not all closed");
    }
    accountedFor(series.counts);
  });

  it("never changes a realized period as time goes by: young churners do not count early", () => {
    const early = at("2024-03-15").periods.filter(({ mature }) => mature);
    expect(early.length).toBeGreaterThan(3);
    for (const period of early)
      expect(all.periods.find(({ start }) => start === period.start)?.realized).toEqual(period.realized);
    // What counting labels as they come would give: in March only churners of February are known.
    const young = joinLabels(
      predictions,
      labels.filter(({ time }) => Number(time) <= Date.parse("2024-03-01")),
      { ...policy, now: "2024-03-01" },
    );
    const february = young.rows.filter(({ time, outcome }) => time >= Date.UTC(2024, 1, 1) && outcome !== null);
    expect(february.length).toBeGreaterThan(20);
    expect(february.every(({ outcome, closed }) => outcome === 1 && !closed)).toBe(true);
  });

  it("agrees with the estimates, since these probabilities are calibrated", () => {
    let inside = 0;
    for (const { estimated, realized, calibration } of all.periods) {
      const { low = 0, high = 0 } = estimated?.values.brier ?? {};
      const value = realized?.values.brier.value ?? Number.NaN;
      if (value >= low && value <= high) inside++;
      expect(calibration?.verdict).not.toBe("drift");
    }
    expect(inside / all.periods.length).toBeGreaterThan(0.8);
  });

  it("keeps treated customers out, and shows the control group beside", () => {
    const treated = predictions.filter((each) => each.treated).length;
    expect(all.counts.treated).toBe(treated);
    expect(all.counts.untreated).toBe(predictions.length - treated);
    for (const { realized, control, counts } of all.periods) {
      expect(realized?.rows).toBe(counts.labeled);
      expect(control?.realized?.rows).toBe(counts.control);
      // Every customer called positive who is left is of the control group.
      expect((realized?.confusion.truePositives ?? 0) + (realized?.confusion.falsePositives ?? 0)).toBe(counts.control);
    }
    // With the offers' effect taken for the model's, precision would look far worse.
    const naive = performanceSeries(
      joinLabels(
        predictions.map((each) => ({ ...each, treated: false })),
        labels,
        { ...policy, now: "2024-08-01" },
      ),
      { threshold: 0.6, period: "month", calibration: false, bootstrap: false },
    ).periods[1];
    const honest = performanceSeries(joinLabels(predictions, labels, { ...policy, now: "2024-08-01" }), {
      threshold: 0.6,
      period: "month",
      bootstrap: false,
    }).periods[1];
    expect(naive?.calibration).toBeNull();
    expect(honest?.realized?.values.precision.value ?? 0).toBeGreaterThan(
      (naive?.realized?.values.precision.value ?? 1) + 0.2,
    );
  });

  it("has a series for each segment, which add up", () => {
    expect(all.segments.map(({ segment }) => segment)).toEqual(["old", "new"]);
    const rows = all.segments
      .flatMap(({ periods }) => periods)
      .reduce((sum, { counts }) => sum + counts.predictions, 0);
    expect(rows).toBe(predictions.length);
    const capped = performanceSeries(joinLabels(predictions, labels, policy), {
      threshold: 0.5,
      period: "month",
      segments: 1,
      calibration: false,
      bootstrap: false,
    });
    expect(capped).toMatchObject({ segmentsLeftOut: 1, segments: [{ segment: "old" }] });
  });

  it("realizes nothing where too few labels have come, and says so", () => {
    const half = at(
      "2024-08-01",
      labels.filter((_, i) => i % 2 === 0),
    );
    expect(half.periods.every(({ realized, reason }) => realized === null && /^Only \d+ of/.test(reason ?? ""))).toBe(
      true,
    );
    expect(half.counts.unlabeled).toBeGreaterThan(1000);
  });

  it("is deterministic JSON without NaN", () => {
    expect(JSON.parse(JSON.stringify(all))).toEqual(all);
    expect(at("2024-08-01")).toEqual(all);
  });

  it("handles no records, treated rows alone, and hours", () => {
    expect(performanceSeries(joinLabels([], [], policy), { threshold: 0.5 })).toMatchObject({
      periods: [],
      segments: [],
      counts: { predictions: 0 },
    });
    const [only] = performanceSeries(joinLabels([prediction("a", { treated: true })], [], policy), {
      threshold: 0.5,
      period: "hour",
    }).periods;
    expect(only).toMatchObject({ estimated: null, realized: null, reason: "Every row was treated.", mature: true });
    expect(Date.parse(only?.end ?? "") - Date.parse(only?.start ?? "")).toBe(hours(1));
  });

  it.each([
    { threshold: 2 },
    { threshold: 0.5, period: "year" as "day" },
    { threshold: 0.5, minimumCoverage: 2 },
    { threshold: 0.5, segments: -1 },
    { threshold: 0.5, costs: { falseNegative: 0, falsePositive: 0 } },
  ])("OPTION_INVALID for %j", (options) => {
    expect(() => performanceSeries(joinLabels([], [], policy), options)).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }) as Error,
    );
  });
});
