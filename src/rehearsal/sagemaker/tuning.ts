import type {
  CreateHyperParameterTuningJobRequest,
  CreateTrainingJobRequest,
  HyperParameterTuningJobObjective,
  ListTrainingJobsForHyperParameterTuningJobRequest,
  TuningJobCompletionCriteria,
} from "@aws-sdk/client-sagemaker";
import { hashJson } from "../../base/hash.js";
import { invalid } from "../front/aws-error.js";
import { pageOf } from "../front/pages.js";
import { described } from "./description.js";
import { draws } from "./draws.js";
import { type Job, JobEnd, type Jobs, type RunJob } from "./job.js";

/** A training job of a tuning: its name, and the values that it was given. */
interface Trial {
  readonly name: string;
  readonly values: Readonly<Record<string, string>>;
}

/** Tuning jobs, which start training jobs. */
export interface Tunings {
  /** A request as SageMaker keeps it. @throws AwsError for one that it does not take. */
  accepted(input: CreateHyperParameterTuningJobRequest): CreateHyperParameterTuningJobRequest;
  readonly run: RunJob;
  /** The training jobs of a tuning. */
  readonly list: (input: ListTrainingJobsForHyperParameterTuningJobRequest) => object;
}

/** @param train starts a training job. */
export function tunings(
  jobs: Jobs,
  train: (input: CreateTrainingJobRequest & { TuningJobArn: string }) => Job,
): Tunings {
  const trials = new Map<string, Trial[]>();
  const summaries = (tuning: Job): Summary[] =>
    (trials.get(tuning.name) ?? []).map((trial) =>
      summaryOf(jobs.find("TrainingJob", trial.name), trial.values, objectiveOf(tuning)),
    );

  const run: RunJob = async (tuning, { signal, report }) => {
    const { HyperParameterTuningJobConfig, TrainingJobDefinition } = requestOf(tuning);
    const { ResourceLimits, TuningJobCompletionCriteria: until } = HyperParameterTuningJobConfig ?? {};
    const { MaxNumberOfTrainingJobs: most = Infinity, MaxParallelTrainingJobs: parallel = 1 } = ResourceLimits ?? {};
    const { StaticHyperParameters, ...definition } = TrainingJobDefinition ?? {};
    const source = draws(HyperParameterTuningJobConfig ?? {});
    const own: Trial[] = [];
    trials.set(tuning.name, own);
    let isEnough = false;
    const end = (): void => {
      isEnough = true;
      for (const { name } of own) jobs.stop("TrainingJob", name);
    };
    signal.addEventListener("abort", end, { once: true });

    function start(values: Trial["values"]): Trial {
      const number = String(own.length + 1).padStart(3, "0");
      const name = `${tuning.name.slice(0, 50)}-${number}-${hashJson([tuning.name, number]).slice(0, 8)}`;
      const HyperParameters = { ...StaticHyperParameters, ...values };
      train({
        ...(definition as CreateTrainingJobRequest),
        TrainingJobName: name,
        HyperParameters,
        TuningJobArn: tuning.arn,
      });
      const trial = { name, values };
      own.push(trial);
      return trial;
    }

    /** Runs one training job after the other. */
    async function work(): Promise<void> {
      while (!isEnough && own.length < most) {
        const next = source.next();
        if (next.done === true) return;
        const { name } = start(next.value);
        report(results(tuning, summaries(tuning)));
        await jobs.ended("TrainingJob", name);
        report(results(tuning, summaries(tuning)));
        if (reached(summaries(tuning), objectiveOf(tuning), until)) end();
      }
    }

    await Promise.all(Array.from({ length: parallel }, work));
    signal.throwIfAborted();
    const all = results(tuning, summaries(tuning));
    if (all["BestTrainingJob"] === undefined)
      throw new JobEnd("Failed", "Failed", "No training job succeeded. See the reasons of their failures.");
    return all;
  };

  return {
    run,
    accepted,
    list({ HyperParameterTuningJobName = "", StatusEquals, SortBy = "Name", SortOrder = "Ascending", ...page }) {
      const tuning = jobs.find("HyperParameterTuningJob", HyperParameterTuningJobName);
      const found = summaries(tuning).filter(
        ({ TrainingJobStatus }) => StatusEquals === undefined || TrainingJobStatus === StatusEquals,
      );
      // Their names are numbered in the order of their creation.
      if (SortBy === "FinalObjectiveMetricValue") found.sort((a, b) => valueOf(a) - valueOf(b));
      if (SortBy === "Status") found.sort((a, b) => (a.TrainingJobStatus < b.TrainingJobStatus ? -1 : 1));
      if (SortOrder === "Descending") found.reverse();
      const { items, NextToken } = pageOf(found, page);
      return { TrainingJobSummaries: items, NextToken };
    },
  };
}

const accepted: Tunings["accepted"] = ({ TrainingJobDefinition: definition, ...input }) => {
  if (definition === undefined) throw invalid("The rehearsal tunes a TrainingJobDefinition only.");
  const { MetricName = "" } = input.HyperParameterTuningJobConfig?.HyperParameterTuningJobObjective ?? {};
  const StaticHyperParameters = { ...definition.StaticHyperParameters, _tuning_objective_metric: MetricName };
  return { ...input, TrainingJobDefinition: { ...definition, StaticHyperParameters } };
};

const requestOf = ({ input }: Job): Partial<CreateHyperParameterTuningJobRequest> => input;
const objectiveOf = (tuning: Job): Partial<HyperParameterTuningJobObjective> =>
  requestOf(tuning).HyperParameterTuningJobConfig?.HyperParameterTuningJobObjective ?? {};

type Summary = ReturnType<typeof summaryOf>;

/** What a tuning tells of one of its jobs. */
function summaryOf(
  job: Job,
  TunedHyperParameters: Trial["values"],
  { Type, MetricName }: Partial<HyperParameterTuningJobObjective>,
) {
  const { status, name, arn } = job;
  const {
    FinalMetricDataList = [],
    CreationTime,
    TrainingStartTime,
    TrainingEndTime,
    FailureReason,
  } = described(job) as {
    readonly FinalMetricDataList?: readonly { readonly MetricName: string; readonly Value: number }[];
    readonly [time: string]: unknown;
  };
  const Value = FinalMetricDataList.find((metric) => metric.MetricName === MetricName)?.Value;
  const isOver = job.ended !== undefined;
  return {
    TrainingJobName: name,
    TrainingJobArn: arn,
    TrainingJobStatus: status,
    CreationTime,
    TrainingStartTime,
    TrainingEndTime,
    FailureReason,
    TunedHyperParameters,
    ObjectiveStatus: !isOver ? "Pending" : status === "Completed" && Value !== undefined ? "Succeeded" : "Failed",
    ...(isOver && Value !== undefined && { FinalHyperParameterTuningJobObjectiveMetric: { Type, MetricName, Value } }),
  };
}

const valueOf = (summary: Summary): number => summary.FinalHyperParameterTuningJobObjectiveMetric?.Value ?? -Infinity;

/** The best of those that succeeded: the first, if others are as good. */
function bestOf(all: readonly Summary[], { Type }: Partial<HyperParameterTuningJobObjective>): Summary | undefined {
  const sign = Type === "Minimize" ? -1 : 1;
  return all
    .filter(({ ObjectiveStatus }) => ObjectiveStatus === "Succeeded")
    .reduce<Summary | undefined>(
      (best, next) => (best === undefined || sign * valueOf(next) > sign * valueOf(best) ? next : best),
      undefined,
    );
}

/** What a tuning's description has in addition. */
function results(tuning: Job, all: readonly Summary[]): Record<string, unknown> {
  const count = (key: "TrainingJobStatus" | "ObjectiveStatus", ...values: string[]): number =>
    all.filter((each) => values.includes(each[key])).length;
  const best = bestOf(all, objectiveOf(tuning));
  return {
    TrainingJobStatusCounters: {
      Completed: count("TrainingJobStatus", "Completed"),
      InProgress: count("TrainingJobStatus", "InProgress", "Stopping"),
      RetryableError: 0,
      NonRetryableError: count("TrainingJobStatus", "Failed"),
      Stopped: count("TrainingJobStatus", "Stopped"),
    },
    ObjectiveStatusCounters: {
      Succeeded: count("ObjectiveStatus", "Succeeded"),
      Pending: count("ObjectiveStatus", "Pending"),
      Failed: count("ObjectiveStatus", "Failed"),
    },
    ...(best !== undefined && { BestTrainingJob: best }),
  };
}

/** Whether a tuning may end before its limit. */
function reached(
  all: readonly Summary[],
  objective: Partial<HyperParameterTuningJobObjective>,
  { TargetObjectiveMetricValue: target, BestObjectiveNotImproving }: TuningJobCompletionCriteria = {},
): boolean {
  const best = bestOf(all, objective);
  if (best === undefined) return false;
  const { MaxNumberOfTrainingJobsNotImproving: most = Infinity } = BestObjectiveNotImproving ?? {};
  const later = all.slice(all.indexOf(best) + 1).filter(({ ObjectiveStatus }) => ObjectiveStatus === "Succeeded");
  const isGood =
    target !== undefined && (objective.Type === "Minimize" ? valueOf(best) <= target : valueOf(best) >= target);
  return isGood || later.length >= most;
}
