import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import type { PipelineExecutionStep } from "@aws-sdk/client-sagemaker";
import { afterEach, describe, expect, it } from "vitest";
import { compilePipeline, pipelineDefinition, refs, steps } from "../../../src/deploy/aws/index.js";
import type { AwsSession } from "../../../src/deploy/sagemaker/session.js";
import { AwsError } from "../../../src/rehearsal/index.js";
import type { RehearsalOptions } from "../../../src/rehearsal/rehearse.js";
import { csv, records } from "../../container/root.js";
import { awsTarget as target } from "../../helpers/aws-target.js";
import { judgedGraph } from "../../helpers/judged-graph.js";
import { clientOf, rehearsed, type Rehearsed } from "../../helpers/rehearsed.js";

const opened: Rehearsed[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

async function world(options: RehearsalOptions = {}): Promise<Rehearsed> {
  const made = await rehearsed(options);
  opened.push(made);
  return made;
}

const token = "0".repeat(32);
const PipelineName = "churn-dev";
const create = (session: AwsSession, definition: unknown) =>
  session.call("sagemaker", "CreatePipeline", {
    PipelineName,
    PipelineDefinition: typeof definition === "string" ? definition : JSON.stringify(definition),
    ClientRequestToken: token,
    RoleArn: target.role,
  });

async function start(
  session: AwsSession,
  parameters: Readonly<Record<string, string>> = {},
  name = token,
): Promise<string> {
  const { PipelineExecutionArn = "" } = await session.call("sagemaker", "StartPipelineExecution", {
    PipelineName,
    ClientRequestToken: name,
    PipelineParameters: Object.entries(parameters).map(([Name, Value]) => ({ Name, Value })),
  });
  return PipelineExecutionArn;
}

const statusOf = async (session: AwsSession, PipelineExecutionArn: string) =>
  (await session.call("sagemaker", "DescribePipelineExecution", { PipelineExecutionArn })).PipelineExecutionStatus;

async function stepsOf(session: AwsSession, PipelineExecutionArn: string): Promise<PipelineExecutionStep[]> {
  const all: PipelineExecutionStep[] = [];
  let NextToken: string | undefined;
  do {
    const page = await session.call("sagemaker", "ListPipelineExecutionSteps", {
      PipelineExecutionArn,
      SortOrder: "Ascending",
      ...(NextToken !== undefined && { NextToken }),
    });
    all.push(...(page.PipelineExecutionSteps ?? []));
    ({ NextToken } = page);
  } while (NextToken !== undefined);
  return all;
}

/** Names and statuses of the steps that began. */
const told = async (session: AwsSession, arn: string): Promise<string[]> =>
  (await stepsOf(session, arn)).map(({ StepName, StepStatus }) => `${StepName} ${StepStatus}`);

const hour = 3_600_000;
const pass = ({ rehearsal: { clock } }: Rehearsed, ms: number): Promise<void> => clock.advanceTo(clock.now() + ms);

/** A processing step whose container does what the test says. */
const work = (name: string, more: Partial<Parameters<typeof steps.processing>[2]> = {}, options = {}) =>
  steps.processing(
    name,
    target,
    {
      entrypoint: ["churnkit-container", "process", "evaluate"],
      arguments: [name],
      outputs: {
        report: { uri: refs.join("/", ["s3://churn-data/runs", refs.execution("PipelineExecutionId"), name]) },
      },
      instanceType: "ml.m5.large",
      ...more,
    },
    options,
  );
const afterOf = (step: string) => ({ inputs: { rows: { uri: refs.output(step, "report") } } });

/** A container that leaves a report, and tells what ran. */
const containerOf = (ran: string[], fails: (name: string) => void = () => undefined) =>
  (async (argv, { root }) => {
    const name = argv.at(-1) ?? "";
    ran.push(name);
    fails(name);
    await mkdir(`${root}/processing/output/report`, { recursive: true });
    await writeFile(`${root}/processing/output/report/report.json`, JSON.stringify({ auc: 0.8, by: [{ "a b": 3 }] }));
    return 0;
  }) satisfies RehearsalOptions["container"];

describe("a pipeline of SageMaker, rehearsed", () => {
  it("runs the compiled churn graph to a version that awaits approval, and tells the bus", async () => {
    const events: Record<string, unknown>[] = [];
    const made = await world({ functions: { listen: (event) => events.push(event as Record<string, unknown>) } });
    const { session, store, rehearsal } = made;
    await store.put("raw/customers.csv", new TextEncoder().encode(csv(records)));
    const definition = compilePipeline(judgedGraph("train", 0.5), target, {
      inputs: { customers: "s3://churn-data/raw/customers.csv" },
    });
    const bus = new EventBridgeClient(clientOf(rehearsal));
    const listen = async (Name: string, type: string, detail: object): Promise<void> => {
      const pattern = { source: ["aws.sagemaker"], "detail-type": [type], detail };
      await bus.send(new PutRuleCommand({ Name, EventPattern: JSON.stringify(pattern) }));
      const Arn = "arn:aws:lambda:us-east-1:123456789012:function:listen";
      await bus.send(new PutTargetsCommand({ Rule: Name, Targets: [{ Id: "listen", Arn }] }));
    };
    await listen("step", "SageMaker Model Building Pipeline Execution Step Status Change", {
      stepName: ["train"],
      currentStepStatus: ["Succeeded"],
    });
    await listen("version", "SageMaker Model Package State Change", {});
    await listen("run", "SageMaker Model Building Pipeline Execution Status Change", {
      currentPipelineExecutionStatus: ["Succeeded"],
    });
    bus.destroy();
    await create(session, definition);
    const arn = await start(session);
    await pass(made, 5 * hour);
    expect(await told(session, arn)).toEqual(
      ["ingest", "parts", "train", "evaluate", "if-register", "register"].map((name) => `${name} Succeeded`),
    );
    expect(await statusOf(session, arn)).toBe("Succeeded");
    const { Metadata } = (await stepsOf(session, arn)).at(-1) ?? {};
    const { ModelPackageSummaryList: versions } = await session.call("sagemaker", "ListModelPackages", {
      ModelPackageGroupName: "churn-dev",
    });
    expect(versions).toMatchObject([
      {
        ModelPackageArn: Metadata?.RegisterModel?.Arn,
        ModelPackageVersion: 1,
        ModelApprovalStatus: "PendingManualApproval",
      },
    ]);
    const line = rehearsal.timeline
      .filter(({ kind }) => kind === "pipeline" || kind === "version")
      .map(({ text }) => text);
    expect(line).toEqual(["churn-dev Executing", "churn-dev 1 PendingManualApproval", "churn-dev Succeeded"]);
    expect(events.map(({ detail }) => detail)).toMatchObject([
      {
        stepName: "train",
        currentStepStatus: "Succeeded",
        metadata: { trainingJob: { arn: expect.any(String) as string } },
      },
      { ModelPackageGroupName: "churn-dev", ModelApprovalStatus: "PendingManualApproval" },
      {
        pipelineExecutionArn: arn,
        previousPipelineExecutionStatus: "Executing",
        currentPipelineExecutionStatus: "Succeeded",
      },
    ]);
  }, 60_000);

  it("runs what is ready at the same time, and waits for what a step names or refers to", async () => {
    const ran: string[] = [];
    const made = await world({ container: containerOf(ran) });
    const { session } = made;
    const list = [work("d", {}, { after: ["c"] }), work("c", afterOf("a")), work("a"), work("b")];
    await create(session, { ...pipelineDefinition({ steps: [work("a")] }), Steps: list });
    const arn = await start(session);
    await pass(made, 5 * hour);
    expect(ran).toEqual(["a", "b", "c", "d"]);
    const [a, b, c] = await stepsOf(session, arn);
    expect(b?.StartTime).toEqual(a?.StartTime);
    expect(c?.StartTime).toEqual(a?.EndTime);
    expect(a?.Metadata?.ProcessingJob?.Arn).toMatch(
      new RegExp(`:processing-job/pipelines-${arn.split("/").at(-1)}-a-[a-z0-9]{10}$`),
    );
  });

  it("decides by property files, parameters and outputs of functions, and fails with a message", async () => {
    const calls: unknown[] = [];
    const functions = { half: (event: unknown) => (calls.push(event), { half: 0.4 }) };
    const made = await world({ container: containerOf([]), functions });
    const { session } = made;
    const files = { report: { output: "report", path: "report.json" } };
    const auc = refs.jsonGet("evaluate", "report", "auc");
    const half = { function: "arn:aws:lambda:us-east-1:123456789012:function:half", inputs: { auc } };
    const bySteps = (name: string, condition: object) => ({
      Name: name,
      Type: "Condition",
      Arguments: { Conditions: [condition], IfSteps: [steps.fail(`${name}-if`, "yes")], ElseSteps: [] },
    });
    const definition = pipelineDefinition({
      parameters: {
        MinAuc: { type: "Float", default: 0.5 },
        Segment: { type: "String", choices: ["a", "b"], default: "a" },
      },
      steps: [
        work("evaluate", {}, { files }),
        steps.lambda("half", { ...half, outputs: { half: "Float" } }),
        steps.condition("gate", [{ type: "GreaterThanOrEqualTo", left: auc, right: refs.parameter("MinAuc") }], {
          if: [steps.lambda("good", { ...half, inputs: { half: refs.property("half", "OutputParameters['half']") } })],
          else: [steps.fail("bad", refs.join(" ", ["auc", auc, "of", refs.parameter("MinAuc")]))],
        }),
      ],
    });
    const value = (path: string) => ({
      "Std:JsonGet": { PropertyFile: { Get: "Steps.evaluate.PropertyFiles.report" }, Path: path },
    });
    const more = [
      bySteps("in", { Type: "In", QueryValue: refs.parameter("Segment"), Values: ["c"] }),
      bySteps("not", { Type: "Not", Expression: { Type: "Equals", LeftValue: value("by[0]['a b']"), RightValue: 3 } }),
      bySteps("or", {
        Type: "Or",
        Conditions: [
          { Type: "LessThan", LeftValue: auc, RightValue: 0.8 },
          { Type: "GreaterThan", LeftValue: auc, RightValue: 0.8 },
        ],
      }),
    ];
    await create(session, { ...definition, Steps: [...definition.Steps, ...more] });
    const good = await start(session);
    const bad = await start(session, { MinAuc: "0.9" }, "1".repeat(32));
    await pass(made, hour);
    expect([await statusOf(session, good), await statusOf(session, bad)]).toEqual(["Succeeded", "Failed"]);
    expect((await told(session, good)).sort()).toEqual(
      ["evaluate", "gate", "good", "half", "in", "not", "or"].map((name) => `${name} Succeeded`),
    );
    expect(calls).toContainEqual({ auc: 0.8 });
    expect(calls).toContainEqual({ half: 0.4 });
    expect((await stepsOf(session, bad)).find(({ StepName }) => StepName === "bad")).toMatchObject({
      StepStatus: "Failed",
      FailureReason: "auc 0.8 of 0.9",
    });
    const refused = { MinAuc: "much", Segment: "c", Unknown: "1" };
    for (const [name, text] of Object.entries(refused))
      await expect(start(session, { [name]: text }, name.padEnd(32, "x"))).rejects.toMatchObject({
        code: "AWS_FAILED",
      });
  });

  it("takes from the cache what had the same inputs within the time", async () => {
    const ran: string[] = [];
    const made = await world({ container: containerOf(ran) });
    const { session } = made;
    const options = { cache: "P1D" };
    const Steps = [work("a", {}, options), work("b", afterOf("a"), options)];
    await create(session, pipelineDefinition({ steps: Steps }));
    const first = await start(session);
    await pass(made, hour);
    const second = await start(session, {}, "1".repeat(32));
    await pass(made, hour);
    expect(ran).toEqual(["a", "b"]);
    const cached = await stepsOf(session, second);
    expect(cached).toMatchObject(
      ["a", "b"].map(() => ({ StepStatus: "Succeeded", CacheHitResult: { SourcePipelineExecutionArn: first } })),
    );
    await pass(made, 24 * hour);
    await start(session, {}, "2".repeat(32));
    await pass(made, hour);
    expect(ran).toEqual(["a", "b", "a", "b"]);
  });

  it("repeats a step as its policies say, on the virtual clock", async () => {
    const ran: string[] = [];
    let failures = 2;
    const throttled: string[] = [];
    const made = await world({
      container: containerOf(ran, () => {
        if (failures-- > 0) throw new Error("the machine is gone");
      }),
      onCall: ({ operation, caller }) => {
        if (operation !== "CreateProcessingJob" || throttled.push(caller) > 2) return;
        throw new AwsError("ThrottlingException", "Rate exceeded", 429);
      },
    });
    const { session } = made;
    const retries = [{ errors: ["SageMaker.JOB_INTERNAL_ERROR" as const], seconds: 600, attempts: 2 }];
    await create(session, pipelineDefinition({ steps: [work("a", {}, { retries })] }));
    const arn = await start(session);
    await pass(made, 2 * hour);
    const [step] = await stepsOf(session, arn);
    expect(step).toMatchObject({ StepStatus: "Succeeded", AttemptCount: 5 });
    expect(ran).toEqual(["a", "a", "a"]);
    // The pipeline calls with its role.
    expect(throttled).toEqual(Array<string>(5).fill(target.role));
    // Throttled twice, for 1 and 2 s; then two jobs that fail after three stages, with 10 and 20 minutes between.
    const seconds = ((step?.EndTime?.getTime() ?? 0) - (step?.StartTime?.getTime() ?? 0)) / 1000;
    expect(seconds).toBe(1 + 3 + 2 * 180 + 600 + 1200 + 180 + 300 + 60);
    failures = 3;
    const failed = await start(session, {}, "1".repeat(32));
    await pass(made, 2 * hour);
    expect(await statusOf(session, failed)).toBe("Failed");
    expect((await stepsOf(session, failed))[0]?.FailureReason).toMatch(
      /^ClientError: InternalServerError: the machine is gone/,
    );
  });

  it("tunes, and makes a model of the best training", async () => {
    const made = await world({
      container: async (_, { root, stdout }) => {
        await mkdir(`${root}/model`, { recursive: true });
        await writeFile(`${root}/model/bundle`, "a model");
        stdout.write("validation:auc=0.8;\n");
        return 0;
      },
    });
    const { session, store } = made;
    await store.put("rows/a.csv", new Uint8Array([1]));
    const training = {
      channels: { train: { uri: "s3://churn-data/rows/" } },
      metrics: [{ name: "validation:auc", regex: "validation:auc=([0-9.]+);" }],
      instanceType: "ml.m5.large" as const,
      maxSeconds: 3600,
      output: "s3://churn-data/models",
    };
    const search = {
      strategy: "Random" as const,
      space: { l2: { kind: "real" as const, min: 0.1, max: 1 } },
      objective: { metric: "validation:auc", goal: "Maximize" as const },
      maxJobs: 2,
      maxParallel: 2,
    };
    const best = refs.property("Tune", "BestTrainingJob.TrainingJobName");
    await create(
      session,
      pipelineDefinition({
        steps: [
          steps.tuning("Tune", target, { ...search, training }),
          steps.model("Model", target, {
            data: refs.join("/", ["s3://churn-data/models", best, "output/model.tar.gz"]),
          }),
        ],
      }),
    );
    const arn = await start(session);
    await pass(made, 5 * hour);
    const [tune, model] = await stepsOf(session, arn);
    expect([tune?.FailureReason, model?.FailureReason]).toEqual([undefined, undefined]);
    expect(tune?.Metadata?.TuningJob?.Arn).toMatch(/:hyper-parameter-tuning-job\/[a-z0-9]{12}-Tune-[a-z0-9]{10}$/);
    const ModelName = model?.Metadata?.Model?.Arn?.split("/").at(-1);
    const { PrimaryContainer } = await session.call("sagemaker", "DescribeModel", { ModelName });
    const key = PrimaryContainer?.ModelDataUrl?.replace("s3://churn-data/", "") ?? "";
    expect(await store.get(key)).toBeDefined();
  });

  it("ends what runs after a failure, starts nothing else, and takes up from there when it is retried", async () => {
    const ran: string[] = [];
    let isBroken = true;
    const made = await world({ container: containerOf(ran, (name) => name === "b" && isBroken && raise()) });
    const raise = (): void => {
      throw new AwsError("ValidationException", "no rows");
    };
    const { session } = made;
    await create(
      session,
      pipelineDefinition({ steps: [work("a"), work("b"), work("c", afterOf("a")), work("d", afterOf("b"))] }),
    );
    const arn = await start(session);
    await pass(made, 2 * hour);
    expect(await told(session, arn)).toEqual(["a Succeeded", "b Failed"]);
    expect((await stepsOf(session, arn))[1]?.FailureReason).toMatch(
      /^ClientError: ClientError: no rows\nRetry not appropriate .* StepId b\. No retry policy/,
    );
    isBroken = false;
    await session.call("sagemaker", "RetryPipelineExecution", { PipelineExecutionArn: arn, ClientRequestToken: token });
    await pass(made, 2 * hour);
    expect(await statusOf(session, arn)).toBe("Succeeded");
    expect(ran).toEqual(["a", "b", "b", "c", "d"]);
  });

  it("starts anew each time where no token says that it is the same", async () => {
    const made = await world({ container: containerOf([]) });
    await create(made.session, pipelineDefinition({ steps: [work("a")] }));
    // As Step Functions does, which adds no token.
    const call = async (): Promise<unknown> => {
      const authorization = "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/sagemaker/aws4_request, Signature=0";
      const headers = { authorization, "x-amz-target": "SageMaker.StartPipelineExecution" };
      const response = await fetch(made.rehearsal.url, {
        method: "POST",
        headers,
        body: JSON.stringify({ PipelineName }),
      });
      return ((await response.json()) as { PipelineExecutionArn?: string }).PipelineExecutionArn;
    };
    expect(await call()).not.toBe(await call());
  });

  it("stops its jobs when it is stopped", async () => {
    const made = await world({ container: containerOf([]) });
    const { session, rehearsal } = made;
    await create(session, pipelineDefinition({ steps: [work("a"), work("b", afterOf("a"))] }));
    const PipelineExecutionArn = await start(session);
    await pass(made, 200_000);
    const stop = () =>
      session.call("sagemaker", "StopPipelineExecution", { PipelineExecutionArn, ClientRequestToken: token });
    await stop();
    expect(await told(session, PipelineExecutionArn)).toEqual(["a Stopping"]);
    await pass(made, hour);
    expect(await statusOf(session, PipelineExecutionArn)).toBe("Stopped");
    expect(await told(session, PipelineExecutionArn)).toEqual(["a Stopped"]);
    expect(rehearsal.timeline.filter(({ text }) => / Stopped$/.test(text)).map(({ kind }) => kind)).toEqual([
      "job",
      "job",
      "step",
      "pipeline",
    ]);
    await expect(stop()).rejects.toMatchObject({ message: expect.stringContaining("has ended as Stopped") as string });
  });

  it("stops no job that has ended", async () => {
    const stopped: unknown[] = [];
    const made = await world({
      container: containerOf([]),
      onCall: ({ operation }, input) => {
        if (operation === "StopProcessingJob") stopped.push(input);
      },
    });
    await create(made.session, pipelineDefinition({ steps: [work("a"), work("b", afterOf("a"))] }));
    const PipelineExecutionArn = await start(made.session);
    await pass(made, 600_000);
    expect(await told(made.session, PipelineExecutionArn)).toEqual(["a Succeeded", "b Executing"]);
    await made.session.call("sagemaker", "StopPipelineExecution", { PipelineExecutionArn, ClientRequestToken: token });
    await pass(made, hour);
    expect(stopped).toHaveLength(1);
  });

  it("knows a token again, and a pipeline by its name", async () => {
    const made = await world({ container: containerOf([]) });
    const { session } = made;
    const definition = pipelineDefinition({ parameters: { X: { type: "Integer", default: 1 } }, steps: [work("a")] });
    await create(session, definition);
    await expect(create(session, definition)).rejects.toMatchObject({
      message: expect.stringContaining("Pipeline names must be unique") as string,
    });
    const arn = await start(session);
    expect(await start(session)).toBe(arn);
    await expect(start(session, { X: "2" })).rejects.toMatchObject({
      message: expect.stringContaining("ConflictException") as string,
    });
    await expect(
      session.call("sagemaker", "DeletePipeline", { PipelineName, ClientRequestToken: token }),
    ).rejects.toMatchObject({ message: expect.stringContaining("under way") as string });
    await pass(made, hour);
    await session.call("sagemaker", "UpdatePipeline", { PipelineName, PipelineDescription: "again" });
    expect(await session.call("sagemaker", "DescribePipeline", { PipelineName })).toMatchObject({
      PipelineDescription: "again",
      PipelineDefinition: JSON.stringify(definition),
    });
    expect(
      (await session.call("sagemaker", "ListPipelineExecutions", { PipelineName })).PipelineExecutionSummaries,
    ).toHaveLength(1);
    expect(
      await session.call("sagemaker", "ListPipelineParametersForExecution", { PipelineExecutionArn: arn }),
    ).toMatchObject({ PipelineParameters: [{ Name: "X", Value: "1" }] });
    await session.call("sagemaker", "DeletePipeline", { PipelineName, ClientRequestToken: token });
    expect((await session.call("sagemaker", "ListPipelines", {})).PipelineSummaries).toEqual([]);
  });

  it.each(["v2", "v3"])("takes what AWS's own SDK for Python writes, %s", async (version) => {
    const { session } = await world();
    const golden = resolve(import.meta.dirname, `../../aws/golden/sagemaker-sdk-${version}.json`);
    await expect(create(session, readFileSync(golden, "utf8"))).resolves.toMatchObject({
      PipelineArn: "arn:aws:sagemaker:us-east-1:123456789012:pipeline/churn-dev",
    });
  });

  const bad = (
    change: (step: { -readonly [Key in keyof ReturnType<typeof work>]: ReturnType<typeof work>[Key] }) => void,
  ): object => {
    const step = structuredClone(work("a"));
    change(step);
    return { Version: "2020-12-01", Parameters: [], Steps: [step] };
  };
  it.each([
    ["text that is not JSON", '{"nope":', /JSON/],
    ["another version", { ...bad(() => undefined), Version: "2021-01-01" }, /Version/],
    ["no steps", { Version: "2020-12-01", Steps: [] }, /Steps/],
    ["an unknown type", bad((step) => Object.assign(step, { Type: "Proccessing" })), /Type must be one of/],
    ["a bad name", bad((step) => Object.assign(step, { Name: "a b" })), /Name/],
    ["a name given twice", { Version: "2020-12-01", Steps: [work("a"), work("a")] }, /unique/],
    ["a job's name", bad((step) => Object.assign(step.Arguments, { ProcessingJobName: "x" })), /ProcessingJobName/],
    [
      "an unknown parameter",
      bad((step) => Object.assign(step.Arguments, { RoleArn: { Get: "Parameters.Role" } })),
      /Parameters.Role/,
    ],
    ["an unknown step", bad((step) => Object.assign(step, { DependsOn: ["b"] })), /depends on b/],
    [
      "a circle",
      { Version: "2020-12-01", Steps: [work("a", {}, { after: ["b"] }), work("b", afterOf("a"))] },
      /wait for each other/,
    ],
    [
      "an unknown exception",
      bad((step) => Object.assign(step, { RetryPolicies: [{ ExceptionType: ["Any"] }] })),
      /ExceptionType/,
    ],
    [
      "an unknown condition",
      bad((step) =>
        Object.assign(step, {
          Type: "Condition",
          Arguments: { Conditions: [{ Type: "Like" }], IfSteps: [], ElseSteps: [] },
        }),
      ),
      /Type must be one of/,
    ],
  ])("refuses a definition with %s when it is created", async (_, definition, reason) => {
    const { session } = await world();
    await expect(create(session, definition)).rejects.toMatchObject({
      message: expect.stringMatching(reason) as string,
    });
  });
});
