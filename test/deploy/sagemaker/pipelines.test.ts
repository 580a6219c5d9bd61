import { mkdir, writeFile } from "node:fs/promises";
import { afterEach, describe, expect, it } from "vitest";
import { canonicalJson } from "../../../src/base/json/index.js";
import { compilePipeline, pipelineDefinition, refs, steps } from "../../../src/deploy/aws/index.js";
import {
  decideVersion,
  sagemakerPipeline,
  type PipelineStepState,
} from "../../../src/deploy/sagemaker/pipelines/index.js";
import type { AwsSession } from "../../../src/deploy/sagemaker/session.js";
import { openBundle } from "../../../src/model/bundle/index.js";
import { AwsError } from "../../../src/rehearsal/front/aws-error.js";
import type { RehearsalOptions } from "../../../src/rehearsal/rehearse.js";
import { csv, records } from "../../container/root.js";
import { awsTarget as target } from "../../helpers/aws-target.js";
import { judgedGraph } from "../../helpers/judged-graph.js";
import { rehearsed, type Rehearsed } from "../../helpers/rehearsed.js";

const opened: Rehearsed[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

async function world(options: RehearsalOptions = {}): Promise<Rehearsed> {
  const made = await rehearsed(options);
  opened.push(made);
  return made;
}

const churn = (atLeast: number) =>
  compilePipeline(judgedGraph("train", atLeast), target, {
    inputs: { customers: "s3://churn-data/raw/customers.csv" },
    defaults: { cache: "P30D" },
  });

/** A pipeline whose only job does what the test says. */
const small = (parameters: Parameters<typeof pipelineDefinition>[0]["parameters"] = {}) =>
  pipelineDefinition({
    parameters,
    steps: [
      steps.processing("work", target, {
        entrypoint: ["churnkit-container", "process", "evaluate"],
        outputs: { report: { uri: refs.join("/", ["s3://churn-data/runs", refs.execution("PipelineExecutionId")]) } },
        instanceType: "ml.m5.large",
      }),
    ],
  });
const quiet: RehearsalOptions = { container: () => Promise.resolve(0) };

describe("a pipeline in SageMaker", () => {
  it("is not upserted for ever where SageMaker says both that it exists and that it does not", async () => {
    const { session, rehearsal } = await world({
      onCall: ({ operation }) => {
        if (operation === "DescribePipeline") throw new AwsError("ResourceNotFound", "no pipeline", 404);
        if (operation === "CreatePipeline") throw new AwsError("ValidationException", "the pipeline already exists");
      },
    });
    const upserted = sagemakerPipeline(session).upsert(small());
    await expect(rehearsal.clock.until(upserted)).rejects.toMatchObject({ code: "AWS_FAILED" });
    expect(rehearsal.clock.now()).toBe(Date.UTC(2026, 0, 1) + 60_000);
  });

  it("is stopped although AWS throttles, and not watched for ever where the time is no number", async () => {
    let isThrottled = false;
    let told = 0;
    const { session, rehearsal } = await world({
      container: (_, { signal }) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(143))),
      onCall: ({ operation }) => {
        if (isThrottled && operation === "DescribePipelineExecution" && told++ % 2 === 0)
          throw new AwsError("ThrottlingException", "Rate exceeded", 429);
      },
    });
    const pipeline = sagemakerPipeline(session);
    const started = pipeline.upsert(small()).then(() => pipeline.start("a"));
    const execution = await rehearsal.clock.until(started);
    const watched = pipeline.watch(execution, { timeoutSeconds: NaN });
    await expect(rehearsal.clock.until(watched)).rejects.toThrow(/has not ended after NaN s/);
    isThrottled = true;
    expect(await rehearsal.clock.until(pipeline.stop(execution))).toBe("Stopped");
  });

  it("is watched to its end, whatever a listener does", async () => {
    const { session, rehearsal } = await world(quiet);
    const pipeline = sagemakerPipeline(session);
    const onStep = (): void => {
      throw new Error("the listener's own");
    };
    const watched = pipeline
      .upsert(small())
      .then(() => pipeline.start("a"))
      .then((execution) => pipeline.watch(execution, { onStep }));
    await expect(rehearsal.clock.until(watched)).resolves.toMatchObject({ versions: [] });
  });

  it("is upserted, started and watched to a version that awaits approval, and a gate refuses what is worse", async () => {
    const { session, store, rehearsal } = await world();
    await store.put("raw/customers.csv", new TextEncoder().encode(csv(records)));
    const pipeline = sagemakerPipeline(session);
    expect(await pipeline.upsert(churn(0.5))).toBe("created");
    const told: string[] = [];
    const onStep = ({ name, status }: PipelineStepState): void => void told.push(`${name} ${status}`);
    const { versions, steps: done } = await rehearsal.clock.until(
      pipeline.start("first").then((execution) => pipeline.watch(execution, { onStep })),
    );
    expect(told.filter((line) => line.endsWith("Succeeded"))).toEqual(
      ["ingest", "parts", "train", "evaluate", "if-register", "register"].map((name) => `${name} Succeeded`),
    );
    expect(told).toContain("train Executing");
    expect(done.find(({ name }) => name === "if-register")).toMatchObject({ held: true, cached: false, attempt: 1 });
    const [version = ""] = versions;
    const described = () => session.call("sagemaker", "DescribeModelPackage", { ModelPackageName: version });
    const { InferenceSpecification, ModelApprovalStatus } = await described();
    expect(ModelApprovalStatus).toBe("PendingManualApproval");
    const uri = InferenceSpecification?.Containers?.[0]?.ModelDataUrl ?? "";
    const model = await store.get(uri.replace("s3://churn-data/", ""));
    const { artifact } = await openBundle(model?.bytes as Uint8Array<ArrayBuffer>);
    expect(artifact.contract.target?.column).toBe("churn");

    const cached: string[] = [];
    const onCached = (step: PipelineStepState): void => void (step.cached && cached.push(step.name));
    const second = pipeline.start("second", { MinAuc: 0.99 });
    const refused = second.then((execution) => pipeline.watch(execution, { onStep: onCached }));
    await expect(rehearsal.clock.until(refused)).rejects.toMatchObject({
      code: "JOB_FAILED",
      message: expect.stringMatching(
        /failed at the step refuse-register: register needs auc of evaluate\.report at least 0\.99 and auc of train\.report at least 0\.99\.$/,
      ) as string,
    });

    // The same customers: no job ran again.
    expect(cached).toEqual(["ingest", "parts", "train", "evaluate"]);

    const decision = { decision: "Approved", by: "ada", reason: "better\nfor all" } as const;
    expect([await decideVersion(session, version, decision), await decideVersion(session, version, decision)]).toEqual([
      true,
      false,
    ]);
    expect(await described()).toMatchObject({
      ModelApprovalStatus: "Approved",
      ApprovalDescription: "approved by ada: better for all",
    });
    await decideVersion(session, version, { decision: "Rejected", by: "bob" });
    expect(rehearsal.timeline.filter(({ kind }) => kind === "version").map(({ text }) => text)).toEqual(
      ["PendingManualApproval", "Approved", "Rejected"].map((status) => `churn-dev 1 ${status}`),
    );
  }, 60_000);

  it("is left alone where nothing differs, however it is written", async () => {
    const calls: string[] = [];
    const { session } = await world({ onCall: ({ operation }) => void calls.push(operation) });
    const pipeline = sagemakerPipeline(session, { name: "other" });
    const definition = small();
    expect(await pipeline.upsert(definition)).toBe("created");
    calls.length = 0;
    expect(await pipeline.upsert(JSON.parse(canonicalJson(definition)) as typeof definition)).toBe("unchanged");
    expect(calls).toEqual(["DescribePipeline"]);
    expect(await pipeline.upsert(small({ X: { type: "Integer", default: 1 } }))).toBe("updated");
    const role = "arn:aws:iam::123456789012:role/pipelines";
    expect(await sagemakerPipeline(session, { name: "other", role }).upsert(definition)).toBe("updated");
    expect(await session.call("sagemaker", "DescribePipeline", { PipelineName: "other" })).toMatchObject({
      RoleArn: role,
    });
    const Steps = [...definition.Steps, ...definition.Steps];
    await expect(pipeline.upsert({ ...definition, Steps })).rejects.toMatchObject({
      code: "AWS_FAILED",
      message: expect.stringContaining("Step names must be unique") as string,
    });
  });

  it("has one execution of a name, and says what is otherwise", async () => {
    const { session } = await world(quiet);
    const pipeline = sagemakerPipeline(session);
    const many = Array.from({ length: 12 }, (_, i) => [`P${i}`, { type: "Integer" as const, default: i }] as const);
    await pipeline.upsert(small(Object.fromEntries(many)));
    const execution = await pipeline.start("a", { P11: 5 });
    expect(await pipeline.start("a", { P11: 5 })).toBe(execution);
    await expect(pipeline.start("a", { P0: 0, P11: 6 })).rejects.toMatchObject({
      code: "OPTION_INVALID",
      message:
        'The execution "a" of the pipeline exists with other parameters: P11 is 5 there and 6 here. Give another name.',
    });
    await expect(pipeline.start("a b")).rejects.toMatchObject({ code: "OPTION_INVALID" });
    expect(await pipeline.start("b")).not.toBe(execution);
    await expect(pipeline.start("c", { Q: 1 })).rejects.toMatchObject({ code: "AWS_FAILED" });
  });

  it("says which step failed, why, and where its log is", async () => {
    const { session, rehearsal } = await world({
      container: async (_, { root }) => {
        await mkdir(`${root}/output`, { recursive: true });
        await writeFile(`${root}/output/message`, "no rows of the target");
        return 1;
      },
    });
    const pipeline = sagemakerPipeline(session);
    await pipeline.upsert(small());
    const execution = await pipeline.start("a");
    const watching = rehearsal.clock.until(pipeline.watch(execution));
    const message = expect.stringMatching(
      /failed at the step work: AlgorithmError: no rows of the target, exit code: 1 \(log \/aws\/sagemaker\/ProcessingJobs, streams pipelines-[a-z0-9]{12}-work-[a-z0-9]{10}\)\.$/,
    ) as string;
    await expect(watching).rejects.toMatchObject({ code: "JOB_FAILED", message, where: { value: execution } });
    // It has ended, and says the same again.
    await expect(rehearsal.clock.until(pipeline.watch(execution))).rejects.toMatchObject({ message });
    expect(await pipeline.stop(execution)).toBe("Failed");
  });

  it("is watched no longer than asked, and stopped with its job", async () => {
    const { session, rehearsal } = await world(quiet);
    const { clock } = rehearsal;
    const pipeline = sagemakerPipeline(session);
    await pipeline.upsert(small());
    const execution = await pipeline.start("a");
    const begin = clock.now();
    await expect(clock.until(pipeline.watch(execution, { timeoutSeconds: 100 }))).rejects.toMatchObject({
      code: "JOB_FAILED",
      message: expect.stringMatching(/has not ended after 100 s; it is at work\. It goes on/) as string,
    });
    expect(clock.now()).toBe(begin + 100_000);
    const abort = new AbortController();
    const watching = pipeline.watch(execution, { signal: abort.signal });
    clock.at(clock.now() + 10_000, () => abort.abort(new Error("enough")));
    await expect(clock.until(watching)).rejects.toThrow("enough");
    expect(await clock.until(pipeline.stop(execution))).toBe("Stopped");
    await expect(clock.until(pipeline.watch(execution))).rejects.toMatchObject({
      message: expect.stringContaining("was stopped") as string,
    });
    const jobs = await session.call("sagemaker", "ListProcessingJobs", {});
    expect(jobs.ProcessingJobSummaries?.map(({ ProcessingJobStatus }) => ProcessingJobStatus)).toEqual(["Stopped"]);
  });
});

describe("a run that is killed", () => {
  /** The whole of it, as a script would have it. */
  async function run(session: AwsSession): Promise<void> {
    const pipeline = sagemakerPipeline(session);
    await pipeline.upsert(small());
    await pipeline.watch(await pipeline.start("2026-11"));
  }
  /** A session whose process dies before its n-th call, or before it has the answer. */
  function dying(session: AwsSession, n: number, isSent: boolean): AwsSession {
    let calls = 0;
    return {
      ...session,
      call: async (...request) => {
        if (++calls === n && !isSent) throw new Error("killed");
        const answer = await session.call(...request);
        if (calls >= n) throw new Error("killed");
        return answer;
      },
    };
  }

  it("leaves one pipeline and one execution, whichever call it dies at", async () => {
    const calls = async (n: number, isSent: boolean): Promise<boolean> => {
      const { session, rehearsal, close } = await rehearsed(quiet);
      const { clock } = rehearsal;
      const died = await clock.until(run(dying(session, n, isSent))).then(
        () => false,
        (error: Error) => error.message === "killed",
      );
      await clock.until(run(session));
      const executions = await session.call("sagemaker", "ListPipelineExecutions", { PipelineName: "churn-dev" });
      expect(executions.PipelineExecutionSummaries).toMatchObject([{ PipelineExecutionStatus: "Succeeded" }]);
      const jobs = await session.call("sagemaker", "ListProcessingJobs", {});
      expect(jobs.ProcessingJobSummaries).toHaveLength(1);
      await close();
      return died;
    };
    // Four calls to the start, then two a look.
    for (let n = 1; n <= 7; n++) for (const isSent of [false, true]) expect(await calls(n, isSent)).toBe(true);
    expect(await calls(1000, true)).toBe(false);
  });

  it("starts one execution where two begin at the same time", async () => {
    const { session, rehearsal } = await world(quiet);
    await rehearsal.clock.until(Promise.all([run(session), run(session)]));
    const executions = await session.call("sagemaker", "ListPipelineExecutions", { PipelineName: "churn-dev" });
    expect(executions.PipelineExecutionSummaries).toHaveLength(1);
  });
});
