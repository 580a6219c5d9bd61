import type {
  CreateProcessingJobRequest,
  CreateTrainingJobRequest,
  ListTrainingJobsRequest,
} from "@aws-sdk/client-sagemaker";
import type { VirtualClock } from "../clock.js";
import { AwsError } from "../front/aws-error.js";
import type { AwsCall, Service } from "../front/front.js";
import { arnOf, type AwsPlace } from "../place.js";
import type { EndpointService } from "./endpoints/service.js";
import { StateFault } from "../states/fault.js";
import type { TaskHandler } from "../states/tasks.js";
import { runningJobs, type ContainerEntry, type Job, type JobKind, type Jobs } from "./job.js";
import { objectsOf, type Buckets } from "./objects.js";
import { modelPackages } from "./packages.js";
import { executionEvent, packageEvent, stepEvent, type SageMakerEvent } from "./events.js";
import { pipelinesService } from "./pipelines/service.js";
import { runProcessing } from "./processing.js";
import { runTraining } from "./training.js";

export interface SageMakerOptions {
  readonly clock: VirtualClock;
  readonly place: AwsPlace;
  readonly entry: ContainerEntry;
  readonly buckets: Buckets;
  readonly duration?: ((job: Job) => number) | undefined;
  readonly onChange: (job: Job) => void;
  /** Is told what happens to pipelines and model packages. */
  readonly onEvent: (event: SageMakerEvent) => void;
  /** Calls a Lambda function, for steps of pipelines. */
  readonly invoke: (arn: string, event: unknown) => Promise<unknown>;
  readonly random: () => number;
  /** Is told each call that a pipeline makes with its role; an error that it throws is the answer. */
  readonly onCall?: ((call: AwsCall, input: unknown) => void) | undefined;
  /** Models and endpoints. */
  readonly endpoints: EndpointService;
}

/** SageMaker's jobs: they really run the container's entry, on data of a bucket. */
export interface SageMaker {
  readonly service: Service;
  /** The tasks of state machines that wait for a job. */
  readonly tasks: Readonly<Record<string, TaskHandler>>;
}

export function sageMakerService(options: SageMakerOptions): SageMaker {
  const { clock, place, onEvent } = options;
  const changes = changeSignal();
  const onChange = (job: Job): void => {
    options.onChange(job);
    changes.tell();
  };
  const objects = objectsOf(options.buckets);
  const arn = (kind: JobKind, name: string): string => arnOf(place, "sagemaker", `${kebab(kind)}/${name}`);
  const jobs = runningJobs({ ...options, objects, arn, onChange });
  const train = (input: CreateTrainingJobRequest): Job =>
    jobs.start("TrainingJob", input.TrainingJobName ?? "", { ...input }, runTraining, longest(input));
  const process = (input: CreateProcessingJobRequest): Job =>
    jobs.start("ProcessingJob", input.ProcessingJobName ?? "", { ...input }, runProcessing, longest(input));
  const callAs = (caller: string) => async (operation: string, input: Readonly<Record<string, unknown>>) => {
    options.onCall?.({ service: "sagemaker", operation, caller, time: clock.now() }, input);
    const run = Object.hasOwn(service, operation) ? service[operation] : undefined;
    if (run === undefined)
      throw new AwsError("UnknownOperationException", `The rehearsal does not know sagemaker:${operation}.`);
    return ((await run(input as never)) ?? {}) as Readonly<Record<string, unknown>>;
  };
  const service = options.endpoints.tagged({
    ...options.endpoints.service,
    CreateTrainingJob: (input: CreateTrainingJobRequest) => ({ TrainingJobArn: train(input).arn }),
    CreateProcessingJob: (input: CreateProcessingJobRequest) => ({ ProcessingJobArn: process(input).arn }),
    ...operations(jobs, "TrainingJob"),
    ...operations(jobs, "ProcessingJob"),
    ...modelPackages({ clock, place, onChange: (changed) => onEvent(packageEvent(changed)) }),
    ...pipelinesService({
      ...options,
      objects,
      callAs,
      changed: changes.next,
      onExecution: (execution, former) => onEvent(executionEvent(execution, former)),
      onStep: (execution, run, former) => {
        if (run.status !== former?.status) onEvent(stepEvent(execution, run, former));
      },
    }),
  });
  return {
    service,
    tasks: {
      ...options.endpoints.tasks,
      "arn:aws:states:::sagemaker:createTrainingJob.sync": waiting(jobs, "TrainingJob", train),
      "arn:aws:states:::sagemaker:createProcessingJob.sync": waiting(jobs, "ProcessingJob", process),
    },
  };
}

/** Tells whoever waits for a change. */
function changeSignal(): { readonly tell: () => void; readonly next: () => Promise<void> } {
  const waiting: (() => void)[] = [];
  return {
    tell: () => {
      for (const wake of waiting.splice(0)) wake();
    },
    next: () => new Promise((resolve) => void waiting.push(resolve)),
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
