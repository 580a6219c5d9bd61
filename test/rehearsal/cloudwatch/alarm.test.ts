import type { PutMetricAlarmInput } from "@aws-sdk/client-cloudwatch";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluateAlarm, type AlarmState } from "../../../src/rehearsal/cloudwatch/alarm.js";
import { evaluateMath } from "../../../src/rehearsal/cloudwatch/math.js";
import { metricData, type MetricData, type Series } from "../../../src/rehearsal/cloudwatch/series.js";

const minute = 60_000;

/** One datum in each minute for each character: X breaches, 0 does not, - is missing. */
function minutes(pattern: string): { data: MetricData; end: number } {
  const data = metricData();
  const signs = pattern.split(" ");
  signs.forEach((sign, i) => {
    if (sign !== "-")
      data.put("N", [{ MetricName: "m", Value: sign === "X" ? 9 : 0, Timestamp: new Date(i * minute) }], 0);
  });
  return { data, end: signs.length * minute };
}

const alarm = (more: Partial<PutMetricAlarmInput>): PutMetricAlarmInput => ({
  AlarmName: "a",
  Namespace: "N",
  MetricName: "m",
  Statistic: "Maximum",
  Period: 60,
  EvaluationPeriods: 3,
  Threshold: 5,
  ComparisonOperator: "GreaterThanThreshold",
  ...more,
});

const treatments = ["missing", "ignore", "breaching", "notBreaching"] as const;
const kept = "former" as const;

describe("missing data, by the tables of CloudWatch's documentation", () => {
  // Three of three.
  it.each([
    ["0 - X - X", ["OK", "OK", "OK", "OK"]],
    ["- - - - 0", ["OK", "OK", "OK", "OK"]],
    ["- - - - -", ["INSUFFICIENT_DATA", kept, "ALARM", "OK"]],
    ["0 X X - X", ["ALARM", "ALARM", "ALARM", "ALARM"]],
    ["- - X - -", ["ALARM", kept, "ALARM", "OK"]],
    ["- - - X -", ["INSUFFICIENT_DATA", kept, "ALARM", "OK"]],
    ["- - - - X", ["INSUFFICIENT_DATA", kept, "ALARM", "OK"]],
  ])("%s, 3 of 3", (pattern, states) => {
    expect(statesOf(pattern, 3)).toEqual(states);
  });
  // Two of three.
  it.each([
    ["0 - X - X", ["ALARM", "ALARM", "ALARM", "ALARM"]],
    ["0 0 X 0 X", ["ALARM", "ALARM", "ALARM", "ALARM"]],
    ["0 - X - -", ["OK", "OK", "ALARM", "OK"]],
    ["- - - - 0", ["OK", "OK", "ALARM", "OK"]],
    ["- - - X -", ["ALARM", kept, "ALARM", "OK"]],
    ["- - - - X", ["INSUFFICIENT_DATA", kept, "ALARM", "OK"]],
  ])("%s, 2 of 3", (pattern, states) => {
    expect(statesOf(pattern, 2)).toEqual(states);
  });

  function statesOf(pattern: string, needed: number): string[] {
    const { data, end } = minutes(pattern);
    return treatments.map((TreatMissingData) => {
      const given = alarm({ TreatMissingData, DatapointsToAlarm: needed });
      const [first, second] = (["OK", "ALARM"] as AlarmState[]).map((former) =>
        evaluateAlarm(given, data, end, former),
      );
      return first === second ? (first ?? "") : kept;
    });
  }
});

describe("thresholds", () => {
  const latency = (value: number): AlarmState => {
    const data = metricData();
    const Values = Array.from({ length: 2000 }, () => value);
    for (let i = 0; i < 5; i++)
      data.put("AWS/SageMaker", [{ MetricName: "ModelLatency", Values, Timestamp: new Date(i * minute) }], 0);
    const given: PutMetricAlarmInput = {
      ...alarm({ Namespace: "AWS/SageMaker", MetricName: "ModelLatency", Threshold: 200_000 }),
      Statistic: undefined,
      ExtendedStatistic: "p99",
    };
    return evaluateAlarm(given, data, 5 * minute, "OK");
  };
  it("is exact to a microsecond", () => {
    expect([latency(199_999), latency(200_000), latency(200_001)]).toEqual(["OK", "OK", "ALARM"]);
  });

  const errorRate = (errors: number, invocations: number): AlarmState => {
    const data = metricData();
    for (let i = 0; i < 5; i++) {
      const Timestamp = new Date(i * minute);
      data.put("AWS/SageMaker", [{ MetricName: "Invocations", Value: invocations, Timestamp }], 0);
      if (errors > 0) data.put("AWS/SageMaker", [{ MetricName: "Invocation5XXErrors", Value: errors, Timestamp }], 0);
    }
    const stat = (MetricName: string): object => ({
      MetricStat: { Metric: { Namespace: "AWS/SageMaker", MetricName }, Period: 60, Stat: "Sum" },
      ReturnData: false,
    });
    const given: PutMetricAlarmInput = {
      AlarmName: "a",
      EvaluationPeriods: 3,
      Threshold: 1,
      ComparisonOperator: "GreaterThanThreshold",
      TreatMissingData: "notBreaching",
      Metrics: [
        { Id: "rate", Expression: "100 * FILL(errors, 0) / invocations", ReturnData: true },
        { Id: "errors", ...stat("Invocation5XXErrors") },
        { Id: "invocations", ...stat("Invocations") },
      ],
    };
    return evaluateAlarm(given, data, 5 * minute, "OK");
  };
  it("knows 0.99 from 1.01 percent", () => {
    expect([errorRate(0, 10_000), errorRate(99, 10_000), errorRate(101, 10_000)]).toEqual(["OK", "OK", "ALARM"]);
  });

  it("does not judge a percentile of too few samples, where the alarm says so", () => {
    const { data, end } = minutes("X X X X X");
    const given = {
      ...alarm({ EvaluateLowSampleCountPercentile: "ignore" }),
      Statistic: undefined,
      ExtendedStatistic: "p99",
    };
    expect(evaluateAlarm(given, data, end, "INSUFFICIENT_DATA")).toBe("INSUFFICIENT_DATA");
    expect(evaluateAlarm({ ...given, EvaluateLowSampleCountPercentile: undefined }, data, end, "OK")).toBe("ALARM");
  });
});

describe("statistics", () => {
  it("agree with plain arithmetic over any values and counts", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: 1, max: 5 })), { minLength: 1 }),
        (pairs) => {
          const data = metricData();
          const datum = {
            MetricName: "m",
            Values: pairs.map(([value]) => value),
            Counts: pairs.map(([, count]) => count),
          };
          data.put("N", [datum], 1);
          const all = pairs
            .flatMap(([value, count]) => Array.from({ length: count }, () => value))
            .sort((a, b) => a - b);
          const of = (name: string): number =>
            data.statistic({ Namespace: "N", MetricName: "m" }, name, { end: minute, period: minute, count: 1 })[0] ??
            NaN;
          expect(of("SampleCount")).toBe(all.length);
          expect(of("Sum")).toBe(all.reduce((a, b) => a + b, 0));
          expect(of("Average")).toBeCloseTo(all.reduce((a, b) => a + b, 0) / all.length, 9);
          expect([of("Minimum"), of("p0")]).toEqual([all[0], all[0]]);
          expect([of("Maximum"), of("p100")]).toEqual([all.at(-1), all.at(-1)]);
          if (all.length % 2 === 1) expect(of("p50")).toBe(all[(all.length - 1) / 2]);
        },
      ),
    );
  });

  it("keep dimensions apart, in any order, and have no percentile of a summary", () => {
    const data = metricData();
    const [a, b] = [
      { Name: "E", Value: "x" },
      { Name: "V", Value: "y" },
    ];
    const StatisticValues = { SampleCount: 2, Sum: 3, Minimum: 1, Maximum: 2 };
    data.put(
      "N",
      [
        { MetricName: "m", Dimensions: [a, b], StatisticValues },
        { MetricName: "m", Value: 7 },
      ],
      1,
    );
    const window = { end: minute, period: minute, count: 1 };
    const metric = { Namespace: "N", MetricName: "m", Dimensions: [b, a] };
    expect(["Average", "Maximum", "p50"].map((name) => data.statistic(metric, name, window)[0])).toEqual([
      1.5,
      2,
      undefined,
    ]);
  });
});

describe("metric math", () => {
  const a: Series = [1, undefined, 3, 4];
  const b: Series = [2, 5, undefined, 8];
  const evaluate = (text: string): Series =>
    evaluateMath(text, {
      count: 4,
      period: 60,
      series: (id) => ({ a, b })[id],
      metrics: () => [a, b],
    });
  it.each([
    ["a + b * 2", [5, undefined, undefined, 20]],
    ["-(a - 1) ^ 2", [0, undefined, -4, -9]],
    ["100 * a / (b - 2)", [undefined, undefined, undefined, (100 * 4) / 6]],
    ["FILL(a, 0) + FILL(b, REPEAT)", [3, 5, 8, 12]],
    ["IF(a > 2, b, 0)", [0, undefined, undefined, 8]],
    ["IF(a > 2 AND NOT a == 4, 1)", [undefined, undefined, 1, undefined]],
    ["SUM(METRICS())", [3, 5, 3, 12]],
    ["MAX([a, b])", [2, 5, 3, 8]],
    ["AVG(a)", [8 / 3, 8 / 3, 8 / 3, 8 / 3]],
    ["DIFF(a)", [undefined, undefined, 2, 1]],
    ["RATE(a) * PERIOD(a)", [undefined, undefined, 1, 1]],
    ["RUNNING_SUM(a)", [1, 1, 4, 8]],
    ["CEIL(a / 2) >= 2", [0, undefined, 1, 1]],
  ])("%s", (text, expected) => {
    expect(evaluate(text)).toEqual(expected);
  });
  it.each([
    "a +",
    "c",
    "SUM(a, b, a)",
    "IF(a)",
    "(a",
    "a b",
    "METRICS()",
    "a $ b",
    "ANOMALY_DETECTION_BAND(a)",
    "FILL(a, LINEAR)",
    'SEARCH("x")',
  ])("refuses %s", (text) => {
    expect(() => evaluate(text)).toThrow(expect.objectContaining({ name: "ValidationException" }));
  });
});
