import type { DescribeAlarmsOutput } from "@aws-sdk/client-cloudwatch";
import type { VirtualClock } from "../../clock.js";
import { AwsError } from "../../front/aws-error.js";
import type { Service } from "../../front/front.js";
import { arnOf, type AwsPlace } from "../../place.js";
import { StateFault } from "../../states/fault.js";
import type { TaskHandler } from "../../states/tasks.js";
import type { ContainerEntry } from "../job.js";
import { objectsOf, type Buckets } from "../objects.js";
import { asyncInvoker } from "./async.js";
import { dataCapture } from "./capture.js";
import { configService } from "./configs.js";
import { containerHost, type ContainerHost } from "./container.js";
import { endpointLife } from "./endpoints.js";
import { invoker, type Invocation } from "./invoke.js";
import { metricsOf } from "./metrics.js";
import type { Misbehave } from "./misbehave.js";
import { modelService, type Models } from "./models.js";
import { tagStore } from "./tags.js";

export interface EndpointServiceOptions {
  readonly clock: VirtualClock;
  readonly place: AwsPlace;
  readonly entry: ContainerEntry;
  readonly buckets: Buckets;
  readonly random: () => number;
  readonly misbehave?: Misbehave | undefined;
  /** Our CloudWatch. */
  readonly monitoring: Service;
  /** Whether Application Auto Scaling scales a variant. */
  readonly isScaled: (endpoint: string, variant: string) => boolean;
  /** DescribeModelPackage. */
  readonly describePackage: (input: { readonly ModelPackageName: string }) => unknown;
  readonly publish: (topic: string, message: object) => void;
  readonly onChange: (type: string, arn: string, detail: object) => void;
  readonly onNote: (text: string) => void;
}

/** Models, endpoint configurations and endpoints that really serve. */
export interface EndpointService {
  readonly service: Service;
  readonly models: Pick<Models, "find">;
  readonly containers: Pick<ContainerHost, "start">;
  /** All of SageMaker, with the tags that its resources are created with. */
  readonly tagged: (service: Service) => Service;
  /** The tasks of state machines, which don't wait for what they start. */
  readonly tasks: Readonly<Record<string, TaskHandler>>;
  /** Writes what was captured, and ends all containers. */
  readonly close: () => Promise<void>;
}

export function endpointService(options: EndpointServiceOptions): EndpointService {
  const { clock, place, random, monitoring, onChange } = options;
  let isClosed = false;
  const onNote = (text: string): void => {
    if (!isClosed) options.onNote(text);
  };
  const { misbehave = () => undefined } = options;
  const objects = objectsOf(options.buckets);
  const containers = containerHost(options.entry);
  const tags = tagStore();
  const arn =
    (kind: string) =>
    (name: string): string =>
      arnOf(place, "sagemaker", `${kind}/${name}`);
  const common = { tags, onChange, now: () => clock.now() / 1000 };
  const models = modelService({ ...common, objects, arn: arn("model"), describePackage: options.describePackage });
  const configs = configService(models, { ...common, arn: arn("endpoint-config") });
  const capture = dataCapture(clock, objects, random, (reason) => onNote(`captured data were lost: ${reason}`));
  const endpoints = endpointLife({
    ...options,
    onNote,
    ...{ models, configs, tags, arn: arn("endpoint") },
    machines: { containers, objects, misbehave },
    alarmState,
    background,
    onEnd: () => capture.flush(),
  });
  const invoke = invoker({
    ...{ clock, capture, random, account: place.account, endpoints: endpoints.all },
    misbehave,
    onMeasured: (measured) => monitoring["PutMetricData"]?.(metricsOf(measured) as never),
  });
  const invokeAsync = asyncInvoker({
    ...options,
    region: place.region,
    background,
    objects,
    invoke,
    endpoints: endpoints.all,
  });
  const service: Service = {
    ...models.service,
    ...configs.service,
    ...endpoints.service,
    ...tags.service,
    InvokeEndpoint: (input: Invocation) => invoke(input, false),
    InvokeEndpointAsync: invokeAsync,
  };

  function background(work: Promise<unknown>): void {
    work.catch((error: unknown) => onNote(`failed: ${error instanceof Error ? error.message : String(error)}`));
  }

  function alarmState(name: string): string | undefined {
    const { MetricAlarms = [], CompositeAlarms = [] } = monitoring["DescribeAlarms"]?.({
      AlarmNames: [name],
    } as never) as DescribeAlarmsOutput;
    return [...MetricAlarms, ...CompositeAlarms][0]?.StateValue;
  }

  return {
    service,
    models,
    containers,
    tagged: tags.tagged,
    tasks: Object.fromEntries(
      ["createModel", "createEndpointConfig", "createEndpoint", "updateEndpoint"].map((name) => [
        `arn:aws:states:::sagemaker:${name}`,
        taskOf(service, name),
      ]),
    ),
    async close() {
      await capture.flush();
      isClosed = true;
      await containers.close();
    },
  };
}

/** A call as Step Functions makes it. */
function taskOf(service: Service, name: string): TaskHandler {
  const run = service[name.charAt(0).toUpperCase() + name.slice(1)];
  return async (parameters) => {
    try {
      return await run?.(parameters as never);
    } catch (error) {
      throw error instanceof AwsError ? new StateFault("SageMaker.AmazonSageMakerException", error.message) : error;
    }
  };
}
