import { beforeAll, describe, expect, it } from "vitest";
import { hashJson } from "../../src/base/hash.js";
import { hours } from "../../src/monitor/performance/labeled/join.js";
import { createMonitor, days, parseMonitorState, type MonitorState } from "../../src/monitor/index.js";
import {
  customers,
  feed,
  label,
  labelRules,
  monitorOf,
  predictionsOf,
  start,
  watchedModel,
  type Prediction,
  type Watched,
} from "./watched.js";

let watched: Watched;
let predictions: readonly Prediction[];
beforeAll(async () => {
  watched = await watchedModel();
  const odd = [{ plan: 7 }, null, "text", { ...customers(1)[0], extraKey: 1, churn: "Yes" }];
  predictions = [
    ...predictionsOf(watched, customers(900), hours(5)),
    ...odd.map((record, i) => ({
      record: record as Prediction["record"],
      probability: null,
      id: `odd${i}`,
      at: start + hours(i),
    })),
  ];
});

const stateOf = (some: readonly Prediction[]): MonitorState => {
  const monitor = monitorOf(watched, { samples: { attribution: 20, predictions: 100 } });
  feed(monitor, some);
  label(
    monitor,
    some.filter(({ id }) => id.startsWith("p")),
  );
  return monitor.snapshot();
};

const text = (state: MonitorState): string => JSON.stringify(state);
/** Every bit of a state, whatever the order of its members. */
const bits = (state: MonitorState): string => hashJson(state);

describe("shards", () => {
  it("merge to what one monitor would have counted, bit for bit, in any order", () => {
    const whole = bits(stateOf(predictions));
    const shards = [0, 1, 2].map((shard) => stateOf(predictions.filter((_, i) => (i * 7919) % 3 === shard)));
    for (const order of [
      [0, 1, 2],
      [2, 0, 1],
    ]) {
      const monitor = monitorOf(watched, { samples: { attribution: 20, predictions: 100 } });
      for (const shard of order) monitor.merge(parseMonitorState(JSON.parse(text(shards[shard] as MonitorState))));
      expect(bits(monitor.snapshot())).toBe(whole);
    }
    expect(bits(stateOf([...predictions].reverse()))).toBe(whole);
  });

  it("report alike", () => {
    const whole = monitorOf(watched);
    feed(whole, predictions);
    const merged = monitorOf(watched);
    for (const shard of [0, 1]) {
      const part = monitorOf(watched);
      feed(
        part,
        predictions.filter((_, i) => i % 2 === shard),
      );
      merged.merge(part.snapshot());
    }
    expect(merged.advance(start + hours(6))).toEqual(whole.advance(start + hours(6)));
  });

  it("are refused under another baseline or other settings, or where both have reported", () => {
    const state = stateOf(predictions.slice(0, 50));
    const other = createMonitor({ ...watched.baseline, rows: { kept: 1, rejected: 0 } }, { labels: labelRules });
    expect(() => other.merge(state)).toThrow(expect.objectContaining({ code: "CONTRACT_MISMATCH" }));
    expect(() => monitorOf(watched, { seed: 5 }).merge(state)).toThrow(/period, seed and samples/);
    const reported = (): MonitorState => {
      const monitor = monitorOf(watched);
      feed(monitor, predictions.slice(0, 50));
      monitor.advance(start + hours(2));
      return monitor.snapshot();
    };
    const first = monitorOf(watched);
    first.merge(reported());
    expect(() => first.merge(reported())).toThrow(/Let one of them report/);
  });

  it("come too late for periods that were closed", () => {
    const monitor = monitorOf(watched);
    feed(monitor, predictions.slice(0, 200));
    monitor.advance(start + hours(1));
    const late = monitorOf(watched);
    feed(late, predictions.slice(0, 100));
    monitor.merge(late.snapshot());
    feed(monitor, predictions.slice(0, 10));
    expect(monitor.snapshot().skipped.late).toBe(110);
    // The other way round: whoever has not reported gives up what the other has closed.
    const other = monitorOf(watched);
    feed(other, predictions.slice(0, 30));
    other.merge(monitor.snapshot());
    expect(other.snapshot().skipped.late).toBe(140);
  });
});

describe("state", () => {
  it("goes on after it was kept as JSON", () => {
    const monitor = monitorOf(watched);
    feed(monitor, predictions.slice(0, 400));
    monitor.advance(start + hours(2));
    const again = monitorOf(watched, { state: parseMonitorState(JSON.parse(text(monitor.snapshot()))) });
    for (const each of [monitor, again]) feed(each, predictions.slice(400));
    expect(again.advance(start + hours(6))).toEqual(monitor.advance(start + hours(6)));
    expect(bits(again.snapshot())).toBe(bits(monitor.snapshot()));
  });

  it("does not grow with the rows", () => {
    const sizes = [2_000, 8_000].map((rows) => {
      const monitor = createMonitor(watched.baseline, { labels: labelRules, samples: { predictions: 500 } });
      feed(monitor, predictionsOf(watched, customers(rows), hours(1)));
      return text(monitor.snapshot()).length;
    });
    // Counts get a digit more; nothing else.
    expect(sizes[1]).toBeLessThan(1.2 * (sizes[0] ?? 0));
  });

  it("does not grow with time", () => {
    const monitor = createMonitor(watched.baseline, {
      period: "day",
      labels: labelRules,
      samples: { predictions: 300 },
    });
    const records = customers(40);
    const sizes: number[] = [];
    for (let day = 0; day < 35; day++) {
      feed(monitor, predictionsOf(watched, records, hours(20), start + days(day), `d${day}-`));
      monitor.advance(start + days(day + 1));
      if (day % 7 === 6 && day > 15) sizes.push(text(monitor.snapshot()).length);
    }
    expect(Math.max(...sizes)).toBeLessThan(1.4 * (sizes[0] ?? 0));
  });

  it.each([
    ["not an object", () => 5],
    ["another format", (state: object) => ({ ...state, format: 2 })],
    ["a count below 0", (state: object) => ({ ...state, skipped: { late: -1 } })],
    [
      "a broken profile",
      (state: MonitorState) => ({
        ...state,
        periods: [{ start: 0, tally: { ...state.periods[0]?.tally, profile: {} } }],
      }),
    ],
    [
      "a probability above 1",
      (state: MonitorState) => ({ ...state, predictions: [{ ...state.predictions[0], probability: 2 }] }),
    ],
  ])("that is broken is refused: %s", (_, broken) => {
    const state = stateOf(predictions.slice(0, 30));
    expect(() => parseMonitorState(JSON.parse(JSON.stringify(broken(state))))).toThrow(
      expect.objectContaining({ name: "ChurnkitError" }),
    );
  });
});
