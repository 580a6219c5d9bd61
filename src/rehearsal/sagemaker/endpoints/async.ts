import type { VirtualClock } from "../../clock.js";
import { AwsError } from "../../front/aws-error.js";
import type { Objects } from "../objects.js";
import { uuid } from "./capture.js";
import type { Endpoint } from "./endpoint.js";
import type { Invoke } from "./invoke.js";
import type { Resources } from "./resources.js";

/** The input of InvokeEndpointAsync, as far as the rehearsal knows it. */
export interface AsyncInvocation {
  readonly EndpointName: string;
  readonly Body?: Uint8Array;
  readonly InputLocation?: string;
  readonly ContentType?: string;
  readonly Accept?: string;
  readonly CustomAttributes?: string;
  readonly InferenceId?: string;
}

export interface AsyncOptions {
  readonly clock: VirtualClock;
  readonly region: string;
  readonly objects: Objects;
  readonly endpoints: Resources<Endpoint>;
  readonly invoke: Invoke;
  readonly random: () => number;
  readonly background: (work: Promise<unknown>) => void;
  /** Publishes to a topic. */
  readonly publish: (topic: string, message: object) => void;
}

/** Virtual milliseconds that a request waits in the queue. */
const queueMs = 1000;

/** Takes requests, answers them later, and leaves the answers in a bucket. */
export function asyncInvoker(options: AsyncOptions) {
  const { clock, objects, endpoints, invoke, random, publish } = options;
  const timeNow = (): string => new Date(clock.now()).toISOString();
  return (invocation: AsyncInvocation): object => {
    const { EndpointName, InferenceId = uuid(random), InputLocation, Body, ContentType } = invocation;
    const output = endpoints.find(EndpointName).fleet.config.input.AsyncInferenceConfig?.OutputConfig;
    if (output === undefined)
      throw new AwsError("ValidationError", `Endpoint ${EndpointName} is not asynchronous. Use InvokeEndpoint.`);
    if (InputLocation === undefined && (Body === undefined || Body.length === 0))
      throw new AwsError("ValidationError", "InvokeEndpointAsync needs an InputLocation or a Body.");
    const id = uuid(random);
    const receivedTime = timeNow();
    const below = (uri: string, end: string): string => `${uri.replace(/\/$/, "")}/${id}${end}`;
    const OutputLocation = below(output.S3OutputPath ?? "", ".out");
    const FailureLocation = below(output.S3FailurePath ?? output.S3OutputPath ?? "", "-error.out");
    clock.at(clock.now() + queueMs, () => options.background(clock.during(run)));
    return { InferenceId, OutputLocation, FailureLocation };

    async function run(): Promise<void> {
      const { SuccessTopic, ErrorTopic } = output?.NotificationConfig ?? {};
      const about = {
        ...{
          awsRegion: options.region,
          eventVersion: "1.0",
          eventSource: "aws:sagemaker",
          eventName: "InferenceResult",
        },
        ...{ eventTime: timeNow(), receivedTime, inferenceId: InferenceId },
        requestParameters: { contentType: ContentType, endpointName: EndpointName, inputLocation: InputLocation },
      };
      try {
        const input = InputLocation === undefined ? (Body ?? new Uint8Array()) : await objects.read(InputLocation);
        const answer = await invoke({ ...invocation, InferenceId, Body: input }, true);
        await objects.put(OutputLocation, answer.Body);
        const responseParameters = { contentType: answer.ContentType, outputLocation: OutputLocation };
        if (SuccessTopic) publish(SuccessTopic, { ...about, invocationStatus: "Completed", responseParameters });
      } catch (error) {
        const failureReason = error instanceof Error ? error.message : String(error);
        await objects.put(FailureLocation, new TextEncoder().encode(failureReason)).catch(() => undefined);
        if (ErrorTopic) publish(ErrorTopic, { ...about, invocationStatus: "Failed", failureReason });
      }
    }
  };
}
