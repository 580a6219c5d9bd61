import type { DefinedStep } from "../pipeline/step.js";
import type { State, TaskState } from "./definition.js";
import { filePath, memberOf, objectOf, outputUri } from "./expressions.js";
import { retriesOf } from "./retries.js";
import type { Surroundings } from "./surroundings.js";

/** What a step calls, and the member of its request that is a name. */
const calls: Readonly<Record<string, { readonly resource: string; readonly name?: string }>> = {
  Processing: { resource: "sagemaker:createProcessingJob.sync", name: "ProcessingJobName" },
  Training: { resource: "sagemaker:createTrainingJob.sync", name: "TrainingJobName" },
  Tuning: { resource: "sagemaker:createHyperParameterTuningJob.sync", name: "HyperParameterTuningJobName" },
  Transform: { resource: "sagemaker:createTransformJob.sync", name: "TransformJobName" },
  Model: { resource: "sagemaker:createModel", name: "ModelName" },
  RegisterModel: { resource: "aws-sdk:sagemaker:createModelPackage", name: "ClientToken" },
};

const day = 86_400;
/** How long a job may wait for its instances and for its outputs to be kept. */
const slack = 3600;

/** Seconds that a task may take: longer than its job, so that SageMaker ends the job first. */
function secondsOf({ Type, Arguments }: DefinedStep): number {
  if (Type === "Model" || Type === "RegisterModel") return 300;
  const { StoppingCondition = {}, HyperParameterTuningJobConfig = {} } = Arguments as {
    StoppingCondition?: { MaxRuntimeInSeconds?: unknown; MaxWaitTimeInSeconds?: unknown };
    HyperParameterTuningJobConfig?: { ResourceLimits?: { MaxRuntimeInSeconds?: unknown } };
  };
  const limit =
    HyperParameterTuningJobConfig.ResourceLimits?.MaxRuntimeInSeconds ??
    StoppingCondition.MaxWaitTimeInSeconds ??
    StoppingCondition.MaxRuntimeInSeconds;
  return (typeof limit === "number" ? limit : day) + slack;
}

/** The task of a step that makes a request of SageMaker. */
function requestTask(step: DefinedStep, next: string, { arn, catches, expressions, nameOf }: Surroundings): TaskState {
  const { resource = "", name = "" } = calls[step.Type] ?? {};
  return {
    Type: "Task",
    Resource: arn(resource),
    Parameters: { [`${name}.$`]: nameOf(step), ...expressions.template(step.Arguments) },
    ResultPath: memberOf("$.Steps", step.Name),
    TimeoutSeconds: secondsOf(step),
    Retry: retriesOf("sagemaker"),
    Catch: catches,
    Next: next,
  };
}

/** The task of a step that calls a Lambda function, whose answer is what later steps take. */
function lambdaTask(step: DefinedStep, next: string, { arn, catches, expressions }: Surroundings): TaskState {
  return {
    Type: "Task",
    Resource: arn("lambda:invoke"),
    Parameters: { FunctionName: step.FunctionArn, Payload: expressions.template(step.Arguments) },
    ResultSelector: { "OutputParameters.$": "$.Payload" },
    ResultPath: memberOf("$.Steps", step.Name),
    // The longest time of a function.
    TimeoutSeconds: 900,
    Retry: retriesOf("lambda"),
    Catch: catches,
    Next: next,
  };
}

/** Reads a property file of a step. */
function fileTask(
  step: DefinedStep,
  file: NonNullable<DefinedStep["PropertyFiles"]>[number],
  next: string,
  { arn, catches, expressions }: Surroundings,
): TaskState {
  const folder = outputUri(step, file.OutputName) ?? "";
  return {
    Type: "Task",
    Resource: arn("aws-sdk:s3:getObject"),
    Parameters: objectOf(expressions.pieces({ "Std:Join": { On: "/", Values: [folder, file.FilePath] } }), step.Name),
    ResultSelector: { "content.$": "States.StringToJson($.Body)" },
    ResultPath: filePath(step.Name, file.PropertyFileName),
    TimeoutSeconds: 300,
    Retry: retriesOf("s3"),
    Catch: catches,
    Next: next,
  };
}

/** The states of a step that does one thing: its task, and a task that reads each of its property files. */
export function taskStates(step: DefinedStep, next: string, surroundings: Surroundings): [string, State][] {
  if (step.Type === "Lambda") return [[step.Name, lambdaTask(step, next, surroundings)]];
  const { PropertyFiles: files = [] } = step;
  const names = [step.Name, ...files.map(({ PropertyFileName }) => `${step.Name}: ${PropertyFileName}`), next];
  return [
    [step.Name, requestTask(step, names[1] ?? next, surroundings)],
    ...files.map((file, i): [string, State] => [
      names[i + 1] ?? "",
      fileTask(step, file, names[i + 2] ?? next, surroundings),
    ]),
  ];
}
