import { parseJson } from "../base/json/index.js";
import { uniform } from "../base/random.js";
import type { ObjectStore } from "../io/store/index.js";
import type { Permissions } from "./access/permissions.js";
import type { VirtualClock } from "./clock.js";
import { cloudWatchService } from "./cloudwatch/service.js";
import { deliveries, type Deliveries } from "./deliver.js";
import { eventBus, type EventBus } from "./events/service.js";
import { AwsError } from "./front/aws-error.js";
import type { Emulator } from "./front/emulator.js";
import type { AwsCall, Service } from "./front/front.js";
import { lambdaFunctions } from "./lambda/functions.js";
import { eventSourceMappings } from "./lambda/mappings.js";
import { lambdaService } from "./lambda/service.js";
import type { AwsPlace } from "./place.js";
import type { RehearsalEntry, RehearsalOptions } from "./rehearse.js";
import { scalingService } from "./scaling/service.js";
import { endpointService } from "./sagemaker/endpoints/service.js";
import type { ContainerEntry } from "./sagemaker/job.js";
import type { Buckets } from "./sagemaker/objects.js";
import { sageMakerService } from "./sagemaker/service.js";
import { callsOf, refusal } from "./states/calls.js";
import { statesService } from "./states/service.js";
import { taskRunner } from "./states/tasks.js";
import { telling } from "./telling.js";

/** What all services of a rehearsal share. */
export interface World {
  readonly options: RehearsalOptions;
  readonly clock: VirtualClock;
  readonly place: AwsPlace;
  readonly emulator: Emulator;
  readonly permissions: Permissions;
  /** Lets a call pass, or throws its answer. */
  readonly onCall: (call: AwsCall, input: unknown) => void;
  readonly note: (kind: RehearsalEntry["kind"], text: string) => void;
  /** Is told what is not as in AWS. */
  readonly onNote: (text: string) => void;
}

export interface AwsServices {
  /** By their names in signatures. */
  readonly services: Readonly<Record<string, Service>>;
  readonly emit: EventBus["emit"];
  readonly close: () => Promise<void>;
}

/** The services of a rehearsal, wired to each other. */
export function awsServices(world: World): AwsServices {
  const { options, clock, place, emulator, permissions, note } = world;
  const letters = deliveries((arn, reason) => note("dead letter", `${arn}: ${reason}`));
  const lambda = functionsOf(world, letters);
  const bus = eventBus({
    clock,
    place,
    deliveries: options.deliveries,
    delay: options.delay,
    deliver: letters.deliver,
    onDead: (target, payload, reason) => {
      note("dead letter", `${target.Arn}: ${reason}`);
      const queue = target.DeadLetterConfig?.Arn;
      if (queue !== undefined) letters.send(queue, payload);
    },
  });
  const told = telling({ place, emit: bus.emit, send: letters.send, note });
  const monitoring = cloudWatchService(clock, place, told.alarm, world.onNote);
  const { sagemaker, scaling, close } = sageMakerOf(world, { letters, bus, told, monitoring, lambda });
  const states = statesService({
    clock,
    place,
    random: uniform((options.seed ?? 0) + 3),
    task: taskRunner({
      functions: lambda.functions,
      emulator,
      services: { cloudwatch: monitoring, eventbridge: bus.service, sagemaker: sagemaker.service },
      tasks: { ...sagemaker.tasks, ...options.tasks },
    }),
    admit: (...task) => admitTask(world, ...task),
    onChange: told.execution,
    onEvent: (execution, { state, type }) => note("state", `${execution.split(":").at(-1)}: ${state} ${type}`),
  });
  letters.to("states", (stateMachineArn, payload, role) => {
    const input = { stateMachineArn, input: JSON.stringify(payload) };
    if (role !== undefined) permissions.admit(role, { service: "states", operation: "StartExecution", input });
    return states["StartExecution"]?.(input as never);
  });
  letters.to("sns", (arn, payload) => clock.during(() => emulator.publish(arn, "", JSON.stringify(payload))));
  letters.to("autoscaling", (arn, payload) =>
    scaling.onAlarm(arn, (payload as { readonly alarmData: { readonly alarmName: string } }).alarmData.alarmName),
  );
  return {
    services: {
      sts: stsService(place),
      monitoring,
      events: bus.service,
      sagemaker: sagemaker.service,
      logs: sagemaker.logs,
      "application-autoscaling": scaling.service,
      lambda: lambda.service,
      states,
    },
    emit: bus.emit,
    close,
  };
}

const stsService = ({ account }: AwsPlace): Service => ({
  GetCallerIdentity: () => ({
    Account: account,
    Arn: `arn:aws:iam::${account}:user/rehearsal`,
    UserId: "rehearsal",
  }),
});

/** Lambda: functions, their settings, and the queues that they read. */
function functionsOf({ options, clock, place, emulator, note }: World, { to, send }: Deliveries) {
  const functions = lambdaFunctions(clock, options.functions ?? {}, ({ target, event, reason }) => {
    note("dead letter", `${target}: ${reason}`);
    const queue = deadLetters(target);
    if (queue !== undefined) send(queue, event);
  });
  const mappings = eventSourceMappings({
    clock,
    region: place.region,
    emulator,
    invoke: (name, event) => functions.invoke(name, event),
    send: (arn, body) => send(arn, parseJson(body)),
    onLost: (arn, reason) => note("dead letter", `${arn}: ${reason}`),
  });
  const { service, deadLetters } = lambdaService(place, functions, mappings);
  to("lambda", (arn, payload) => functions.queue(arn, payload));
  to("sqs", (arn, payload) => {
    const body = JSON.stringify(payload);
    return mappings.take(arn, body) ? undefined : clock.during(() => emulator.sendMessage(arn, body));
  });
  return { functions, service };
}

interface Neighbors {
  readonly letters: Deliveries;
  readonly bus: EventBus;
  readonly told: ReturnType<typeof telling>;
  readonly monitoring: Service;
  readonly lambda: ReturnType<typeof functionsOf>;
}

/** SageMaker, and what scales its endpoints. */
function sageMakerOf(world: World, { letters, bus, told, monitoring, lambda }: Neighbors) {
  const { options, clock, place, permissions, onCall, note } = world;
  const { seed = 0 } = options;
  const machines = {
    entry: options.container ?? ownContainer,
    buckets: options.buckets ?? emulatorBuckets(options.emulator, place.region),
  };
  const endpoints = endpointService({
    ...machines,
    ...{ clock, place, monitoring, misbehave: options.misbehave },
    // Not the seed 0, whose first number is 0; each part has numbers of its own.
    random: uniform(seed + 1),
    describePackage: (input) => sagemaker.service["DescribeModelPackage"]?.(input as never),
    isScaled: (endpoint, variant) => scaling.isScaled(endpoint, variant),
    onChange: (type, arn, detail) => bus.emit("aws.sagemaker", type, detail, [arn]),
    onNote: (text) => note("endpoint", text),
    publish: letters.send,
  });
  const sagemaker = sageMakerService({
    clock,
    place,
    ...machines,
    duration: options.duration,
    random: uniform(seed + 2),
    invoke: (arn, event) => lambda.functions.invoke(arn, event),
    interrupt: options.interrupt,
    onChange: told.job,
    onEvent: told.sageMaker,
    onCall,
    endpoints,
    admit: (role, operation) => permissions.admit(role, { service: "s3", operation, input: undefined }),
  });
  const scaling = scalingService({
    ...{ clock, place, monitoring },
    sagemaker: sagemaker.service,
    onScale: (text) => note("scaling", text),
  });
  const close = async (): Promise<void> => void (await Promise.all([sagemaker.close(), endpoints.close()]));
  return { sagemaker, scaling, close };
}

/** Lets a state machine's role do a task, or throws the task's fault. */
function admitTask({ clock, permissions, onCall }: World, caller: string, resource: string, parameters: unknown): void {
  const [{ input, ...own }, ...others] = callsOf(resource, parameters);
  try {
    onCall({ ...own, caller, time: clock.now() }, input);
    for (const other of others) permissions.admit(caller, other);
  } catch (error) {
    throw error instanceof AwsError ? refusal(resource, error) : error;
  }
}

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
  const open = async (bucket: string): Promise<ObjectStore> => {
    const { s3Store } = await import("../io/store/s3/store.js");
    return s3Store({ bucket, clientConfig: { endpoint: url, region, credentials, forcePathStyle: true } });
  };
  const opened = new Map<string, Promise<ObjectStore>>();
  return (bucket) => {
    const store = opened.get(bucket) ?? open(bucket);
    opened.set(bucket, store);
    return store;
  };
}
