import { describe, expect, it } from "vitest";
import { uniform } from "../../src/base/random.js";
import { evaluateGate, type Gate, type GateEvidence, type JudgedRows } from "../../src/registry/gates/gate.js";

const bootstrap = { resamples: 200, seed: 1 };
const gate = (changes: object = {}): Gate => ({
  name: "groups",
  requirements: [{ metric: "logLoss", notWorseThan: "champion", perSegment: "plan", ...changes }],
});
const check = (rows: JudgedRows, changes: object = {}) => {
  const [first] = evaluateGate(gate(changes), { metrics: {}, comparison: rows }).checks;
  if (first === undefined) throw new Error("no check");
  return first;
};

/** Labels and two models with noise of their own, by group; `noise` says how much the candidate has in each. */
function groups(
  sizes: Readonly<Record<string, number>>,
  noise: Readonly<Record<string, number>> = {},
  seed = 5,
): JudgedRows {
  const random = uniform(seed);
  const levels = Object.entries(sizes).flatMap(([level, rows]) =>
    Array.from({ length: rows }, () => (level === "null" ? null : level)),
  );
  const labels = Uint8Array.from(levels, () => (random() < 0.4 ? 1 : 0));
  const score = (label: number, amount: number): number =>
    Math.min(0.98, Math.max(0.02, 0.5 + (label - 0.5) * 0.5 + (random() - 0.5) * amount));
  const champion = Float64Array.from(labels, (label) => score(label, 0.9));
  const candidate = Float64Array.from(labels, (label, i) =>
    score(label, Object.hasOwn(noise, String(levels[i])) ? (noise[String(levels[i])] ?? 0.9) : 0.9),
  );
  return {
    labels,
    candidate: { probabilities: candidate, threshold: 0.5 },
    champion: { probabilities: champion, threshold: 0.5 },
    segments: new Map([["plan", levels]]),
    bootstrap,
  };
}

describe("no group gets worse", () => {
  it("finds the group that does, although the whole improves", () => {
    const found = check(groups({ a: 400, b: 400, c: 400 }, { a: 0.3, b: 0.3, c: 2.5 }));
    expect(found.passed).toBe(false);
    expect(found.groups?.map(({ level, rows, judged, passed }) => [level, rows, judged, passed])).toEqual([
      ["a", 400, true, true],
      ["b", 400, true, true],
      ["c", 400, true, false],
    ]);
    const worse = found.groups?.[2];
    expect(worse?.improvement?.value).toBeLessThan(-0.01);
    expect(worse?.improvement?.high).toBeLessThan(0);
    expect(found.reason).toMatch(
      /^log loss by plan: 3 groups judged, worse in "c" 1\.\d{4}, the champion's 0\.\d{4} \(improvement -0\.\d{4}, -0\.\d{4} to -0\.\d{4} over all groups\)$/,
    );
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  });

  it("lets a model pass that is no worse anywhere", () => {
    const found = check(groups({ a: 300, b: 300 }));
    expect(found).toMatchObject({
      passed: true,
      rows: 600,
      reason: "log loss by plan: 2 groups judged, none worse than the champion's by more than 0.01",
    });
    expect(found.improvement?.low).toBeLessThan(found.improvement?.high ?? NaN);
  });

  it("reports groups of few rows, or of one class, as not judged", () => {
    const rows = groups({ a: 300, b: 99, null: 120 });
    const levels = rows.segments?.get("plan") ?? [];
    const labels = rows.labels.map((label, i) => (levels[i] === null ? 0 : label));
    const found = check({ ...rows, labels }, { metric: "auc" });
    expect(found.groups?.map(({ level, rows: size, judged }) => [level, size, judged])).toEqual([
      ["a", 300, true],
      [null, 120, false],
      ["b", 99, false],
    ]);
    expect(found.groups?.[1]).toEqual({
      level: null,
      rows: 120,
      judged: false,
      passed: true,
      observed: null,
      rival: null,
    });
    expect(found.reason).toMatch(/; 2 of fewer than 100 rows, or without a value, not judged$/);
    expect(check(rows, { minRows: 99 }).groups?.filter(({ judged }) => judged)).toHaveLength(3);
  });

  it("does not pass where no group can be judged", () => {
    expect(check(groups({ a: 20, b: 30 }))).toMatchObject({
      passed: false,
      reason: "log loss by plan: no group has 100 rows and a value, so none can be judged",
    });
  });

  it("lists no more than twenty groups that were not judged, the largest ones", () => {
    const sizes = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`g${String(i).padStart(2, "0")}`, i + 1]));
    const found = check(groups({ a: 200, ...sizes }));
    expect(found.groups).toHaveLength(21);
    expect(found.groups?.[1]?.level).toBe("g29");
    expect(found.groupsLeftOut).toBe(10);
  });

  it("takes any label for a group: those of Object's prototype too", () => {
    const found = check(groups({ constructor: 200, toString: 200 }));
    expect(found.groups?.map(({ level }) => level)).toEqual(["constructor", "toString"]);
  });

  it("widens the intervals with the number of groups", () => {
    const rows = groups({ a: 200, b: 200 });
    const two = check(rows).groups?.[0]?.improvement;
    const scattered = rows.segments?.get("plan")?.map((level, i) => (level === "b" ? `b${i}` : level)) ?? [];
    const one = check({ ...rows, segments: new Map([["plan", scattered]]) }).groups?.[0]?.improvement;
    // z of 1 - 0.05 / 4 over that of 1 - 0.05 / 2, from tables of the normal distribution.
    const factor = 2.241403 / 1.959964;
    const width = (interval: typeof one): number => (interval?.high ?? NaN) - (interval?.low ?? NaN);
    expect(width(two) / width(one)).toBeCloseTo(factor, 4);
  });

  it("rarely takes chance for a group that got worse, however many groups there are", () => {
    const names = Array.from({ length: 20 }, (_, i) => `g${i}`);
    const sizes = Object.fromEntries(names.map((name) => [name, 60]));
    const alarms = Array.from({ length: 40 }, (_, seed) =>
      check(groups(sizes, {}, seed + 100), { minRows: 50, margin: 0 }),
    ).filter(({ passed }) => !passed).length;
    // Two are expected of forty at most; without the correction, each would have an alarm with a chance of 40 %.
    expect(alarms).toBeLessThanOrEqual(6);
  });

  it("needs the rows' groups, one for each row", () => {
    const rows = groups({ a: 200 });
    expect(check({ ...rows, segments: undefined })).toMatchObject({
      passed: false,
      reason: "the rows are not grouped by plan, which the gate requires",
    });
    expect(() => check({ ...rows, segments: new Map([["plan", ["a"]]]) })).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }) as Error,
    );
    expect(check({ ...rows, champion: undefined })).toMatchObject({ passed: true, reason: "there is no champion yet" });
    expect(() => check(rows, { minRows: 0 })).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }) as Error);
  });
});

describe("rivals that cannot score every row", () => {
  const rows = groups({ a: 300 });
  const without = (share: number): JudgedRows => ({
    ...rows,
    champion: {
      threshold: 0.5,
      probabilities: (rows.champion?.probabilities ?? new Float64Array()).map((p, i) => (i < share * 300 ? NaN : p)),
    },
  });
  const whole: Gate = { name: "whole", requirements: [{ metric: "auc", notWorseThan: "champion", margin: 1 }] };
  const judged = (comparison: JudgedRows) => evaluateGate(whole, { metrics: {}, comparison }).checks[0];

  it("are compared with on the others, which is said", () => {
    expect(judged(without(0.1))).toMatchObject({
      passed: true,
      rows: 270,
      reason: expect.stringMatching(/; 30 rows that the champion cannot score are left out$/) as string,
    });
  });

  it("are not compared with on a few", () => {
    expect(judged(without(0.6))).toMatchObject({
      passed: false,
      reason: "the champion can score only 120 of the 300 rows",
    });
    expect(judged({ ...rows, champion: undefined, unable: { champion: "it predicts something else" } })).toMatchObject({
      passed: false,
      reason: "the champion cannot be compared: it predicts something else",
    });
  });
});

describe("measures", () => {
  const limits: Gate = {
    name: "limits",
    requirements: [
      { measure: "latencyMs", max: 5 },
      { measure: "bundleBytes", max: 1000 },
    ],
  };
  const judged = (measures: GateEvidence["measures"]) => evaluateGate(limits, { metrics: {}, measures });

  it("are held against limits, also when met exactly", () => {
    expect(judged({ latencyMs: 5, bundleBytes: 1000 }).passed).toBe(true);
    expect(
      judged({ latencyMs: 5.0012345, bundleBytes: 1001 }).checks.map(({ passed, reason }) => [passed, reason]),
    ).toEqual([
      [false, "median time to score one record 5 ms, at most 5 ms is required"],
      [false, "size of the bundle 1001 bytes, at most 1000 bytes is required"],
    ]);
  });

  it("fail where nothing was measured", () => {
    expect(judged({ latencyMs: NaN, bundleBytes: 1 }).passed).toBe(false);
    expect(judged(undefined).checks[0]).toMatchObject({
      passed: false,
      observed: null,
      reason: "the median time to score one record was not measured; at most 5 ms is required",
    });
    const odd = { name: "odd", requirements: [{ measure: "toString", max: 1 }] } as unknown as Gate;
    expect(() => evaluateGate(odd, { metrics: {} })).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }) as Error,
    );
  });
});
