import { describe, expect, it } from "vitest";
import { inputOf } from "../../../src/rehearsal/events/input.js";
import { readPattern } from "../../../src/rehearsal/events/pattern.js";
import { readSchedule, watchSchedule } from "../../../src/rehearsal/events/schedule.js";
import { virtualClock } from "../../../src/rehearsal/clock.js";

const event = {
  source: "aws.sagemaker",
  resources: ["arn:a", "arn:b"],
  detail: { name: "churn-prod", count: 7, state: { value: "ALARM" }, empty: null, text: 'say "x"' },
};

describe("event patterns", () => {
  it.each([
    [{}, true],
    [{ source: ["aws.sagemaker", "aws.s3"] }, true],
    [{ source: ["aws.s3"] }, false],
    [{ resources: ["arn:b"] }, true],
    [{ detail: { state: { value: ["ALARM"] } } }, true],
    [{ detail: { state: { value: ["OK"] } } }, false],
    [{ detail: { name: [{ prefix: "churn-" }] } }, true],
    [{ detail: { name: [{ suffix: "-dev" }] } }, false],
    [{ detail: { name: [{ wildcard: "*rn-p*d" }] } }, true],
    [{ detail: { name: [{ "equals-ignore-case": "CHURN-PROD" }] } }, true],
    [{ detail: { name: [{ "anything-but": ["churn-dev"] }] } }, true],
    [{ detail: { name: [{ "anything-but": { prefix: "churn" } }] } }, false],
    [{ detail: { count: [{ numeric: [">", 5, "<=", 7] }] } }, true],
    [{ detail: { count: [{ numeric: [">", 7] }] } }, false],
    [{ detail: { count: ["7"] } }, false],
    [{ detail: { empty: [null] } }, true],
    [{ detail: { absent: [{ exists: false }] } }, true],
    [{ detail: { name: [{ exists: true }] } }, true],
    [{ detail: { constructor: [{ exists: true }] } }, false],
    [{ $or: [{ source: ["aws.s3"] }, { detail: { count: [7] } }] }, true],
  ])("%j: %s", (pattern, expected) => {
    expect(readPattern(pattern)(event)).toBe(expected);
  });
  it.each([
    [{ source: ["other"], detail: { ip: [{ cidr: "10.0.0.0/8" }] } }],
    [{ detail: { n: [{ numeric: ["~", 1] }] } }],
    [{ source: "text" }],
    [[]],
  ])("refuses %j", (pattern) => {
    expect(() => readPattern(pattern)).toThrow(expect.objectContaining({ name: "ValidationException" }));
  });
});

describe("the input of a target", () => {
  const target = { Id: "t", Arn: "a" };
  it.each([
    [{}, event],
    [{ Input: '{"fixed":1}' }, { fixed: 1 }],
    [{ InputPath: "$.detail.count" }, 7],
    [
      {
        InputTransformer: {
          InputPathsMap: { n: "$.detail.name", c: "$.detail.count", t: "$.detail.text" },
          InputTemplate: '{"text": "model <n> \\"<c>\\" <t>", "count": <c>, "name": <n>, "none": "a<b"}',
        },
      },
      { text: 'model churn-prod "7" say "x"', count: 7, name: "churn-prod", none: "a<b" },
    ],
    [
      { InputTransformer: { InputPathsMap: { n: "$.detail.name" }, InputTemplate: "Model <n> is ill." } },
      'Model "churn-prod" is ill.',
    ],
  ])("%j", (given, expected) => {
    expect(inputOf({ ...target, ...given }, event)).toEqual(expected);
  });
});

describe("schedules", () => {
  const start = Date.UTC(2026, 1, 27, 2, 30, 15);
  const times = async (expression: string, count: number): Promise<string[]> => {
    const clock = virtualClock(start);
    const seen: string[] = [];
    const stop = watchSchedule(clock, readSchedule(expression), () => {
      seen.push(new Date(clock.now()).toISOString().slice(0, 16));
      if (seen.length === count) stop();
    });
    await clock.advanceTo(start + 5 * 366 * 86_400_000);
    return seen;
  };
  it.each([
    ["rate(1 hour)", ["2026-02-27T03:30", "2026-02-27T04:30"]],
    ["rate(7 days)", ["2026-03-06T02:30", "2026-03-13T02:30"]],
    ["cron(0 3 ? * MON *)", ["2026-03-02T03:00", "2026-03-09T03:00"]],
    ["cron(0/15 2-3 * * ? *)", ["2026-02-27T02:45", "2026-02-27T03:00", "2026-02-27T03:15"]],
    ["cron(30 2 1 JAN,APR,JUL,OCT ? *)", ["2026-04-01T02:30", "2026-07-01T02:30"]],
    ["cron(0 0 29 2 ? *)", ["2028-02-29T00:00"]],
    ["cron(0 0 * * ? 2027)", ["2027-01-01T00:00", "2027-01-02T00:00"]],
    ["cron(31 2 27 2 ? 2026)", ["2026-02-27T02:31"]],
  ])("%s", async (expression, expected) => {
    expect((await times(expression, expected.length)).slice(0, expected.length)).toEqual(expected);
  });
  it.each(["rate(0 hours)", "rate(1 week)", "cron(0 3 * * *)", "cron(0 25 * * ? *)", "cron(0 0 L * ? *)", "at(x)"])(
    "refuses %s",
    (expression) => {
      expect(() => readSchedule(expression)).toThrow(expect.objectContaining({ name: "ValidationException" }));
    },
  );
});
