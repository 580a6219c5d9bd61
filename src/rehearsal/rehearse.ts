import { parseJson } from "../base/json/index.js";
import { uniform } from "../base/random.js";
import { permissionsOf, type ExercisedAction } from "./access/permissions.js";
import type { PolicyDocument } from "./access/policy.js";
import { changeLog } from "./changes.js";
import { virtualClock, type VirtualClock } from "./clock.js";
import type { AlarmChange } from "./cloudwatch/alarms.js";
import { cloudWatchService } from "./cloudwatch/service.js";
import { eventBus, type EventBus } from "./events/service.js";
import { AwsError } from "./front/aws-error.js";
import { emulatorAt } from "./front/emulator.js";
import { startFront, type AwsCall, type Service } from "./front/front.js";
import { checkRequest, type Protocol } from "./front/request.js";
import { serviceModels } from "./front/shapes/model.js";
import { lambdaFunctions, type LambdaHandler } from "./lambda/functions.js";
import { eventSourceMappings } from "./lambda/mappings.js";
import { lambdaService } from "./lambda/service.js";
import { arnOf, type AwsPlace } from "./place.js";
import { callsOf, refusal } from "./states/calls.js";
import type { Execution } from "./states/executions.js";
import type { SageMakerEvent } from "./sagemaker/events.js";
import { described } from "./sagemaker/description.js";
import type { Misbehave } from "./sagemaker/endpoints/misbehave.js";
import { runtimeModel } from "./sagemaker/endpoints/runtime-model.js";
import { endpointService } from "./sagemaker/endpoints/service.js";
import type { ContainerEntry, Job as SageMakerJob } from "./sagemaker/job.js";
import { isJobLog } from "./sagemaker/logs.js";
import type { Buckets } from "./sagemaker/objects.js";
import { sageMakerService } from "./sagemaker/service.js";
import { scalingService } from "./scaling/service.js";
import { loadPaths } from "./states/paths.js";
import { statesService } from "./states/service.js";
import { taskRunner, type TaskHandler } from "./states/tasks.js";

/** Settings of {@link rehearse}. */
export interface RehearsalOptions {
  /** The time at which it begins. Default 2026-01-01. */
  readonly start?: Date;
  /** Account that it stands for. Default 123456789012. */
  readonly account?: string;
  /** Default us-east-1. */
  readonly region?: string;
  /** Functions in this process, by the name of the Lambda function that each stands for. */
  readonly functions?: Readonly<Record<string, LambdaHandler>>;
  /** Opens a bucket for SageMaker. Default: the emulator's S3. */
  readonly buckets?: Buckets;
  /** The entry of the image that jobs and endpoints run. Default: churnkit's own, `runContainer`. */
  readonly container?: ContainerEntry;
  /** Virtual milliseconds that a job's container takes. Default five minutes. */
  readonly duration?: (job: SageMakerJob) => number;
  /** Makes models answer errors or take longer, by endpoint, variant and model. */
  readonly misbehave?: Misbehave;
  /**
   * Whether spot capacity is taken away from a training job now. Asked whenever a container on spot capacity has printed something: the
   * container is told to end, and the job resumes from its checkpoints. Default never.
   */
  readonly interrupt?: (job: SageMakerJob) => boolean;
  /** Tasks of state machines by resource, such as `arn:aws:states:::sagemaker:createTrainingJob.sync`. */
  readonly tasks?: Readonly<Record<string, TaskHandler>>;
  /** Address of an emulator for the services that the rehearsal does not have: S3, SNS, SQS and others. */
  readonly emulator?: string;
  /**
   * botocore's folder `data` in a Python installation: each request is then checked against AWS's own model of its service as
   * it arrives. Requests to S3 are not.
   */
  readonly botocore?: string;
  /**
   * The policies of each role, by its name or ARN: every call is then allowed or denied as IAM would. A client acts as the role
   * that its access key names; a state machine, a rule and a job act as the role that they were given.
   */
  readonly permissions?: Readonly<Record<string, PolicyDocument | readonly PolicyDocument[]>>;
  /** How often EventBridge delivers each event: once at least, so 2 finds handlers that are not idempotent. Default 1. */
  readonly deliveries?: number;
  /** Milliseconds until EventBridge delivers. Default 0. */
  readonly delay?: number;
  /** Is told each call before it is answered, those of pipelines and state machines too; an error that it throws, such as {@link AwsError}, is the answer. */
  readonly onCall?: (call: AwsCall, input: unknown) => void;
  /** Seed of everything random. Default 0. */
  readonly seed?: number;
}

/** Something that happened in a rehearsal. */
export interface RehearsalEntry {
  /** ISO 8601, by the virtual clock. */
  readonly time: string;
  readonly kind:
    | "alarm"
    | "execution"
    | "state"
    | "job"
    | "pipeline"
    | "step"
    | "endpoint"
    | "scaling"
    | "version"
    | "call"
    | "dead letter"
    | "denied";
  readonly text: string;
}

/** AWS on this machine. */
export interface Rehearsal {
  /** Address for `AWS_ENDPOINT_URL`, or for a client's `endpoint`. */
  readonly url: string;
  readonly account: string;
  readonly region: string;
  readonly clock: VirtualClock;
  readonly timeline: readonly RehearsalEntry[];
  /** The actions that were used so far, each with who used it and on what. */
  readonly actions: readonly ExercisedAction[];
  /** What this rehearsal does not check, a line each. */
  readonly notes: readonly string[];
  /** Puts an event that an AWS service would make on the default bus. */
  readonly emit: EventBus["emit"];
  readonly close: () => Promise<void>;
}

/**
 * Starts AWS on this machine, on a virtual clock: CloudWatch with alarms that are evaluated, EventBridge with patterns,
 * schedules and retries, Step Functions, and Lambda functions that run in this process. Clients of any AWS SDK for
 * JavaScript reach it by `url`. Other services go to an emulator, if there is one.
 *
 * It is no proof: it differs from AWS wherever this library's authors did not know better. Quotas and
 * signatures are not checked, shapes of requests with `botocore` only, and permissions with `permissions` only.
 *
 * @throws ChurnkitError PEER_MISSING without the package jsonpath-plus; INPUT_NOT_FOUND without botocore's folder.
 * @example
 * ```ts
 * import { rehearse } from "churnkit/rehearsal";
 *
 * const retrained: unknown[] = [];
 * const rehearsal = await rehearse({ functions: { retrain: (event) => retrained.push(event) } });
 * // Clients with { endpoint: rehearsal.url } put alarms, rules and targets here.
 * await rehearsal.clock.advanceTo(rehearsal.clock.now() + 24 * 3_600_000);
 * console.log(rehearsal.timeline, retrained);
 * await rehearsal.close();
 * ```
 */
export async function rehearse(options: RehearsalOptions = {}): Promise<Rehearsal> {
  const { start = new Date("2026-01-01T00:00:00Z"), account = "123456789012", region = "us-east-1" } = options;
  await loadPaths();
  const place: AwsPlace = { account, region };
  const clock = virtualClock(start.getTime());
  const models = options.botocore === undefined ? undefined : serviceModels(options.botocore);
  const notes: string[] = models === undefined ? [unchecked] : [];
  const timeline: RehearsalEntry[] = [];
  const note = (kind: RehearsalEntry["kind"], text: string): void =>
    void timeline.push({ time: new Date(clock.now()).toISOString(), kind, text });
  const noteChange = changeLog(timeline, place);
  const permissions = permissionsOf({
    place,
    policies: options.permissions,
    onDenied: (reason) => note("denied", reason),
    onNote: (text) => void notes.push(text),
  });
  const emulator = emulatorAt(options.emulator, region);
  const functions = lambdaFunctions(clock, options.functions ?? {}, ({ target, event, reason }) => {
    note("dead letter", `${target}: ${reason}`);
    const queue = lambda.deadLetters(target);
    if (queue !== undefined) actOn(queue, event);
  });
  const mappings = eventSourceMappings({
    clock,
    region,
    emulator,
    invoke: (name, event) => functions.invoke(name, event),
    send: (arn, body) => actOn(arn, parseJson(body)),
    onLost: (arn, reason) => note("dead letter", `${arn}: ${reason}`),
  });
  const lambda = lambdaService(place, functions, mappings);

  const bus = eventBus({
    clock,
    place,
    deliveries: options.deliveries,
    delay: options.delay,
    deliver,
    onDead: (target, payload, reason) => {
      note("dead letter", `${target.Arn}: ${reason}`);
      const queue = target.DeadLetterConfig?.Arn;
      if (queue !== undefined) actOn(queue, payload);
    },
  });
  const monitoring = cloudWatchService(clock, place, onAlarm);
  const machines = {
    entry: options.container ?? ownContainer,
    buckets: options.buckets ?? emulatorBuckets(options.emulator, region),
  };
  const endpoints = endpointService({
    ...machines,
    ...{ clock, place, monitoring, misbehave: options.misbehave },
    random: uniform(options.seed ?? 0),
    describePackage: (input) => sagemaker.service["DescribeModelPackage"]?.(input as never),
    isScaled: (endpoint, variant) => scaling.isScaled(endpoint, variant),
    onChange: (type, arn, detail) => bus.emit("aws.sagemaker", type, detail, [arn]),
    onNote: (text) => note("endpoint", text),
    publish: actOn,
  });
  const sagemaker = sageMakerService({
    clock,
    place,
    ...machines,
    duration: options.duration,
    random: uniform((options.seed ?? 0) + 1),
    invoke: (arn, event) => functions.invoke(arn, event),
    interrupt: options.interrupt,
    onChange: onJob,
    onEvent: onSageMaker,
    onCall,
    endpoints,
    admit: (role, operation) => permissions.admit(role, { service: "s3", operation, input: undefined }),
  });
  const scaling = scalingService({
    ...{ clock, place, monitoring },
    sagemaker: sagemaker.service,
    onScale: (text) => note("scaling", text),
  });
  const sts: Service = {
    GetCallerIdentity: () => ({
      Account: account,
      Arn: `arn:aws:iam::${account}:user/rehearsal`,
      UserId: "rehearsal",
    }),
  };
  const services: Record<string, Service> = {
    sts,
    monitoring,
    events: bus.service,
    sagemaker: sagemaker.service,
    logs: sagemaker.logs,
    "application-autoscaling": scaling.service,
    lambda: lambda.service,
  };
  const states = statesService({
    clock,
    place,
    random: uniform(options.seed ?? 0),
    task: taskRunner({
      functions,
      emulator,
      services: { cloudwatch: monitoring, eventbridge: bus.service, sagemaker: sagemaker.service },
      tasks: { ...sagemaker.tasks, ...options.tasks },
    }),
    admit: onTask,
    onChange: onExecution,
    onEvent: (execution, { state, type }) => note("state", `${execution.split(":").at(-1)}: ${state} ${type}`),
  });
  services["states"] = states;
  const front = await startFront({
    clock,
    services,
    isOurs: (service, input) => service !== "logs" || isJobLog(input),
    rest: { sagemaker: runtimeModel },
    others: options.emulator,
    models,
    onCall,
  });
  const close = async (): Promise<void> => {
    await front.close();
    await endpoints.close();
  };
  return {
    url: front.url,
    account,
    region,
    clock,
    timeline,
    notes,
    emit: bus.emit,
    close,
    get actions() {
      return permissions.exercised;
    },
  };
  /** Lets a call pass, or throws its answer. */
  function onCall(call: AwsCall, input: unknown, protocol: Protocol = "json"): void {
    options.onCall?.(call, input);
    permissions.admit(call.caller, { ...call, input });
    if (models !== undefined && call.service !== "s3") checkRequest(call.service, { ...call, protocol, input }, models);
    noteChange(call, input);
  }

  function onTask(caller: string, resource: string, parameters: unknown): void {
    const [{ input, ...own }, ...others] = callsOf(resource, parameters);
    try {
      onCall({ ...own, caller, time: clock.now() }, input);
      for (const other of others) permissions.admit(caller, other);
    } catch (error) {
      throw error instanceof AwsError ? refusal(resource, error) : error;
    }
  }

  /** Gives a payload to whatever an ARN names. */
  async function deliver(arn: string, payload: unknown, role?: string): Promise<unknown> {
    const service = arn.split(":")[2];
    const message = JSON.stringify(payload);
    if (role !== undefined && service === "states")
      permissions.admit(role, { service, operation: "StartExecution", input: { stateMachineArn: arn } });
    if (service === "lambda") return functions.queue(arn, payload);
    if (service === "autoscaling") return scaling.onAlarm(arn, (payload as { readonly alarmName: string }).alarmName);
    if (service === "states") return states["StartExecution"]?.({ stateMachineArn: arn, input: message } as never);
    if (service === "sns") return clock.during(() => emulator.publish(arn, "", message));
    if (service === "sqs" && mappings.take(arn, message)) return undefined;
    if (service === "sqs") return clock.during(() => emulator.sendMessage(arn, message));
    throw new AwsError("InvalidTarget", `The rehearsal does not deliver to ${arn}.`);
  }

  function actOn(arn: string, payload: unknown): void {
    deliver(arn, payload).catch((error: unknown) => {
      note("dead letter", `${arn}: ${error instanceof Error ? error.message : String(error)}`);
    });
  }

  function onAlarm({ alarm, former }: AlarmChange): void {
    note("alarm", `${alarm.name} ${former} -> ${alarm.state}`);
    const timestamp = new Date(alarm.changedAt).toISOString();
    const state = { value: alarm.state, reason: alarm.reason, timestamp };
    const detail = { alarmName: alarm.name, state, previousState: { value: former } };
    bus.emit("aws.cloudwatch", "CloudWatch Alarm State Change", detail, [
      arnOf(place, "cloudwatch", `alarm:${alarm.name}`),
    ]);
    const { AlarmActions, OKActions, InsufficientDataActions, ActionsEnabled = true } = alarm.definition;
    const actions = { ALARM: AlarmActions, OK: OKActions, INSUFFICIENT_DATA: InsufficientDataActions }[alarm.state];
    if (ActionsEnabled) for (const action of actions ?? []) actOn(action, detail);
  }

  function onJob(job: SageMakerJob): void {
    const { kind, name, status, stages, reason } = job;
    const stage = stages.at(-1)?.Status;
    note("job", `${name} ${stage ?? status}${reason === undefined || reason === "" ? "" : `: ${reason}`}`);
    const type = `SageMaker ${kind.replace("Job", " Job")} State Change`;
    bus.emit("aws.sagemaker", type, described(job), [job.arn]);
  }

  function onSageMaker({ kind, text, type, detail, resources }: SageMakerEvent): void {
    note(kind, text);
    bus.emit("aws.sagemaker", type, detail, resources);
  }

  function onExecution(execution: Execution): void {
    const { name, status, executionArn, stateMachineArn, error } = execution;
    note(
      "execution",
      `${stateMachineArn.split(":").at(-1)} ${name} ${status}${error === undefined ? "" : ` ${error}`}`,
    );
    bus.emit("aws.states", "Step Functions Execution Status Change", execution, [executionArn, stateMachineArn]);
  }
}

const unchecked =
  "Requests are not checked against AWS's models: give the folder site-packages/botocore/data of a Python installation as botocore.";

/** Loaded when a job runs, since it brings training with it. */
const ownContainer: ContainerEntry = async (argv, machine) => {
  const { runContainer } = await import("../container/index.js");
  return runContainer(argv, machine);
};

/** The buckets of the emulator's S3. */
function emulatorBuckets(url: string | undefined, region: string): Buckets {
  if (url === undefined)
    return () => {
      throw new AwsError(
        "ServiceUnavailable",
        "A job of SageMaker needs buckets: give the rehearsal buckets, or an emulator.",
        503,
      );
    };
  const credentials = { accessKeyId: "rehearsal", secretAccessKey: "rehearsal" };
  return async (bucket) => {
    const { s3Store } = await import("../io/store/s3/store.js");
    return s3Store({ bucket, clientConfig: { endpoint: url, region, credentials, forcePathStyle: true } });
  };
}
