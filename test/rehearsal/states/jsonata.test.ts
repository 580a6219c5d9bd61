import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { State, StateMachine } from "../../../src/deploy/aws/states/definition.js";
import { virtualClock } from "../../../src/rehearsal/clock.js";
import { wireTo } from "../../../src/rehearsal/cloudformation/wire.js";
import { rehearse } from "../../../src/rehearsal/index.js";
import { StateFault } from "../../../src/rehearsal/states/fault.js";
import { runStateMachine } from "../../../src/rehearsal/states/interpreter.js";
import { own, validator } from "../../helpers/state-machines.js";

const Resource = "arn:aws:states:::lambda:invoke";
const start = Date.UTC(2026, 0, 1);

/** Runs a machine whose tasks answer what they are given, unless told otherwise. */
async function run(
  machine: StateMachine,
  input: unknown = {},
  answer: (given: unknown) => unknown = (given) => given,
): Promise<{ output?: unknown; error?: string; cause?: string; seconds: number }> {
  const clock = virtualClock(start);
  const services = { clock, random: () => 0.25, task: (_: string, given: unknown) => Promise.resolve(answer(given)) };
  const result = await clock
    .until(runStateMachine(machine, input, services, { Execution: { Name: "e1" } }))
    .then((output) => ({ output }))
    .catch((fault: unknown) => {
      if (fault instanceof StateFault) return { error: fault.error, cause: fault.message };
      throw fault;
    });
  return { ...result, seconds: (clock.now() - start) / 1000 };
}

const machineOf = (StartAt: string, states: object): StateMachine => ({
  QueryLanguage: "JSONata",
  StartAt,
  States: states as Record<string, State>,
});
const one = (state: object): StateMachine => machineOf("S", { S: { End: true, ...state } });

describe("a state in JSONata", () => {
  it.each<[string, object, unknown, unknown]>([
    ["passes its input on", { Type: "Pass" }, { a: 1 }, { a: 1 }],
    [
      "makes an output",
      { Type: "Pass", Output: ["{% $states.input.a + 1 %}", { b: "{%" }] },
      { a: 1 },
      [2, { b: "{%" }],
    ],
    ["has an output that is an expression", { Type: "Succeed", Output: "{% $sum($states.input) %}" }, [1, 2, 3], 6],
    ["gives arguments", { Type: "Task", Resource, Arguments: { n: "{% $states.input.a %}" } }, { a: 3 }, { n: 3 }],
    ["gives its input", { Type: "Task", Resource }, { a: 3 }, { a: 3 }],
    [
      "reads a result",
      { Type: "Task", Resource, Output: "{% [$states.input.a, $states.result.a] %}" },
      { a: 3 },
      [3, 3],
    ],
    ["reads the context", { Type: "Pass", Output: "{% $states.context.Execution.Name %}" }, {}, "e1"],
    [
      "waits",
      { Type: "Wait", Seconds: "{% $states.input * 2 %}", Output: "{% $now() %}" },
      30,
      "2026-01-01T00:01:00.000Z",
    ],
    ["waits for a time", { Type: "Wait", Timestamp: "{% $states.input %}", Output: "{% $millis() - 1 %}" }, "2026-01-01T01:00:00Z", start + 3_599_999], // prettier-ignore
    ["gives null", { Type: "Pass", Output: "{% null %}" }, {}, null],
  ])("%s", async (_, state, input, output) => {
    expect(await run(one(state), input)).toMatchObject({ output });
  });

  it.each<[string, unknown]>([
    ["$partition([1, 2, 3], 2)", [[1, 2], [3]]],
    ["$range(0, 10, 5)", [0, 5, 10]],
    ["$hash('churn', 'SHA-1')", "bafb5b68a5bd17fb591cbec03078585beb118a90"],
    ["$uuid()", "44444444-4444-4444-8444-444444444444"],
    ["$random()", 0.25],
    ["$random(7) = $random(7) and $random(7) != $random(8)", true],
    ["$parse('{\"a\": [1]}')", { a: [1] }],
    ["$now('[Y]')", "2026"],
    ["($x := 2; $map([1, 2], function($n) { $n * $x }))", [2, 4]],
  ])("knows %s", async (expression, output) => {
    expect(await run(one({ Type: "Pass", Output: `{% ${expression} %}` }))).toMatchObject({ output });
  });

  it.each<[string, object, RegExp]>([
    ["what is not there", { Type: "Pass", Output: "{% $states.input.absent %}" }, /gives nothing/],
    ["a variable that is not there", { Type: "Pass", Assign: { a: "{% $none %}" } }, /gives nothing/],
    ["a result where there is none", { Type: "Pass", Output: "{% $states.result %}" }, /gives nothing/],
    ["kinds that do not fit", { Type: "Pass", Output: "{% 1 + 'a' %}" }, /failed: .*number/],
    ["a slip of the pen", { Type: "Task", Resource, Arguments: "{% $states.input. %}" }, /failed/],
    ["a function", { Type: "Pass", Output: { f: "{% {'deep': $sum} %}" } }, /gives a function/],
    ["a circle", { Type: "Pass", Output: "{% ($f := function($n) { 1 + $f($n) }; $f(1)) %}" }, /recursive/],
    ["evaluation of text", { Type: "Pass", Output: "{% $eval('1') %}" }, /no \$eval/],
    ["a function's own refusal", { Type: "Pass", Output: "{% $hash('a', 'CRC') %}" }, /no hash/],
    ["a wait of no number", { Type: "Wait", Seconds: "{% 'a' %}" }, /Seconds gives "a"/],
    ["a wait for no time", { Type: "Wait", Timestamp: "{% 'noon' %}" }, /Timestamp gives no time/],
    ["a time-out of nothing", { Type: "Task", Resource, TimeoutSeconds: "{% 0 %}" }, /TimeoutSeconds gives 0/],
    ["a condition of no truth", { Type: "Choice", Choices: [{ Condition: "{% 1 %}", Next: "S" }] }, /neither true nor/],
    ["items of no array", { Type: "Map", Items: "{% 'a' %}", ItemProcessor: one({ Type: "Pass" }) }, /no array/],
  ])("fails on %s", async (_, state, cause) => {
    const { error, cause: found } = await run(one(state), {});
    expect(error).toBe("States.QueryEvaluationError");
    expect(found).toMatch(cause);
  });

  it.each<[StateMachine, RegExp]>([
    [one({ Type: "Pass", Parameters: {} }), /S is in JSONata, but has Parameters, which belongs to JSONPath/],
    [one({ Type: "Pass", QueryLanguage: "JSONPath" }), /no state of a machine in JSONata may be/],
    [{ StartAt: "S", States: { S: { Type: "Pass", Output: 1, End: true } } }, /S is in JSONPath, but has Output/],
  ])("has no member of the other language", async (machine, cause) => {
    const { error, cause: found } = await run(machine);
    expect(error).toBe("States.Runtime");
    expect(found).toMatch(cause);
  });
});

/** All kinds of states: orders are priced, in parallel and one by one, and a large one needs an approval. */
const orders = machineOf("Read", {
  Read: {
    Type: "Pass",
    Assign: { customer: "{% $states.input.customer %}", items: "{% $states.input.items %}", rate: 2 },
    Next: "Price",
  },
  Price: {
    Type: "Map",
    Items: "{% $items %}",
    MaxConcurrency: "{% $count($items) %}",
    ItemSelector: { item: "{% $states.context.Map.Item.Value %}", at: "{% $states.context.Map.Item.Index %}" },
    ItemProcessor: {
      StartAt: "One",
      States: {
        One: {
          Type: "Task",
          Resource,
          Arguments: { price: "{% $states.input.item.n * $rate %}", at: "{% $states.input.at %}" },
          TimeoutSeconds: "{% 60 %}",
          // Its own variable of that name, and not the machine's.
          Assign: { total: -1 },
          Output: "{% $states.result.price %}",
          End: true,
        },
      },
    },
    Assign: { total: "{% $sum($states.result) %}" },
    Next: "Large?",
  },
  "Large?": {
    Type: "Choice",
    Choices: [
      {
        Condition: "{% $total > 100 and $exists($customer) %}",
        Assign: { size: "large" },
        Output: { total: "{% $total %}" },
        Next: "Approve",
      },
    ],
    Assign: { size: "small" },
    Output: "{% $total %}",
    Default: "Tell",
  },
  Approve: {
    Type: "Task",
    Resource,
    Arguments: "{% $states.input %}",
    TimeoutSeconds: 60,
    Retry: [{ ErrorEquals: ["Busy"], IntervalSeconds: 30, MaxAttempts: 1 }],
    Catch: [
      {
        ErrorEquals: ["States.ALL"],
        Assign: { reason: "{% $states.errorOutput.Error & ': ' & $states.errorOutput.Cause %}" },
        Output: { refused: "{% $states.input.total %}" },
        Next: "Refused",
      },
    ],
    Next: "Tell",
  },
  Refused: { Type: "Fail", Error: "{% 'Refused.' & $size %}", Cause: "{% $reason %}" },
  Tell: {
    Type: "Parallel",
    Arguments: { size: "{% $size %}" },
    Branches: [
      { StartAt: "Customer", States: { Customer: { Type: "Pass", Output: "{% $customer %}", End: true } } },
      { StartAt: "Team", States: { Team: { Type: "Succeed", Output: "{% $states.input.size %}" } } },
    ],
    Output: { told: "{% $states.result %}", before: "{% $states.input %}" },
    End: true,
  },
});

/** A step that puts something of the data at `r`, in both languages. */
const twin = fc
  .tuple(fc.constantFrom("Pass", "Task", "Parallel", "Map"), fc.constantFrom("a", "a.b", "a.c", "a.c[1]", "n", "s"))
  .map(([Type, path]): readonly [object, object] => {
    const inner = { StartAt: "In", States: { In: { Type: "Pass", End: true } } };
    const own = { Pass: {}, Task: { Resource }, Parallel: { Branches: [inner] }, Map: { ItemProcessor: inner } }[Type];
    const kept = (made: string): object => ({ Output: `{% $merge([$states.input, {'r': ${made}}]) %}` });
    const [there, here] = [`$.${path}`, `{% $states.input.${path} %}`];
    if (Type === "Map")
      return [
        { ItemsPath: "$.a.c", ItemSelector: { "i.$": "$$.Map.Item.Value", "x.$": there }, ResultPath: "$.r" },
        {
          Items: "{% $states.input.a.c %}",
          ItemSelector: { i: "{% $states.context.Map.Item.Value %}", x: here },
          ...kept("$states.result"),
        },
      ].map((each) => ({ Type, ...own, ...each })) as [object, object];
    const made = { Pass: `{'x': $states.input.${path}}`, Task: "$states.result", Parallel: "$states.result[0]" }[Type];
    const selected = Type === "Parallel" ? { ResultSelector: { "x.$": "$[0].x" } } : {};
    return [
      { Type, ...own, Parameters: { "x.$": there }, ...selected, ResultPath: "$.r" },
      { Type, ...own, ...(Type !== "Pass" && { Arguments: { x: here } }), ...kept(made ?? "") },
    ];
  });

/** Steps in a row, a wait with a variable, and a choice. */
const twins = fc.tuple(fc.array(twin, { minLength: 1, maxLength: 4 }), fc.nat(9)).map(([steps, least]) => {
  const rows = steps.map((each, i) => each.map((state) => [`S${i}`, { ...state, Next: `S${i + 1}` }] as const));
  const after = `S${steps.length}`;
  const ends = { Yes: { Type: "Succeed" }, No: { Type: "Fail", Error: "Few" } };
  const [jsonPath, inJsonata] = [0, 1].map((language) => ({
    ...(Object.fromEntries(rows.map((row) => row[language] ?? (["", {}] as const))) as Record<string, object>),
    [after]: {
      Type: "Wait",
      Seconds: least,
      Assign: language === 0 ? { "v.$": "$.n" } : { v: "{% $states.input.n %}" },
      Next: "C",
    },
    C: {
      Type: "Choice",
      Choices: [
        {
          ...(language === 0 ? { Variable: "$v", NumericGreaterThan: least } : { Condition: `{% $v > ${least} %}` }),
          Next: "Yes",
        },
      ],
      Default: "No",
    },
    ...ends,
  }));
  return [
    { ...machineOf("S0", jsonPath ?? {}), QueryLanguage: "JSONPath" as const },
    machineOf("S0", inJsonata ?? {}),
  ] as const;
});

describe("a machine in JSONata", () => {
  it("is one by the validator of the language and by our own checks", () => {
    expect([...validator(orders), ...own(orders)]).toEqual([]);
  });

  it("goes through all kinds of states", async () => {
    const small = { customer: "ann", items: [{ n: 1 }, { n: 4 }] };
    expect(await run(orders, small)).toEqual({ output: { told: ["ann", "small"], before: 10 }, seconds: 0 });
    const large = { customer: "bob", items: [{ n: 60 }] };
    expect(await run(orders, large)).toMatchObject({ output: { told: ["bob", "large"], before: { total: 120 } } });
  });

  it("tries again, and catches errors of tasks and of expressions", async () => {
    const large = { customer: "bob", items: [{ n: 60 }] };
    const failing =
      (error: string): ((given: unknown) => unknown) =>
      (given) => {
        if ("total" in (given as object)) throw new StateFault(error, "no");
        return given;
      };
    const refused = { error: "Refused.large", cause: "Busy: no", seconds: 30 };
    expect(await run(orders, large, failing("Busy"))).toEqual(refused);
    expect(await run(orders, large, failing("Other"))).toMatchObject({ error: "Refused.large", seconds: 0 });
    const { States } = orders;
    const broken = { ...orders, States: { ...States, Approve: { ...States["Approve"], Arguments: "{% 1 + 'a' %}" } } };
    expect(await run(broken as StateMachine, large)).toMatchObject({
      error: "Refused.large",
      cause: expect.stringMatching(/^States.QueryEvaluationError: The expression/) as unknown,
    });
  });

  it("may have its states among those in JSONPath, which hand variables on", async () => {
    const mixed: StateMachine = {
      StartAt: "A",
      States: {
        A: { Type: "Pass", Assign: { "n.$": "$.m" }, Parameters: { "m.$": "$.n" }, Next: "B" },
        B: {
          Type: "Pass",
          QueryLanguage: "JSONata",
          Assign: { n: "{% $n + 1 %}" },
          Output: { was: "{% $n %}", m: "{% $states.input.m %}" },
          Next: "C",
        },
        C: { Type: "Pass", Parameters: { "was.$": "$.was", "is.$": "$n" }, End: true },
      },
    };
    expect(validator(mixed)).toEqual([]);
    expect(await run(mixed, { n: 4 })).toMatchObject({ output: { was: 4, is: 5 } });
  });

  it("does what the same machine in JSONPath does", async () => {
    const data = { a: { b: 1, c: [1, 2, 3] }, n: 5, s: "x" };
    await fc.assert(
      fc.asyncProperty(twins, async ([jsonPath, inJsonata]) => {
        const expected = await run(jsonPath, data);
        expect(await run(inJsonata, data)).toEqual(expected);
        expect(expected.error ?? "Few").toBe("Few");
      }),
      { numRuns: 60 },
    );
  });

  it("runs in the service, as clients reach it", async () => {
    const rehearsal = await rehearse({ functions: { price: (event) => event } });
    const wire = wireTo(rehearsal.url, rehearsal.region);
    const state = { Type: "Task", Resource, Arguments: { FunctionName: "price", Payload: "{% $states.input %}" } };
    const definition = JSON.stringify(one({ ...state, Output: "{% $states.result.Payload %}" }));
    const made = { name: "orders", definition, roleArn: "arn:aws:iam::123456789012:role/states" };
    const { stateMachineArn } = await wire.json("states", "CreateStateMachine", made);
    const { executionArn } = await wire.json("states", "StartExecution", { stateMachineArn, input: '{"n":1}' });
    await rehearsal.clock.advanceTo(rehearsal.clock.now() + 1000);
    const ended = await wire.json("states", "DescribeExecution", { executionArn });
    expect(ended).toMatchObject({ status: "SUCCEEDED", output: '{"n":1}' });
    await rehearsal.close();
  });
});
