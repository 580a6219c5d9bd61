import type { AwsError } from "../front/aws-error.js";
import { StateFault } from "./fault.js";

/** A call that a machine's role makes: the service's name in signatures, and an operation. */
export interface TaskCall {
  readonly service: string;
  readonly operation: string;
  readonly input: unknown;
}

/** Names of services in resources, where signatures have another. */
const signed: Readonly<Record<string, string>> = { cloudwatch: "monitoring", eventbridge: "events", sfn: "states" };
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The calls that a task needs, by its resource, its own first. */
export function callsOf(resource: string, parameters: unknown): readonly [own: TaskCall, ...others: TaskCall[]] {
  if (/^arn:[\w-]+:lambda:/.test(resource))
    return [{ service: "lambda", operation: "Invoke", input: { FunctionName: resource } }];
  const [, service = "", operation = "", isSync] =
    /^arn:[\w-]+:states:::(?:aws-sdk:)?([\w-]+):(\w+)(\.sync)?/.exec(resource) ?? [];
  const input = service === "sfn" ? lowered(parameters) : parameters;
  const own = { service: signed[service] ?? service, operation: capital(operation), input };
  const [, kind] = /^create(\w+Job)$/.exec(operation) ?? [];
  if (service !== "sagemaker" || isSync === undefined || kind === undefined) return [own];
  // Step Functions learns of the job's end by a rule of its own.
  const Name = `StepFunctionsGetEventsForSageMaker${kind.replace("HyperParameter", "")}sRule`;
  const ofRule = ["PutRule", "PutTargets", "DescribeRule"].map((each) => ({
    service: "events",
    operation: each,
    input: { Name },
  }));
  return [own, { service, operation: `Describe${kind}`, input }, ...ofRule];
}

/** Resources spell members of Step Functions itself with a capital. */
const lowered = (input: unknown): unknown =>
  Object.fromEntries(
    Object.entries(input ?? {}).map(([key, value]) => [key.charAt(0).toLowerCase() + key.slice(1), value]),
  );

/** The fault that a task has when a call of its is refused. */
export function refusal(resource: string, error: AwsError): StateFault {
  const [, isSdk, service = "Lambda"] = /:states:::(aws-sdk:)?(\w+):/.exec(resource) ?? [];
  if (service === "sagemaker" && isSdk === undefined)
    return new StateFault("SageMaker.AmazonSageMakerException", error.message);
  return new StateFault(`${capital(service)}.${error.name}`, error.message);
}
