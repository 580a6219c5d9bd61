import { afterEach, describe, expect, it } from "vitest";
import { syntheticCustomers } from "../../../src/data/index.js";
import { awsSession, type AwsSession, sagemakerJobs } from "../../../src/deploy/sagemaker/index.js";
import type { JobProgress } from "../../../src/deploy/sagemaker/jobs/index.js";
import { modelRequest, type ProcessingJob, type TrainingJob } from "../../../src/deploy/aws/index.js";
import type { TuningJob } from "../../../src/deploy/aws/requests/tuning-job.js";
import { memoryStore, type ObjectStore } from "../../../src/io/store/index.js";
import { AwsError } from "../../../src/rehearsal/front/aws-error.js";
import { rehearse, type Rehearsal, type RehearsalOptions } from "../../../src/rehearsal/rehearse.js";
import type { ContainerEntry } from "../../../src/rehearsal/sagemaker/job.js";
import { awsTarget as target } from "../../helpers/aws-target.js";

const rows = syntheticCustomers({ rows: 200 })
  .records.map((record) => JSON.stringify(record))
  .join("\n");
const opened: { close(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

interface World {
  readonly rehearsal: Rehearsal;
  readonly session: AwsSession;
  readonly jobs: ReturnType<typeof sagemakerJobs>;
  readonly store: ObjectStore;
  readonly calls: string[];
}

async function world({ onCall, ...options }: RehearsalOptions = {}): Promise<World> {
  const store = memoryStore();
  await store.put("raw/customers.jsonl", new TextEncoder().encode(rows));
  const calls: string[] = [];
  const rehearsal = await rehearse({
    buckets: () => store,
    onCall(call, input) {
      calls.push(call.operation);
      onCall?.(call, input);
    },
    ...options,
  });
  const session = sessionOf(rehearsal);
  opened.push(rehearsal);
  return { rehearsal, session, jobs: sagemakerJobs(session), store, calls };
}

function sessionOf({ url, clock }: Rehearsal): AwsSession {
  const credentials = { accessKeyId: "A", secretAccessKey: "s" };
  const session = awsSession(target, { clientConfig: { endpoint: url, credentials, maxAttempts: 1 }, clock });
  opened.push(session);
  return session;
}

const rowsAs = { baseline: false, target: "churn", positive: "Yes", id: "customerId" };
const fixed = { learner: "logistic", ...rowsAs };
const logistic = { ...fixed, l2: 1 };
const repeated = {
  channels: { rows: { uri: "s3://churn-data/raw/" } },
  instanceType: "ml.m5.large",
  maxSeconds: 3600,
  output: "s3://churn-data/models",
  metrics: [{ name: "validation:auc", regex: "validation:auc=([0-9.]+)" }],
} as const;
const training = { ...repeated, name: "train-1", hyperparameters: logistic } satisfies TrainingJob;
const tuning = {
  name: "tune-1",
  training: { ...repeated, hyperparameters: fixed },
  objective: { metric: "validation:auc", goal: "Maximize" },
  strategy: "Bayesian",
  space: { l2: { kind: "real", min: 1e-3, max: 10, scale: "log" } },
  maxJobs: 3,
  maxParallel: 2,
} satisfies TuningJob;
const processing = {
  name: "ingest-1",
  entrypoint: ["churnkit-container", "process", "ingest"],
  arguments: [
    "--params",
    JSON.stringify({ format: "jsonLines", target: "churn", positive: "Yes", id: ["customerId"] }),
  ],
  inputs: { file: { uri: "s3://churn-data/raw/" } },
  outputs: { rows: { uri: "s3://churn-data/rows" } },
  instanceType: "ml.m5.large",
} satisfies ProcessingJob;
/** A network that trains for some epochs, on capacity that may be taken away. */
const spot = {
  ...training,
  name: "spot-1",
  hyperparameters: { learner: "network", epochs: 6, units: [8], seed: 1, ...rowsAs },
  spot: { maxWaitSeconds: 7200 },
  checkpoints: "s3://churn-data/checkpoints/spot-1",
} satisfies TrainingJob;

describe("jobs of SageMaker", () => {
  it("train: started once, awaited stage by stage, with the artifact and the metrics", async () => {
    const { jobs, rehearsal, calls } = await world();
    const seen: JobProgress[] = [];
    const name = await jobs.training.start(training);
    expect(name).toBe("churn-dev-train-1");
    const result = await rehearsal.clock.until(
      jobs.training.wait(name, { onProgress: (progress) => void seen.push(progress) }),
    );
    expect(result).toMatchObject({
      name,
      artifact: "s3://churn-data/models/churn-dev-train-1/output/model.tar.gz",
      seconds: 480,
      billableSeconds: 480,
    });
    expect(result).not.toHaveProperty("spotSavings");
    expect(result.metrics["validation:auc"]).toBeGreaterThan(0.6);
    expect([...new Set(seen.map(({ stage }) => stage))]).toEqual([
      "Starting",
      "Downloading",
      "Training",
      "Uploading",
      "Completed",
    ]);
    // Told of changes only, though asked more often.
    expect(calls.filter((operation) => operation === "DescribeTrainingJob").length).toBeGreaterThan(seen.length);

    expect(await jobs.training.start(training)).toBe(name);
    expect(calls.filter((operation) => operation === "CreateTrainingJob")).toHaveLength(1);
    const other = { ...training, hyperparameters: { ...logistic, l2: 2 } };
    await expect(jobs.training.start(other)).rejects.toMatchObject({
      code: "OPTION_INVALID",
      message:
        'The training job churn-dev-train-1 exists with other input: HyperParameters.l2 is "1" there and "2" here. Give the new job another name.',
    });
  });

  it("tune: the best training job, with all of its hyperparameters", async () => {
    const { jobs, rehearsal } = await world();
    const seen: JobProgress[] = [];
    const name = await jobs.tuning.start(tuning);
    // SageMaker's description has a hyperparameter more than the request.
    expect(await jobs.tuning.start(tuning)).toBe(name);
    const onProgress = (progress: JobProgress) => void seen.push(progress);
    const { best, trials } = await rehearsal.clock.until(jobs.tuning.wait(name, { onProgress }));
    expect(trials).toEqual({ completed: 3, running: 0, failed: 0, stopped: 0 });
    expect(best.objective).toBe(best.metrics["validation:auc"]);
    expect(best.hyperparameters).toMatchObject({ learner: "logistic", target: "churn" });
    expect(Number(best.hyperparameters["l2"])).toBeGreaterThanOrEqual(1e-3);
    expect(best.hyperparameters).not.toHaveProperty("_tuning_objective_metric");
    expect(best.artifact).toBe(`s3://churn-data/models/${best.name}/output/model.tar.gz`);
    expect(Math.max(...seen.map((progress) => progress.trials?.running ?? 0))).toBe(2);
    expect(seen.find((progress) => progress.trials?.completed === 2)?.best?.hyperparameters).toHaveProperty("l2");
  });

  it("process: outputs by name", async () => {
    const { jobs, rehearsal, store } = await world();
    const name = await jobs.processing.start(processing);
    const { outputs } = await rehearsal.clock.until(jobs.processing.wait(name));
    expect(outputs).toEqual({ rows: "s3://churn-data/rows" });
    expect((await store.list("rows/")).map(({ key }) => key)).toEqual(["rows/rows.table"]);
    expect(await jobs.processing.start(processing)).toBe(name);
    const more = { ...processing, environment: { DEBUG: "1" } };
    await expect(jobs.processing.start(more)).rejects.toThrow('Environment is missing there and {"DEBUG":"1"} here');
  });

  it("transform: objects scored by a model that was trained before", async () => {
    const { jobs, rehearsal, session, store } = await world();
    const { artifact } = await rehearsal.clock.until(jobs.training.wait(await jobs.training.start(training)));
    await session.call("sagemaker", "CreateModel", modelRequest(target, { name: "v1", data: artifact }));
    const scoring = {
      name: "score-1",
      model: "v1",
      input: { uri: "s3://churn-data/raw/", contentType: "application/jsonlines", split: "Line" },
      output: { uri: "s3://churn-data/scores", accept: "text/csv" },
      instanceType: "ml.m5.large",
    } as const;
    const name = await jobs.transform.start(scoring);
    expect(await jobs.transform.start(scoring)).toBe(name);
    expect(await rehearsal.clock.until(jobs.transform.wait(name))).toEqual({
      name,
      output: "s3://churn-data/scores",
      seconds: 420,
    });
    const scored = Buffer.from((await store.get("scores/customers.jsonl.out"))?.bytes ?? []).toString("utf8");
    expect(scored.trim().split("\n")).toHaveLength(200);

    const wrong = await jobs.transform.start({
      ...scoring,
      name: "score-2",
      input: { ...scoring.input, contentType: "image/png" },
    });
    await expect(rehearsal.clock.until(jobs.transform.wait(wrong))).rejects.toThrow(
      /failed: AlgorithmError: .*\n.*TransformJobs, churn-dev-score-2\):\n[^]*415/,
    );
    const stopped = await jobs.transform.start({ ...scoring, name: "score-3" });
    expect(await rehearsal.clock.until(jobs.transform.stop(stopped))).toBe("Stopped");
  });

  it("end on spot capacity that is taken away with the same model, bit for bit, for less", async () => {
    const interrupt: RehearsalOptions["interrupt"] = ({ stages, log }) =>
      !stages.some(({ Status }) => Status === "Interrupted") &&
      log.filter(({ text }) => text.includes("epoch:loss")).length >= 8;
    const modelOf = async (options: RehearsalOptions, description: TrainingJob) => {
      const { jobs, rehearsal, store } = await world(options);
      const stages: (string | undefined)[] = [];
      const name = await jobs.training.start(description);
      const onProgress = ({ stage }: JobProgress) => void stages.push(stage);
      const result = await rehearsal.clock.until(jobs.training.wait(name, { onProgress }));
      const model = await store.get(result.artifact.replace("s3://churn-data/", ""));
      return { result, stages, bytes: Buffer.from(model?.bytes ?? []).toString("base64") };
    };
    const taken = await modelOf({ interrupt }, spot);
    const kept = await modelOf({}, spot);
    expect(taken.stages).toContain("Interrupted");
    expect(kept.stages).not.toContain("Interrupted");
    expect(taken.bytes.length).toBeGreaterThan(1000);
    expect(taken.bytes === kept.bytes).toBe(true);
    expect(taken.result.spotSavings).toBeCloseTo(0.7, 2);
    expect(taken.result.billableSeconds).toBeLessThan(taken.result.seconds);
  });
});

describe("a job that does not complete", () => {
  it("fails with its reason, what to do, and the end of its log", async () => {
    const { jobs, rehearsal } = await world();
    const name = await jobs.training.start({ ...training, hyperparameters: { ...logistic, target: "churm" } });
    const waited = rehearsal.clock.until(jobs.training.wait(name));
    await expect(waited).rejects.toMatchObject({ code: "JOB_FAILED", where: { value: name } });
    await expect(waited).rejects.toThrow(
      /^The training job churn-dev-train-1 failed: AlgorithmError: .*churm.*exit code: 1\. Correct what the reason names\. Start it again under another name\.\nThe end of its log \(\/aws\/sagemaker\/TrainingJobs, churn-dev-train-1\):\n {2}churnkit: .*churm/,
    );
    // What was started is taken up, and fails the same.
    expect(await jobs.training.start({ ...training, hyperparameters: { ...logistic, target: "churm" } })).toBe(name);
  });

  it("fails as well without a log, and says when it may not be read", async () => {
    const nothing = { ...training, channels: { rows: { uri: "s3://churn-data/none/" } } };
    const plain = await world();
    const failed = async ({ jobs, rehearsal }: World): Promise<unknown> =>
      rehearsal.clock.until(jobs.training.wait(await jobs.training.start(nothing)));
    await expect(failed(plain)).rejects.toThrow(
      /ClientError: No S3 objects found under prefix .* under another name\.$/,
    );
    const denied = await world({
      onCall({ operation }) {
        if (operation === "DescribeLogStreams") throw new AwsError("AccessDeniedException", "Not for you.");
      },
    });
    await expect(failed(denied)).rejects.toThrow(/could not be read.*permission logs:DescribeLogStreams/);
  });

  it("has the log of the first training job that failed, if it is a tuning", async () => {
    const { jobs, rehearsal } = await world();
    const wrong = { ...tuning, training: { ...tuning.training, hyperparameters: { ...fixed, target: "churm" } } };
    const name = await jobs.tuning.start(wrong);
    await expect(rehearsal.clock.until(jobs.tuning.wait(name))).rejects.toThrow(
      /No training job succeeded[^]*\(\/aws\/sagemaker\/TrainingJobs, churn-dev-tune-1-001-\w+\):\n[^]*churm/,
    );
  });

  it("is a failure too if SageMaker stopped it at a limit, or someone else did", async () => {
    const { jobs, rehearsal } = await world({
      duration: ({ name }) => (name.endsWith("wait") ? 3_500_000 : 4_000_000),
    });
    const ended = async (job: TrainingJob): Promise<unknown> =>
      rehearsal.clock.until(jobs.training.wait(await jobs.training.start(job)));
    await expect(ended({ ...training, name: "long" })).rejects.toThrow(/longest run\. Give a longer maxSeconds/);
    const late = { ...spot, hyperparameters: logistic, name: "wait", spot: { maxWaitSeconds: 3600 } };
    await expect(ended(late)).rejects.toThrow(/spot capacity came too late .* longer spot\.maxWaitSeconds/);
    const name = await jobs.training.start({ ...training, name: "stopped" });
    const waited = jobs.training.wait(name);
    const { training: others } = sagemakerJobs(sessionOf(rehearsal));
    const [outcome, status] = await rehearsal.clock.until(Promise.allSettled([waited, others.stop(name)]));
    expect(status).toMatchObject({ value: "Stopped" });
    expect(outcome).toMatchObject({ reason: { code: "JOB_FAILED" } });
    expect(String((outcome as PromiseRejectedResult).reason)).toContain("stopped before its end");
    const process = await jobs.processing.start({ ...processing, maxSeconds: 600 });
    await expect(rehearsal.clock.until(jobs.processing.wait(process))).rejects.toThrow(
      /longest run\. .*ShardedByS3Key/,
    );
    const tune = await jobs.tuning.start({ ...tuning, maxSeconds: 1200 });
    await expect(rehearsal.clock.until(jobs.tuning.wait(tune))).rejects.toThrow(
      /longest run\. Give a longer maxSeconds, or/,
    );
  });

  it("goes on if the wait is over first", async () => {
    const { jobs, rehearsal } = await world();
    const name = await jobs.training.start(training);
    const begin = rehearsal.clock.now();
    await expect(rehearsal.clock.until(jobs.training.wait(name, { timeoutSeconds: 150 }))).rejects.toThrow(
      "The training job churn-dev-train-1 is not done after 150 s: Training. It goes on.",
    );
    expect(rehearsal.clock.now() - begin).toBe(150_000);
    const abort = new AbortController();
    rehearsal.clock.at(begin + 200_000, () => abort.abort(new Error("enough")));
    await expect(rehearsal.clock.until(jobs.training.wait(name, { signal: abort.signal }))).rejects.toThrow("enough");
    expect(await rehearsal.clock.until(jobs.training.wait(name))).toMatchObject({ name });
  });

  it("is stopped for good when stop returns, and stays as it is if it has ended", async () => {
    const { jobs, rehearsal, calls } = await world();
    const job = await jobs.training.start(training);
    const tune = await jobs.tuning.start(tuning);
    const process = await jobs.processing.start(processing);
    await rehearsal.clock.advanceTo(rehearsal.clock.now() + 150_000);
    expect(await rehearsal.clock.until(jobs.training.stop(job))).toBe("Stopped");
    expect(await rehearsal.clock.until(jobs.tuning.stop(tune))).toBe("Stopped");
    expect(await rehearsal.clock.until(jobs.processing.stop(process))).toBe("Stopped");
    const stops = calls.filter((operation) => operation.startsWith("Stop")).length;
    expect(await jobs.training.stop(job)).toBe("Stopped");
    expect(calls.filter((operation) => operation.startsWith("Stop"))).toHaveLength(stops);
    const { TrainingJobSummaries = [] } = await sessionOf(rehearsal).call("sagemaker", "ListTrainingJobs", {});
    expect(new Set(TrainingJobSummaries.map(({ TrainingJobStatus }) => TrainingJobStatus))).toEqual(
      new Set(["Stopped"]),
    );
    await expect(jobs.training.stop("absent")).rejects.toMatchObject({ code: "AWS_FAILED" });
  });
});

describe("a helper that is killed", () => {
  /** A session that is killed with a call: before it is sent, or when only its answer is lost. */
  function killed(session: AwsSession, at: number, isSent: boolean): AwsSession {
    let calls = 0;
    return {
      ...session,
      async call(...args) {
        if (++calls !== at) return session.call(...args);
        if (isSent) await session.call(...args).catch(() => undefined);
        throw new Error("killed");
      },
    };
  }
  const inventory = async ({ session }: World): Promise<unknown> => {
    const trainings = await session.call("sagemaker", "ListTrainingJobs", {});
    const tunings = await session.call("sagemaker", "ListHyperParameterTuningJobs", {});
    return [
      trainings.TrainingJobSummaries?.map(({ TrainingJobName, TrainingJobStatus }) => [
        TrainingJobName,
        TrainingJobStatus,
      ]),
      tunings.HyperParameterTuningJobSummaries?.map((each) => [
        each.HyperParameterTuningJobName,
        each.HyperParameterTuningJobStatus,
      ]),
    ];
  };
  const run = async (session: AwsSession, { clock }: Rehearsal): Promise<unknown> => {
    const { training: trainings, tuning: tunings } = sagemakerJobs(session);
    const trained = await clock.until(trainings.wait(await trainings.start(training)));
    const tuned = await clock.until(tunings.wait(await tunings.start({ ...tuning, maxJobs: 2 })));
    return [trained, tuned];
  };

  it("leaves nothing that a second run does not take up", async () => {
    // What is trained does not matter here.
    const container: ContainerEntry = (_argv, { stdout }) => {
      stdout.write("validation:auc=0.7\n");
      return Promise.resolve(0);
    };
    const options = { container, duration: () => 30_000 };
    const whole = await world(options);
    const result = await run(whole.session, whole.rehearsal);
    const made = whole.calls.filter((operation) => operation !== "GetCallerIdentity");
    const there = await inventory(whole);
    expect(made.filter((operation) => operation.startsWith("Create"))).toHaveLength(2);
    for (const [i, operation] of made.entries())
      // Whether a question was asked makes no difference.
      for (const isSent of operation.startsWith("Create") ? [true, false] : [true]) {
        const at = i + 1;
        const next = await world(options);
        const first = run(killed(next.session, at, isSent), next.rehearsal);
        await expect(first, `call ${at}`).rejects.toThrow("killed");
        expect(await run(sessionOf(next.rehearsal), next.rehearsal)).toEqual(result);
        expect(await inventory(next)).toEqual(there);
        // Two jobs, and the training jobs that the tuning started are SageMaker's own.
        expect(next.calls.filter((operation) => operation.startsWith("Create"))).toHaveLength(2);
      }
  }, 60_000);
});

describe("calls that AWS does not answer", () => {
  const failing = (
    name: string,
    message: string,
    times: number,
    only: RegExp,
  ): NonNullable<RehearsalOptions["onCall"]> => {
    let left = times;
    return ({ operation }) => {
      if (only.test(operation) && left-- > 0) throw new AwsError(name, message, /Thrott/.test(name) ? 429 : 400);
    };
  };

  it("are made again while AWS throttles, for minutes", async () => {
    const onCall = failing("ThrottlingException", "Rate exceeded", 4, /TrainingJob$/);
    const { jobs, rehearsal, calls } = await world({ onCall });
    const begin = rehearsal.clock.now();
    await rehearsal.clock.until(jobs.training.start(training));
    expect(rehearsal.clock.now() - begin).toBe(75_000);
    expect(calls.filter((operation) => operation === "CreateTrainingJob")).toHaveLength(1);
    const always = await world({ onCall: failing("ThrottlingException", "Rate exceeded", Infinity, /TrainingJob$/) });
    await expect(always.rehearsal.clock.until(always.jobs.training.start(training))).rejects.toThrow(
      "AWS could not run sagemaker:DescribeTrainingJob. AWS throttles these calls: try again later.",
    );
  });

  it("are told with the limit, or the permission that lacks", async () => {
    const limited = await world({
      onCall: failing(
        "ResourceLimitExceeded",
        "The account-level service limit 'ml.m5.large for training job usage' is 0 Instances.",
        1,
        /^Create/,
      ),
    });
    await expect(limited.jobs.training.start(training)).rejects.toThrow(
      /sagemaker:CreateTrainingJob\. The account's limit is reached: .*higher limit.*ml\.m5\.large for training job usage/,
    );
    // Nothing is left, so that it starts as soon as the limit allows it.
    expect(await limited.jobs.training.start(training)).toBe("churn-dev-train-1");
    const denied = await world({
      onCall: failing(
        "AccessDeniedException",
        "User is not authorized to perform: iam:PassRole on resource: churn",
        1,
        /^Create/,
      ),
    });
    await expect(denied.jobs.training.start(training)).rejects.toThrow("it needs the permission iam:PassRole");
    expect(denied.calls.filter((operation) => operation.startsWith("Create"))).toHaveLength(1);
  });

  it("start nothing twice if two start at once", async () => {
    const { jobs, rehearsal, calls } = await world();
    const second = sagemakerJobs(sessionOf(rehearsal));
    const names = await Promise.all([jobs.training.start(training), second.training.start(training)]);
    expect(new Set(names).size).toBe(1);
    expect(calls.filter((operation) => operation === "CreateTrainingJob")).toHaveLength(2);
  });
});
