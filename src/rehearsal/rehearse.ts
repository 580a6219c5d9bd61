import { permissionsOf, type ExercisedAction, type RolePermissions } from "./access/permissions.js";
import type { PolicyDocument } from "./access/policy.js";
import type { MetricSink } from "../io/metrics/index.js";
import { changeLog } from "./changes.js";
import { virtualClock, type VirtualClock } from "./clock.js";
import { printedMetrics } from "./cloudwatch/printed.js";
import { s3Events } from "./events/s3-events.js";
import type { EventBus } from "./events/service.js";
import { emulatorAt } from "./front/emulator.js";
import { startFront, type AwsCall } from "./front/front.js";
import { checkRequest, type Protocol } from "./front/request.js";
import { serviceModels } from "./front/shapes/model.js";
import type { LambdaHandler } from "./lambda/functions.js";
import type { AwsPlace } from "./place.js";
import type { Misbehave } from "./sagemaker/endpoints/misbehave.js";
import { runtimeModel } from "./sagemaker/endpoints/runtime-model.js";
import type { ContainerEntry, Job as SageMakerJob } from "./sagemaker/job.js";
import { isJobLog } from "./sagemaker/logs.js";
import type { Buckets } from "./sagemaker/objects.js";
import { awsServices } from "./services.js";
import { loadPaths } from "./states/paths.js";
import type { TaskHandler } from "./states/tasks.js";

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
  /** Settings of `awsSession` and of functions that act as a role here, by its name; `sink` takes the metrics that functions print. */
  readonly as: (role: string) => {
    readonly clientConfig: {
      readonly endpoint: string;
      readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
    };
    readonly clock: VirtualClock;
    readonly sink: MetricSink;
  };
  readonly timeline: readonly RehearsalEntry[];
  /** The actions that were used so far, each with who used it and on what. */
  readonly actions: readonly ExercisedAction[];
  /** What each role used so far, and what its policies allow besides; also without `permissions`, by the policies that a stack brings. */
  readonly roles: readonly RolePermissions[];
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
  const onNote = (text: string): void => void notes.push(text);
  const noteChange = changeLog(timeline, place);
  const permissions = permissionsOf({
    place,
    policies: options.permissions,
    onDenied: (reason) => note("denied", reason),
    onNote,
  });
  const emulator = emulatorAt(options.emulator, region);
  const aws = awsServices({ options, clock, place, emulator, permissions, onCall, note, onNote });
  const front = await startFront({
    clock,
    services: aws.services,
    isOurs: (service, input) => service !== "logs" || isJobLog(input),
    rest: { sagemaker: runtimeModel },
    others: options.emulator,
    models,
    onS3: s3Events((detail) => aws.emit("aws.s3", "Object Created", detail, [])),
    onCall,
  });
  const sink = printedMetrics(clock, (input) => aws.services["monitoring"]?.["PutMetricData"]?.(input as never));
  return {
    url: front.url,
    account,
    region,
    clock,
    as: (role) => ({
      clientConfig: { endpoint: front.url, credentials: { accessKeyId: role, secretAccessKey: "rehearsal" } },
      clock,
      sink,
    }),
    timeline,
    notes,
    emit: aws.emit,
    async close() {
      await front.close();
      await aws.close();
    },
    get actions() {
      return permissions.exercised;
    },
    get roles() {
      return permissions.roles;
    },
  };

  /** Lets a call pass, or throws its answer. */
  function onCall(call: AwsCall, input: unknown, protocol: Protocol = "json"): void {
    options.onCall?.(call, input);
    permissions.admit(call.caller, { ...call, input });
    if (models !== undefined && call.service !== "s3") checkRequest(call.service, { ...call, protocol, input }, models);
    noteChange(call, input);
  }
}

const unchecked =
  "Requests are not checked against AWS's models: give the folder site-packages/botocore/data of a Python installation as botocore.";
