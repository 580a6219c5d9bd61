import {
  CreateHyperParameterTuningJobCommand,
  DescribeHyperParameterTuningJobCommand,
  DescribeTrainingJobCommand,
  ListTrainingJobsForHyperParameterTuningJobCommand,
  SageMakerClient,
  type CreateHyperParameterTuningJobCommandInput,
  type HyperParameterTrainingJobSummary,
} from "@aws-sdk/client-sagemaker";
import { afterEach, describe, expect, it } from "vitest";
import { tuningJob, type SearchSpace } from "../../../src/deploy/aws/index.js";
import type { TuningJob } from "../../../src/deploy/aws/requests/tuning-job.js";
import { memoryStore } from "../../../src/io/store/index.js";
import { rehearse, type Rehearsal } from "../../../src/rehearsal/rehearse.js";
import { draws } from "../../../src/rehearsal/sagemaker/draws.js";
import type { ContainerEntry } from "../../../src/rehearsal/sagemaker/job.js";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { awsTarget } from "../../helpers/aws-target.js";
import { clientOf } from "../../helpers/rehearsed.js";

const started: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of started.splice(0)) await end();
});

/** A training whose objective is its hyperparameter l2; it refuses the ones above 8. */
const container: ContainerEntry = async (_argv, { root, stdout }) => {
  const text = await readFile(join(root, "input/config/hyperparameters.json"), "utf8");
  const { l2 } = JSON.parse(text) as { l2: string };
  stdout.write(`loss=9\nloss=${l2}\n`);
  return Number(l2) > 8 ? 1 : 0;
};

async function world(): Promise<{ rehearsal: Rehearsal; client: SageMakerClient }> {
  const rehearsal = await rehearse({ container, buckets: () => memoryStore() });
  const client = new SageMakerClient(clientOf(rehearsal));
  started.push(rehearsal.close, () => client.destroy());
  return { rehearsal, client };
}

const description = {
  name: "tune",
  training: {
    hyperparameters: { learner: "logistic" },
    instanceType: "ml.m5.large",
    maxSeconds: 3600,
    metrics: [{ name: "loss", regex: "loss=([0-9.]+)" }],
  },
  objective: { metric: "loss", goal: "Minimize" },
  strategy: "Grid",
  space: { l2: { kind: "choice", values: [4, 2, 9, 6, 3] } },
  maxParallel: 2,
} satisfies TuningJob;
const HyperParameterTuningJobName = "churn-dev-tune";

async function tuned(request: CreateHyperParameterTuningJobCommandInput) {
  const { client, rehearsal } = await world();
  const begin = rehearsal.clock.now();
  await client.send(new CreateHyperParameterTuningJobCommand(request));
  await rehearsal.clock.advanceTo(begin + 24 * 3_600_000);
  const job = await client.send(new DescribeHyperParameterTuningJobCommand({ HyperParameterTuningJobName }));
  const list = async (more: object = {}): Promise<HyperParameterTrainingJobSummary[]> => {
    const query = { HyperParameterTuningJobName, ...more };
    const found = await client.send(new ListTrainingJobsForHyperParameterTuningJobCommand(query));
    return found.TrainingJobSummaries ?? [];
  };
  return { job, list, client, minutes: ((job.HyperParameterTuningEndTime?.getTime() ?? NaN) - begin) / 60_000 };
}

describe("a tuning job, rehearsed", () => {
  it("tries all of a grid, so many at once, and knows the best", async () => {
    const { job, list, client, minutes } = await tuned(tuningJob(awsTarget, description));
    expect(job).toMatchObject({
      HyperParameterTuningJobStatus: "Completed",
      TrainingJobStatusCounters: { Completed: 4, NonRetryableError: 1, InProgress: 0 },
      ObjectiveStatusCounters: { Succeeded: 4, Failed: 1, Pending: 0 },
      BestTrainingJob: {
        TunedHyperParameters: { l2: "2" },
        FinalHyperParameterTuningJobObjectiveMetric: { MetricName: "loss", Value: 2, Type: "Minimize" },
      },
    });
    // Two at once: three rounds, and the one that fails in the second is not uploaded.
    expect(minutes).toBe(3 * 9 - 1);
    const all = await list();
    expect(all.map(({ TunedHyperParameters }) => TunedHyperParameters?.["l2"])).toEqual(["4", "2", "9", "6", "3"]);
    const best = await list({ SortBy: "FinalObjectiveMetricValue", StatusEquals: "Completed", MaxResults: 2 });
    expect(best.map(({ TunedHyperParameters }) => TunedHyperParameters?.["l2"])).toEqual(["2", "3"]);
    const trial = await client.send(new DescribeTrainingJobCommand({ TrainingJobName: all[0]?.TrainingJobName }));
    expect(trial).toMatchObject({
      TuningJobArn: job.HyperParameterTuningJobArn,
      HyperParameters: { learner: "logistic", l2: "4", _tuning_objective_metric: "loss" },
    });
  });

  it("ends as soon as a value is good enough, and stops what is under way", async () => {
    const { job, list } = await tuned(tuningJob(awsTarget, { ...description, until: { value: 4 } }));
    expect(job.HyperParameterTuningJobStatus).toBe("Completed");
    const statuses = (await list()).map(({ TrainingJobStatus }) => TrainingJobStatus);
    expect(statuses[0]).toBe("Completed");
    expect(statuses.length).toBeLessThan(5);
  });

  it("ends when so many in a row were no better", async () => {
    const until = { notImproving: 3 };
    const space: SearchSpace = { l2: { kind: "choice", values: [1, 2, 3, 4, 5, 6, 7] } };
    const { job, list } = await tuned(
      tuningJob(awsTarget, { ...description, space, until, maxParallel: 1 } as TuningJob),
    );
    expect(job.HyperParameterTuningJobStatus).toBe("Completed");
    expect(await list()).toHaveLength(4);
  });

  it("fails if every training job does, and is stopped at its limit with all of them", async () => {
    const bad = { ...description, space: { l2: { kind: "choice", values: [9, 10] } } } satisfies TuningJob;
    const { job } = await tuned(tuningJob(awsTarget, bad));
    expect(job).toMatchObject({
      HyperParameterTuningJobStatus: "Failed",
      FailureReason: expect.any(String) as unknown,
    });
    expect(job.BestTrainingJob).toBeUndefined();
    const limited = await tuned(tuningJob(awsTarget, { ...description, maxSeconds: 600 }));
    expect(limited.job.HyperParameterTuningJobStatus).toBe("Stopped");
    expect(limited.minutes).toBe(10);
    expect((await limited.list()).map(({ TrainingJobStatus }) => TrainingJobStatus)).toEqual([
      "Completed",
      "Completed",
      "Stopped",
      "Stopped",
    ]);
  });
});

describe("values of a random search", () => {
  const drawn = (space: SearchSpace, count: number, seed = 0): Record<string, string>[] => {
    const { HyperParameterTuningJobConfig: config } = tuningJob(awsTarget, {
      ...description,
      strategy: "Random",
      space,
      maxJobs: 2,
      seed,
    });
    const source = draws(config ?? {});
    return Array.from({ length: count }, () => source.next().value as Record<string, string>);
  };
  const numbers = (range: SearchSpace[string]): number[] => drawn({ l2: range }, 2000).map(({ l2 }) => Number(l2));
  const shareBelow = (values: readonly number[], limit: number): number =>
    values.filter((value) => value < limit).length / values.length;

  it("keep their range and its scale", () => {
    const log = numbers({ kind: "real", min: 1e-4, max: 1, scale: "log" });
    expect(Math.min(...log)).toBeGreaterThanOrEqual(1e-4);
    expect(Math.max(...log)).toBeLessThanOrEqual(1);
    expect(shareBelow(log, 1e-2)).toBeCloseTo(0.5, 1);
    const linear = numbers({ kind: "real", min: -1, max: 1, scale: "linear" });
    expect(shareBelow(linear, 0)).toBeCloseTo(0.5, 1);
    const reverse = numbers({ kind: "real", min: 0, max: 0.9999, scale: "reverseLog" });
    expect(shareBelow(reverse, 0.99)).toBeCloseTo(0.5, 1);
    const whole = numbers({ kind: "integer", min: 1, max: 3, scale: "linear" });
    for (const each of [1, 2, 3]) expect(whole.filter((value) => value === each).length / 2000).toBeCloseTo(1 / 3, 1);
    expect(new Set(whole).size).toBe(3);
    const choice = drawn({ on: { kind: "choice", values: [true, "maybe"] } }, 100);
    expect(new Set(choice.map(({ on }) => on))).toEqual(new Set(["true", "maybe"]));
  });

  it("follow from the seed", () => {
    const space: SearchSpace = { l2: { kind: "real", min: 0, max: 1 }, units: { kind: "integer", min: 1, max: 100 } };
    expect(drawn(space, 5, 7)).toEqual(drawn(space, 5, 7));
    expect(drawn(space, 5, 7)).not.toEqual(drawn(space, 5, 8));
  });
});
