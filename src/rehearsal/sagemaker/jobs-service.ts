import type {
  CreateHyperParameterTuningJobRequest,
  CreateProcessingJobRequest,
  CreateTrainingJobRequest,
  CreateTransformJobRequest,
  ListTrainingJobsRequest,
} from "@aws-sdk/client-sagemaker";
import { invalid } from "../front/aws-error.js";
import { pageOf } from "../front/pages.js";
import type { Service } from "../front/front.js";
import { arnOf, type AwsPlace } from "../place.js";
import { StateFault } from "../states/fault.js";
import type { TaskHandler } from "../states/tasks.js";
import { described } from "./description.js";
import type { ContainerHost } from "./endpoints/container.js";
import type { Models } from "./endpoints/models.js";
import { type Job, type JobKind, type Jobs, type JobsOptions, runningJobs } from "./job.js";
import { jobLogs } from "./logs.js";
import { runProcessing } from "./processing.js";
import { runTraining } from "./training.js";
import { transforms } from "./transform.js";
import { tunings } from "./tuning.js";

/** The calls about jobs. */
export interface JobService {
  readonly service: Service;
  /** CloudWatch Logs, for the logs of the jobs. */
  readonly logs: Service;
  /** The tasks of state machines that wait for a job. */
  readonly tasks: Readonly<Record<string, TaskHandler>>;
  /** Ends all jobs without a word. */
  readonly close: () => Promise<void>;
}

export interface JobServiceOptions extends Omit<JobsOptions, "arn"> {
  readonly place: AwsPlace;
  readonly models: Pick<Models, "find">;
  readonly containers: Pick<ContainerHost, "start">;
}

export function jobService({ place, models, containers, ...options }: JobServiceOptions): JobService {
  const arn = (kind: JobKind, name: string): string => arnOf(place, "sagemaker", `${kebab(kind)}/${name}`);
  const jobs = runningJobs({ ...options, arn });
  const train = (input: CreateTrainingJobRequest): Job =>
    jobs.start("TrainingJob", input.TrainingJobName ?? "", { ...input }, runTraining, {
      run: input.StoppingCondition?.MaxRuntimeInSeconds ?? day,
      whole: input.StoppingCondition?.MaxWaitTimeInSeconds,
    });
  const process = (input: CreateProcessingJobRequest): Job =>
    jobs.start("ProcessingJob", input.ProcessingJobName ?? "", { ...input }, runProcessing, {
      run: input.StoppingCondition?.MaxRuntimeInSeconds ?? day,
    });
  const runTransform = transforms(models, containers);
  const transform = (input: CreateTransformJobRequest): Job => {
    models.find(input.ModelName);
    return jobs.start("TransformJob", input.TransformJobName ?? "", { ...input }, runTransform, { run: Infinity });
  };
  const tuning = tunings(jobs, train);
  const tune = (input: CreateHyperParameterTuningJobRequest): Job =>
    jobs.start(
      "HyperParameterTuningJob",
      input.HyperParameterTuningJobName ?? "",
      { ...tuning.accepted(input) },
      tuning.run,
      {
        run: Infinity,
        whole: input.HyperParameterTuningJobConfig?.ResourceLimits?.MaxRuntimeInSeconds,
      },
    );
  const kinds = {
    TrainingJob: train,
    ProcessingJob: process,
    TransformJob: transform,
    HyperParameterTuningJob: tune,
  } as const;
  const each = Object.entries(kinds) as [JobKind, (input: never) => Job][];
  return {
    service: {
      ...Object.assign({}, ...each.map(([kind, start]) => operations(jobs, kind, start))),
      ListTrainingJobsForHyperParameterTuningJob: tuning.list,
    } as Service,
    close: jobs.close,
    logs: jobLogs(jobs.all),
    tasks: Object.fromEntries(
      each.map(([kind, start]) => [`arn:aws:states:::sagemaker:create${kind}.sync`, waiting(jobs, kind, start)]),
    ),
  };
}

/** Seconds that a job may take without a limit of its own. */
const day = 86_400;

const kebab = (kind: JobKind): string => kind.replace(/(?!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();

/** Create, describe, stop and list, which all kinds of jobs have. */
function operations(jobs: Jobs, kind: JobKind, start: (input: never) => Job): Service {
  const find = (input: Readonly<Record<string, string>>): Job => jobs.find(kind, input[`${kind}Name`] ?? "");
  return {
    [`Create${kind}`]: (input: never) => ({ [`${kind}Arn`]: start(input).arn }),
    [`Describe${kind}`]: (input: Readonly<Record<string, string>>) => described(find(input)),
    [`Stop${kind}`]: (input: Readonly<Record<string, string>>) => {
      const { name, status } = find(input);
      if (status !== "InProgress") throw invalid(`The request was rejected because the job is in status ${status}.`);
      jobs.stop(kind, name);
    },
    [`List${kind}s`]: ({ NameContains = "", StatusEquals, ...page }: ListTrainingJobsRequest) => {
      const found = jobs
        .all(kind)
        .filter(({ name, status }) => name.includes(NameContains) && (StatusEquals ?? status) === status);
      const { items, NextToken } = pageOf(found.reverse(), page);
      return { [`${kind}Summaries`]: items.map(described), NextToken };
    },
  };
}

/** Starts a job, waits for its end, and fails as Step Functions does; the job is stopped if the wait is given up. */
const waiting =
  (jobs: Jobs, kind: JobKind, start: (input: never) => Job): TaskHandler =>
  async (parameters, signal) => {
    const { name } = start(parameters as never);
    signal.addEventListener("abort", () => jobs.stop(kind, name), { once: true });
    const job = await jobs.ended(kind, name);
    if (job.status === "Completed") return described(job);
    throw new StateFault("States.TaskFailed", JSON.stringify(described(job)));
  };
