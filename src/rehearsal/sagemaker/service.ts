import type {
  CreateProcessingJobRequest,
  CreateTrainingJobRequest,
  ListTrainingJobsRequest,
} from "@aws-sdk/client-sagemaker";
import type { VirtualClock } from "../clock.js";
import type { Service } from "../front/front.js";
import { arnOf, type AwsPlace } from "../place.js";
import { StateFault } from "../states/fault.js";
import type { TaskHandler } from "../states/tasks.js";
import { runningJobs, type ContainerEntry, type Job, type JobKind, type Jobs } from "./job.js";
import { objectsOf, type Buckets } from "./objects.js";
import { runProcessing } from "./processing.js";
import { runTraining } from "./training.js";

export interface SageMakerOptions {
  readonly clock: VirtualClock;
  readonly place: AwsPlace;
  readonly entry: ContainerEntry;
  readonly buckets: Buckets;
  readonly duration?: ((job: Job) => number) | undefined;
  readonly onChange: (job: Job) => void;
}

/** SageMaker's jobs: they really run the container's entry, on data of a bucket. */
export interface SageMaker {
  readonly service: Service;
  /** The tasks of state machines that wait for a job. */
  readonly tasks: Readonly<Record<string, TaskHandler>>;
}

export function sageMakerService({ clock, place, entry, buckets, duration, onChange }: SageMakerOptions): SageMaker {
  const arn = (kind: JobKind, name: string): string => arnOf(place, "sagemaker", `${kebab(kind)}/${name}`);
  const jobs = runningJobs({ clock, objects: objectsOf(buckets), entry, duration, arn, onChange });
  const train = (input: CreateTrainingJobRequest): Job =>
    jobs.start("TrainingJob", input.TrainingJobName ?? "", { ...input }, runTraining, longest(input));
  const process = (input: CreateProcessingJobRequest): Job =>
    jobs.start("ProcessingJob", input.ProcessingJobName ?? "", { ...input }, runProcessing, longest(input));
  return {
    service: {
      CreateTrainingJob: (input: CreateTrainingJobRequest) => ({ TrainingJobArn: train(input).arn }),
      CreateProcessingJob: (input: CreateProcessingJobRequest) => ({ ProcessingJobArn: process(input).arn }),
      ...operations(jobs, "TrainingJob"),
      ...operations(jobs, "ProcessingJob"),
    },
    tasks: {
      "arn:aws:states:::sagemaker:createTrainingJob.sync": waiting(jobs, "TrainingJob", train),
      "arn:aws:states:::sagemaker:createProcessingJob.sync": waiting(jobs, "ProcessingJob", process),
    },
  };
}

/** Seconds that a job may take. */
const longest = ({ StoppingCondition }: CreateTrainingJobRequest | CreateProcessingJobRequest): number =>
  StoppingCondition?.MaxRuntimeInSeconds ?? 86_400;

const kebab = (kind: JobKind): string => kind.replace(/(?!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();

/** Describe, stop and list, which all kinds of jobs have. */
function operations(jobs: Jobs, kind: JobKind): Service {
  const nameIn = (input: Readonly<Record<string, string>>): string => input[`${kind}Name`] ?? "";
  return {
    [`Describe${kind}`]: (input: Readonly<Record<string, string>>) => described(jobs.find(kind, nameIn(input))),
    [`Stop${kind}`]: (input: Readonly<Record<string, string>>) => jobs.stop(kind, nameIn(input)),
    [`List${kind}s`]: ({ NameContains = "", StatusEquals }: ListTrainingJobsRequest) => ({
      [`${kind}Summaries`]: jobs
        .all(kind)
        .filter(
          ({ name, status }) => name.includes(NameContains) && (StatusEquals === undefined || status === StatusEquals),
        )
        .map(described)
        .reverse(),
    }),
  };
}

/** A job as its Describe call returns it. */
export function described(job: Job): Record<string, unknown> {
  const { kind, name, status, stages } = job;
  const trained =
    kind === "TrainingJob"
      ? { SecondaryStatus: stages.at(-1)?.Status ?? "Starting", SecondaryStatusTransitions: stages }
      : {};
  return {
    ...job.input,
    ...trained,
    ...job.results,
    [`${kind}Name`]: name,
    [`${kind}Arn`]: job.arn,
    [`${kind}Status`]: status,
    CreationTime: job.created,
    LastModifiedTime: job.ended ?? stages.at(-1)?.StartTime ?? job.created,
    ...(job.reason === undefined || job.reason === "" ? {} : { FailureReason: job.reason }),
    ...(job.ended === undefined
      ? {}
      : { [kind === "TrainingJob" ? "TrainingEndTime" : "ProcessingEndTime"]: job.ended }),
  };
}

/** Starts a job, waits for its end, and fails as Step Functions does; the job is stopped if the wait is given up. */
const waiting =
  <Input>(jobs: Jobs, kind: JobKind, start: (input: Input) => Job): TaskHandler =>
  async (parameters, signal) => {
    const { name } = start(parameters as Input);
    signal.addEventListener("abort", () => jobs.stop(kind, name), { once: true });
    const job = await jobs.ended(kind, name);
    if (job.status === "Completed") return described(job);
    throw new StateFault("States.TaskFailed", JSON.stringify(described(job)));
  };
