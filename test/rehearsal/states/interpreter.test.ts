import { describe, expect, it } from "vitest";
import { virtualClock } from "../../../src/rehearsal/clock.js";
import type { State, StateMachine } from "../../../src/deploy/aws/states/definition.js";
import { StateFault } from "../../../src/rehearsal/states/fault.js";
import { runStateMachine, type StateEvent } from "../../../src/rehearsal/states/interpreter.js";

type Task = (parameters: unknown, signal: AbortSignal) => Promise<unknown>;

/** Runs a machine on a virtual clock. */
async function run(
  machine: StateMachine,
  input: unknown = {},
  tasks: Readonly<Record<string, (clock: ReturnType<typeof virtualClock>) => Task>> = {},
): Promise<{ output?: unknown; fault?: StateFault; log: string[] }> {
  const clock = virtualClock(0);
  const events: StateEvent[] = [];
  const services = {
    clock,
    random: () => 0.5,
    task: (resource: string, parameters: unknown, signal: AbortSignal) => {
      const task = tasks[resource];
      if (task === undefined) throw new StateFault("States.Runtime", `no ${resource}`);
      return task(clock)(parameters, signal);
    },
    log: (event: StateEvent) => void events.push(event),
  };
  const result = await clock
    .until(runStateMachine(machine, input, services, { Execution: { Name: "e1" } }))
    .then((output) => ({ output }))
    .catch((fault: unknown) => {
      if (fault instanceof StateFault) return { fault };
      throw fault;
    });
  return { ...result, log: events.map(({ time, state, type }) => `${time / 1000} ${state} ${type}`) };
}

const one = (state: object): StateMachine => ({ StartAt: "S", States: { S: { ...state, End: true } as State } });
const failing =
  (faults: string[]): (() => Task) =>
  () =>
  () => {
    const fault = faults.shift();
    return fault === undefined ? Promise.resolve("fine") : Promise.reject(new StateFault(fault, "why"));
  };

describe("data flow", () => {
  it("follows InputPath, Parameters, ResultSelector, ResultPath and OutputPath in turn", async () => {
    const state = {
      Type: "Task",
      Resource: "double",
      InputPath: "$.in",
      Parameters: { "n.$": "$.n", "name.$": "$$.Execution.Name", fixed: [1, { "deep.$": "$.list[1]" }] },
      ResultSelector: { "twice.$": "$.value" },
      ResultPath: "$.out.result",
      OutputPath: "$.out",
    };
    const seen: unknown[] = [];
    const { output } = await run(
      one(state),
      { in: { n: 2, list: [7, 8] } },
      {
        double: () => (parameters) => {
          seen.push(parameters);
          return Promise.resolve({ value: (parameters as { n: number }).n * 2, other: 1 });
        },
      },
    );
    expect(seen).toEqual([{ n: 2, name: "e1", fixed: [1, { deep: 8 }] }]);
    expect(output).toEqual({ result: { twice: 4 } });
  });

  it.each([
    ["a result over nothing", { Type: "Pass", Result: 5, ResultPath: null }, { a: 1 }, { a: 1 }],
    ["no input", { Type: "Pass", InputPath: null }, { a: 1 }, {}],
    ["no output", { Type: "Pass", OutputPath: null }, { a: 1 }, {}],
    [
      "a wildcard",
      { Type: "Pass", Parameters: { "all.$": "$.list[*].x" } },
      { list: [{ x: 1 }, { x: 2 }] },
      { all: [1, 2] },
    ],
    ["a filter", { Type: "Pass", InputPath: "$.list[?(@.x > 1)]" }, { list: [{ x: 1 }, { x: 2 }] }, [{ x: 2 }]],
    ["odd names", { Type: "Pass", InputPath: "$['a.b']['it\\'s']" }, { "a.b": { "it's": 3 } }, 3],
  ])("takes %s", async (_, state, input, output) => {
    expect((await run(one(state), input)).output).toEqual(output);
  });

  it.each([
    ["a path to nothing", { Type: "Pass", InputPath: "$.absent" }, {}, "States.ParameterPathFailure"],
    [
      "a path to what every object inherits",
      { Type: "Pass", InputPath: "$.constructor" },
      {},
      "States.ParameterPathFailure",
    ],
    [
      "a result that does not fit",
      { Type: "Pass", Result: 1, ResultPath: "$.a.b" },
      { a: 5 },
      "States.ResultPathMatchFailure",
    ],
    ["a result that is too large", { Type: "Pass", Result: "x".repeat(300_000) }, {}, "States.DataLimitExceeded"],
    [
      "an unknown function",
      { Type: "Pass", Parameters: { "x.$": "States.Nothing($)" } },
      {},
      "States.IntrinsicFailure",
    ],
  ])("fails on %s", async (_, state, input, error) => {
    expect((await run(one(state), input)).fault?.error).toBe(error);
  });

  it("keeps variables from state to state, and not from a branch", async () => {
    const { output } = await run(
      {
        StartAt: "A",
        States: {
          A: { Type: "Pass", Assign: { "count.$": "$.n" }, Next: "B" },
          B: {
            Type: "Parallel",
            Branches: [one({ Type: "Pass", Assign: { count: 99 }, Parameters: { "seen.$": "$count" } })],
            Next: "C",
          },
          C: { Type: "Pass", Parameters: { "branch.$": "$[0].seen", "after.$": "$count" }, End: true },
        },
      },
      { n: 4 },
    );
    expect(output).toEqual({ branch: 4, after: 4 });
  });
});

describe("intrinsic functions", () => {
  it.each([
    ["States.Format('run-{}-{}', $.name, 3)", "run-x-3"],
    ["States.Format('it\\'s {}', null)", "it's null"],
    ["States.StringToJson($.json)", { a: [1] }],
    ["States.JsonToString($.list)", "[3,1,3]"],
    ["States.JsonMerge($.one, $.two, false)", { a: 2, b: 1 }],
    ["States.StringSplit('a,b;;c', ',;')", ["a", "b", "c"]],
    ["States.Array(1, 'a', $.name, null, true)", [1, "a", "x", null, true]],
    ["States.ArrayPartition($.list, 2)", [[3, 1], [3]]],
    ["States.ArrayContains($.list, 1)", true],
    ["States.ArrayRange(1, 9, 3)", [1, 4, 7]],
    ["States.ArrayRange(3, 1, -1)", [3, 2, 1]],
    ["States.ArrayGetItem($.list, 1)", 1],
    ["States.ArrayLength($.list)", 3],
    ["States.ArrayUnique($.list)", [3, 1]],
    ["States.Base64Decode(States.Base64Encode('é'))", "é"],
    ["States.Hash('churn', 'SHA-1')", "bafb5b68a5bd17fb591cbec03078585beb118a90"],
    ["States.MathAdd(-2, 5)", 3],
    ["States.MathRandom(10, 20)", 15],
    ["States.UUID()", "88888888-8888-4888-8888-888888888888"],
    ["States.Format('{}', States.ArrayGetItem(States.Array('p', 'q'), 1))", "q"],
  ])("%s", async (expression, expected) => {
    const input = { name: "x", list: [3, 1, 3], json: '{"a":[1]}', one: { a: 1, b: 1 }, two: { a: 2 } };
    const { output, fault } = await run(one({ Type: "Pass", Parameters: { "value.$": expression } }), input);
    expect(fault?.message).toBeUndefined();
    expect(output).toEqual({ value: expected });
  });

  it.each([
    "States.Format('{}')",
    "States.Format('{}', $)",
    "States.Array(1",
    "States.Array(1 2)",
    "States.MathAdd('1', 2)",
    "States.ArrayRange(1, 2000, 1)",
    "Format('a')",
    "States.UUID() x",
    "States.StringToJson('{\"__proto__\":{}}')",
  ])("refuses %s", async (expression) => {
    const { fault } = await run(one({ Type: "Pass", Parameters: { "value.$": expression } }));
    expect(fault?.error).toBe("States.IntrinsicFailure");
  });
});

describe("choices", () => {
  const input = { n: 5, s: "model-7", t: "2026-01-01T00:00:00Z", yes: true, none: null, m: 5, star: "a*b" };
  const choose = async (rule: object): Promise<unknown> => {
    const { output, fault } = await run(
      {
        StartAt: "C",
        States: {
          C: { Type: "Choice", Choices: [{ ...rule, Next: "Yes" }], Default: "No" },
          Yes: { Type: "Pass", Result: true, End: true },
          No: { Type: "Pass", Result: false, End: true },
        },
      },
      input,
    );
    return fault?.error ?? output;
  };
  it.each([
    [{ Variable: "$.n", NumericEquals: 5 }, true],
    [{ Variable: "$.n", NumericLessThan: 5 }, false],
    [{ Variable: "$.n", NumericGreaterThanEquals: 5 }, true],
    [{ Variable: "$.n", NumericEqualsPath: "$.m" }, true],
    [{ Variable: "$.n", StringEquals: "5" }, false],
    [{ Variable: "$.s", StringMatches: "model-*" }, true],
    [{ Variable: "$.s", StringMatches: "mod.l-*" }, false],
    [{ Variable: "$.star", StringMatches: "a\\*b" }, true],
    [{ Variable: "$.s", StringGreaterThan: "model" }, true],
    [{ Variable: "$.t", TimestampGreaterThan: "2025-12-31T23:59:59Z" }, true],
    [{ Variable: "$.t", TimestampEquals: "2026-01-01T01:00:00+01:00" }, true],
    [{ Variable: "$.yes", BooleanEquals: true }, true],
    [{ Variable: "$.none", IsNull: true }, true],
    [{ Variable: "$.absent", IsPresent: false }, true],
    [{ Variable: "$.absent", IsPresent: true }, false],
    [{ Variable: "$.t", IsTimestamp: true }, true],
    [{ Variable: "$.s", IsNumeric: false }, true],
    [{ And: [{ Variable: "$.n", NumericEquals: 5 }, { Not: { Variable: "$.yes", BooleanEquals: false } }] }, true],
    [
      {
        Or: [
          { Variable: "$.n", NumericEquals: 4 },
          { Variable: "$.s", IsString: true },
        ],
      },
      true,
    ],
    [{ Variable: "$.absent", NumericEquals: 5 }, "States.ParameterPathFailure"],
    [{ Variable: "$.n" }, "States.Runtime"],
  ])("%j is %s", async (rule, expected) => {
    expect(await choose(rule)).toBe(expected);
  });

  it("fails where no rule holds and there is no default", async () => {
    const machine = { StartAt: "C", States: { C: { Type: "Choice", Choices: [] } as State } };
    expect((await run(machine)).fault?.error).toBe("States.NoChoiceMatched");
  });
});

describe("failures", () => {
  const retry = { ErrorEquals: ["Busy"], IntervalSeconds: 10, MaxAttempts: 2, BackoffRate: 3 };

  it("tries again after growing delays, then catches", async () => {
    const machine: StateMachine = {
      StartAt: "S",
      States: {
        S: {
          Type: "Task",
          Resource: "t",
          Retry: [retry],
          Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: "$.error", Next: "Caught" }],
          End: true,
        },
        Caught: { Type: "Pass", End: true },
      },
    };
    const { output, log } = await run(machine, { a: 1 }, { t: failing(["Busy", "Busy", "Busy"]) });
    expect(output).toEqual({ a: 1, error: { Error: "Busy", Cause: "why" } });
    expect(log).toEqual([
      "0 S entered",
      "10 S retried",
      "40 S retried",
      "40 S caught",
      "40 S exited",
      "40 Caught entered",
      "40 Caught exited",
    ]);
  });

  it("counts attempts per retrier, with the longest delay and jitter", async () => {
    const state = {
      Type: "Task",
      Resource: "t",
      Retry: [
        { ErrorEquals: ["A"], MaxAttempts: 1, IntervalSeconds: 100, MaxDelaySeconds: 8, JitterStrategy: "FULL" },
        { ErrorEquals: ["States.TaskFailed"], MaxAttempts: 1 },
      ],
    };
    const { output, log } = await run(one(state), {}, { t: failing(["A", "B"]) });
    expect(output).toBe("fine");
    expect(log).toEqual(["0 S entered", "4 S retried", "5 S retried", "5 S exited"]);
  });

  it("does not let States.ALL catch what the machine itself got wrong", async () => {
    const state = { Type: "Task", Resource: "absent", Catch: [{ ErrorEquals: ["States.ALL"], Next: "S" }] };
    expect((await run(one(state))).fault?.error).toBe("States.Runtime");
  });

  it("ends a task that takes too long, and tells it", async () => {
    let told: unknown;
    const state = {
      Type: "Task",
      Resource: "slow",
      TimeoutSeconds: 60,
      Catch: [{ ErrorEquals: ["States.Timeout"], Next: "S" }],
    };
    const { fault, log } = await run(
      { ...one(state), TimeoutSeconds: 100 },
      {},
      {
        slow: (clock) => (_, signal) => {
          signal.addEventListener("abort", () => (told = (signal.reason as StateFault).error));
          return clock.sleep(1e9);
        },
      },
    );
    expect(told).toBe("States.Timeout");
    expect(log).toContain("60 S caught");
    expect(fault?.error).toBe("States.Timeout");
  });

  it("gives up the other branches with the first failure", async () => {
    const reached: string[] = [];
    const branch = (Resource: string): StateMachine => one({ Type: "Task", Resource });
    const { fault, log } = await run(
      one({ Type: "Parallel", Branches: [branch("bad"), branch("slow")] }),
      {},
      {
        bad: (clock) => async () => {
          await clock.sleep(1000);
          throw new StateFault("Bad", "");
        },
        slow: (clock) => async (_, signal) => {
          await clock.sleep(1e7, signal);
          reached.push("slow");
        },
      },
    );
    expect([fault?.error, reached]).toEqual(["Bad", []]);
    expect(log.at(-1)).toBe("1 S failed");
  });

  it("says why it fails", async () => {
    const { fault } = await run(one({ Type: "Fail", ErrorPath: "$.e", Cause: "because" }), { e: "Mine" });
    expect([fault?.error, fault?.message]).toEqual(["Mine", "because"]);
  });
});

describe("maps and waits", () => {
  it("runs so many items at a time, in order of the items", async () => {
    const state = {
      Type: "Map",
      ItemsPath: "$.items",
      MaxConcurrency: 2,
      ItemSelector: { "i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "all.$": "$.x" },
      ItemProcessor: one({ Type: "Task", Resource: "t" }),
      ResultPath: "$.results",
    };
    const { output, log } = await run(
      one(state),
      { x: 1, items: ["a", "b", "c"] },
      {
        t: (clock) => async (parameters) => {
          await clock.sleep(10_000);
          return parameters;
        },
      },
    );
    expect(output).toMatchObject({
      results: [
        { i: 0, v: "a", all: 1 },
        { i: 1, v: "b", all: 1 },
        { i: 2, v: "c", all: 1 },
      ],
    });
    expect(log.at(-1)).toBe("20 S exited");
  });

  it.each([
    [{ Seconds: 90 }, 90],
    [{ SecondsPath: "$.wait" }, 7],
    [{ Timestamp: "1970-01-01T00:10:00Z" }, 600],
    [{ TimestampPath: "$.at" }, 3600],
  ])("waits %j", async (wait, seconds) => {
    const { log } = await run(one({ Type: "Wait", ...wait }), { wait: 7, at: "1970-01-01T01:00:00Z" });
    expect(log.at(-1)).toBe(`${seconds} S exited`);
  });

  it("stops a machine that goes around for ever", async () => {
    const machine: StateMachine = { StartAt: "S", States: { S: { Type: "Pass", Next: "S" } } };
    expect((await run(machine)).fault?.error).toBe("States.Runtime");
  });
});
