import type { VirtualClock } from "../clock.js";
import { AwsError } from "../front/aws-error.js";
import type { AwsCall } from "../front/front.js";
import type { AwsPlace } from "../place.js";
import type { ContainerEntry, Job } from "./job.js";
import { type JobService, jobService } from "./jobs-service.js";
import type { MachineOptions } from "./machine.js";
import type { EndpointService } from "./endpoints/service.js";
import { objectsOf, type Buckets } from "./objects.js";
import { modelPackages } from "./packages.js";
import { executionEvent, packageEvent, stepEvent, type SageMakerEvent } from "./events.js";
import { pipelinesService } from "./pipelines/service.js";

export interface SageMakerOptions extends Pick<MachineOptions, "duration" | "interrupt"> {
  readonly clock: VirtualClock;
  readonly place: AwsPlace;
  readonly entry: ContainerEntry;
  readonly buckets: Buckets;
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
  /** Is asked whether a job's role may send a request to S3, such as `GET /bucket/key`; throws if not. */
  readonly admit?: (role: string, request: string) => void;
}

/** SageMaker's jobs: they really run the container's entry, on data of a bucket. */
export type SageMaker = JobService;

export function sageMakerService(options: SageMakerOptions): SageMaker {
  const { clock, place, onEvent } = options;
  const changes = changeSignal();
  const onChange = (job: Job): void => {
    options.onChange(job);
    changes.tell();
  };
  const objects = objectsOf(options.buckets, options.admit);
  const jobs = jobService({
    ...options,
    objects,
    models: options.endpoints.models,
    containers: options.endpoints.containers,
    onChange,
  });
  const callAs = (caller: string) => async (operation: string, input: Readonly<Record<string, unknown>>) => {
    options.onCall?.({ service: "sagemaker", operation, caller, time: clock.now() }, input);
    const run = Object.hasOwn(service, operation) ? service[operation] : undefined;
    if (run === undefined)
      throw new AwsError("UnknownOperationException", `The rehearsal does not know sagemaker:${operation}.`);
    return ((await run(input as never)) ?? {}) as Readonly<Record<string, unknown>>;
  };
  const invokeAs = (caller: string) => (FunctionName: string, event: unknown) => {
    options.onCall?.({ service: "lambda", operation: "Invoke", caller, time: clock.now() }, { FunctionName });
    return options.invoke(FunctionName, event);
  };
  const service = options.endpoints.tagged({
    ...options.endpoints.service,
    ...jobs.service,
    ...modelPackages({ clock, place, onChange: (changed) => onEvent(packageEvent(changed)) }),
    ...pipelinesService({
      ...options,
      objects,
      callAs,
      invokeAs,
      changed: changes.next,
      onExecution: (execution, former) => onEvent(executionEvent(execution, former)),
      onStep: (execution, run, former) => {
        if (run.status !== former?.status) onEvent(stepEvent(execution, run, former));
      },
    }),
  });
  return { ...jobs, service, tasks: { ...options.endpoints.tasks, ...jobs.tasks } };
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
