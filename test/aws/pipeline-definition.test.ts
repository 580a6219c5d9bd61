import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pipelineDefinition, refs, steps } from "../../src/deploy/aws/index.js";
import type { DefinedStep } from "../../src/deploy/aws/pipeline/step.js";
import { awsTarget } from "../helpers/aws-target.js";
import { budget } from "../helpers/budget.js";
import { awsPython } from "../helpers/moto.js";
import { stepProblems } from "../helpers/pipeline-steps.js";

const ready = await awsPython("pipeline steps against botocore's models");

const instanceType = "ml.m5.large";
const processing = (name: string, ...from: ReturnType<typeof refs.output>[]): DefinedStep =>
  steps.processing(
    name,
    awsTarget,
    {
      instanceType,
      inputs: Object.fromEntries(from.map((uri, i) => [`in${i}`, { uri }])),
      outputs: { out: { uri: "s3://b/out" } },
    },
    { files: { report: { output: "out", path: "report.json" } } },
  );
const first = processing("First");
const define = (...list: DefinedStep[]) =>
  pipelineDefinition({ parameters: { Uri: { type: "String", default: "s3://b/k" } }, steps: list });
const truth = [{ type: "Equals", left: refs.parameter("Uri"), right: "x" }] as const;

describe("pipelineDefinition", () => {
  it("takes references to parameters, earlier steps, their files and the execution", () => {
    const { Steps, Parameters } = define(
      first,
      processing("Second", refs.parameter("Uri"), refs.output("First", "out"), refs.execution("PipelineArn")),
      steps.condition("Check", [{ type: "LessThan", left: refs.jsonGet("First", "report", "auc"), right: 0.5 }], {
        if: [processing("Inner", refs.output("Second", "out"))],
        else: [steps.fail("Refused", refs.join(" ", ["not", refs.parameter("Uri")]), { after: ["Second"] })],
      }),
      steps.lambda("Last", { function: "arn:aws:lambda:us-east-1:123456789012:function:f" }, { after: ["Check"] }),
    );
    expect(Steps.map(({ Name }) => Name)).toEqual(["First", "Second", "Check", "Last"]);
    expect(Parameters).toEqual([{ Name: "Uri", Type: "String", DefaultValue: "s3://b/k" }]);
  });

  it.skipIf(!ready)("makes transform and model steps that AWS's model takes", () => {
    const model = steps.model("Model", awsTarget, { data: "s3://b/model.tar.gz" });
    const transform = steps.transform("Score", awsTarget, {
      model: refs.property("Model", "ModelName"),
      input: { uri: refs.parameter("Uri"), contentType: "text/csv", split: "Line" },
      output: { uri: "s3://b/scores" },
      instanceType,
    });
    expect(stepProblems(define(model, transform).Steps)).toEqual([]);
    expect(transform.Arguments).toHaveProperty("ModelName", { Get: "Steps.Model.ModelName" });
    expect(model.Arguments).not.toHaveProperty("ModelName");
  });

  const uri = refs.output("First", "out");
  const inBranch = steps.condition("Check", truth, { if: [first] });
  it.each<[string, DefinedStep[], RegExp]>([
    ["no steps", [], /no steps/],
    ["a name twice", [first, first], /"First" occurs twice/],
    ["a name twice, in a branch", [first, inBranch], /"First" occurs twice/],
    [
      "an unknown parameter",
      [processing("A", refs.parameter("Url"))],
      /refers to Parameters\.Url, but the pipeline has no such parameter/,
    ],
    ["an unknown step", [processing("A", refs.output("B", "out"))], /refers to Steps\.B.*no earlier step/],
    ["a later step", [processing("A", uri), first], /"A" refers to Steps\.First/],
    ["itself", [processing("First", uri)], /"First" refers to Steps\.First/],
    ["a step in a branch", [inBranch, processing("A", uri)], /"A" refers to Steps\.First.*always ran/],
    [
      "a step in the other branch",
      [steps.condition("C", truth, { if: [first], else: [processing("A", uri)] })],
      /"A" refers/,
    ],
    ["an unknown output", [first, processing("A", refs.output("First", "outs"))], /but the step has the outputs out/],
    ["an unknown file", [first, steps.fail("F", refs.jsonGet("First", "reports", "a"))], /no such property file/],
    ["an unknown fact", [processing("A", { Get: "Execution.Id" })], /an execution has PipelineName/],
    ["another place", [processing("A", { Get: "Step.A.B" })], /which is not Parameters\.NAME/],
    [
      "a reference deep in a join",
      [steps.fail("F", refs.join("", [refs.join("", [refs.parameter("X")])]))],
      /Parameters\.X/,
    ],
    [
      "waiting for a later step",
      [processing("A"), steps.fail("F", "no", { after: ["B"] }), processing("B")],
      /waits for B, which is no earlier step/,
    ],
    [
      "waiting for a step in a branch",
      [inBranch, steps.fail("F", "no", { after: ["First"] })],
      /only under a condition/,
    ],
    [
      "a job's name",
      [{ ...first, Arguments: { ...first.Arguments, ProcessingJobName: "x" } }],
      /argument ProcessingJobName/,
    ],
    [
      "a file outside the outputs",
      [{ ...first, PropertyFiles: [{ PropertyFileName: "a", OutputName: "b", FilePath: "c" }] }],
      /property file in b/,
    ],
    ["a megabyte", [steps.fail("F", refs.join("", ["x".repeat(2 ** 20)]))], /SageMaker takes 1048576/],
  ])("refuses %s", (_what, list, message) => {
    expect(() => define(...list)).toThrow(message);
    expect(() => define(...list)).toThrow(expect.objectContaining({ code: "PIPELINE_INVALID" }) as Error);
  });

  it("takes steps in any order in which each comes after those it refers to, and in no other", () => {
    const graph = fc
      .integer({ min: 2, max: 8 })
      .chain((n) =>
        fc.tuple(
          fc.array(fc.array(fc.nat(n - 1), { maxLength: 3 }), { minLength: n, maxLength: n }),
          fc.shuffledSubarray([...Array(n).keys()], { minLength: n, maxLength: n }),
        ),
      );
    fc.assert(
      fc.property(graph, ([edges, order]) => {
        // An edge leads to a lower number, so that the numbers are an order.
        const needs = edges.map((to, i) => to.filter((j) => j < i));
        const list = order.map((i) => processing(`S${i}`, ...(needs[i] ?? []).map((j) => refs.output(`S${j}`, "out"))));
        const isInOrder = order.every((i, at) => (needs[i] ?? []).every((j) => order.indexOf(j) < at));
        if (isInOrder) expect(define(...list).Steps).toHaveLength(list.length);
        else expect(() => define(...list)).toThrow(/refers to/);
      }),
      { numRuns: budget(60) },
    );
  });

  it.each([
    [{ type: "Integer", default: 0.5 }, /whole number/],
    [{ type: "Float", default: "0.5" }, /finite number/],
    [{ type: "Number" }, /one of String, Integer, Float, Boolean/],
    [{ type: "String", default: "c", choices: ["a", "b"] }, /default is not one of a, b/],
    [{ type: "Float", choices: ["a"] }, /belongs to a text/],
  ])("refuses the parameter %j", (parameter, message) => {
    expect(() => pipelineDefinition({ parameters: { P: parameter as never }, steps: [first] })).toThrow(message);
  });
});

describe("options of steps", () => {
  it.each<[string, () => unknown, RegExp]>([
    ["a step's name", () => processing("a b"), /step\.name must be 1 to 64 letters/],
    ["a duration", () => training({ cache: "30 days" }), /a duration such as "P30D"/],
    ["a retry without end", () => training({ retries: [{ errors: ["Step.THROTTLING"] }] }), /give attempts or minutes/],
    ["21 attempts", () => training({ retries: [{ errors: ["Step.THROTTLING"], attempts: 21 }] }), /from 1 to 20/],
    [
      "an unknown error",
      () => training({ retries: [{ errors: ["Timeout" as never], attempts: 1 }] }),
      /one of Step\.SERVICE_FAULT/,
    ],
    [
      "job errors on a model step",
      () =>
        steps.model(
          "M",
          awsTarget,
          { data: "s3://b/m.tar.gz" },
          {
            retries: [{ errors: ["SageMaker.CAPACITY_ERROR" as never], attempts: 1 }],
          },
        ),
      /one of Step\.SERVICE_FAULT, Step\.THROTTLING, not/,
    ],
    [
      "a cache on a model step",
      () => steps.model("M", awsTarget, { data: "s3://b/m.tar.gz" }, { cache: "P1D" } as never),
      /unknown member "cache"/,
    ],
    ["an ARN", () => steps.lambda("L", { function: "f" }), /ARN of a Lambda function/],
    ["no comparison", () => steps.condition("C", [], {}), /at least one comparison/],
  ])("refuse %s", (_what, make, message) => {
    expect(make).toThrow(message);
  });
});

function training(options: Parameters<typeof steps.training>[3]): DefinedStep {
  return steps.training("Train", awsTarget, { instanceType, maxSeconds: 60 }, options);
}
