import { count, optional, strictObject, text, withDefault } from "../../../base/json/index.js";
import type { PipelineDefinition } from "../pipeline/definition.js";
import { type AwsTarget, nameOf, parseAwsTarget } from "../target.js";
import type { State, StateMachine } from "./definition.js";
import { ends } from "./ends.js";
import { executionId, memberOf } from "./expressions.js";
import { integrationArn } from "./integrations.js";
import { assembled, checkPolls, decodeMachine, machineMembers, type MachineOptions } from "./machine.js";
import { retriesOf } from "./retries.js";
import { catches } from "./surroundings.js";

/** What a machine that starts a pipeline has besides it. */
export interface PipelineMachineOptions extends MachineOptions {
  /** Name of the pipeline in SageMaker; by default the target's. */
  readonly pipeline?: string | undefined;
  /** How often it asks whether the pipeline has ended; default 300. */
  readonly pollSeconds?: number | undefined;
  /** A Lambda function, by its ARN, that throws if the data at a parameter's URI cannot be used: then nothing is started. */
  readonly validate?: { readonly function: string; readonly parameter: string } | undefined;
}

/**
 * A state machine that starts a SageMaker pipeline with parameters from the execution's input, waits for its end, and tells how it
 * ended.
 *
 * @throws ChurnkitError OPTION_INVALID.
 *
 * @example
 * ```ts
 * import { compilePipeline, parseAwsTarget, pipelineMachine } from "churnkit/deploy/aws";
 *
 * const target = parseAwsTarget({
 *   name: "churn",
 *   stage: "dev",
 *   account: "123456789012",
 *   region: "us-east-1",
 *   image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
 *   role: "arn:aws:iam::123456789012:role/churn",
 *   bucket: "churn-data",
 * });
 * const ingest = { id: "ingest", job: "ingest", params: { target: "churn", positive: "Yes" }, inputs: { file: "input.customers" } };
 * const pipeline = compilePipeline({ inputs: { customers: "file" }, steps: [ingest] }, target);
 * console.log(JSON.stringify(pipelineMachine(pipeline, target, { topic: "arn:aws:sns:us-east-1:123456789012:churn" })));
 * ```
 */
export function pipelineMachine(
  pipeline: PipelineDefinition,
  json: AwsTarget,
  options: PipelineMachineOptions = {},
): StateMachine {
  const target = parseAwsTarget(json);
  const decoded = decodeMachine(
    options,
    strictObject({
      ...machineMembers,
      pipeline: withDefault(text(256), nameOf(target)),
      pollSeconds: withDefault(count(1), 300),
      validate: optional(strictObject({ function: text(2048), parameter: text(256) })),
    }),
  );
  const { pollSeconds, validate } = decoded;
  checkPolls("pollSeconds", pollSeconds, decoded);
  const call = (operation: string, Parameters: object, ResultPath: string, Next: string): State => ({
    Type: "Task",
    Resource: integrationArn(target)(`aws-sdk:sagemaker:${operation}`),
    Parameters,
    ResultPath,
    TimeoutSeconds: 300,
    Retry: retriesOf("sagemaker"),
    Catch: catches,
    Next,
  });
  const start = {
    PipelineName: decoded.pipeline,
    // A call that is repeated starts nothing twice.
    "ClientRequestToken.$": executionId,
    PipelineParameters: pipeline.Parameters.map(({ Name }) => ({
      Name,
      "Value.$": `States.Format('{}', ${memberOf("$.Parameters", Name)})`,
    })),
  };
  const describe = { "PipelineExecutionArn.$": "$.Steps.Start.PipelineExecutionArn" };
  const is = (StringEquals: string, Next: string) => ({
    Variable: "$.Steps.End.PipelineExecutionStatus",
    StringEquals,
    Next,
  });
  const failure = { Error: "Pipeline", "Cause.$": "States.JsonToString($.Steps.End)" };
  const validation = (given: NonNullable<typeof validate>): State => ({
    Type: "Task",
    Resource: integrationArn(target)("lambda:invoke"),
    Parameters: {
      FunctionName: given.function,
      Payload: { "uri.$": memberOf("$.Parameters", given.parameter) },
    },
    ResultPath: "$.Steps.Validate",
    TimeoutSeconds: 900,
    Retry: retriesOf("lambda"),
    Catch: catches,
    Next: "Start",
  });
  return assembled(target, pipeline, decoded, validate === undefined ? "Start" : "Validate", [
    ...(validate === undefined ? [] : [["Validate", validation(validate)] as [string, State]]),
    ["Start", call("startPipelineExecution", start, "$.Steps.Start", "Wait")],
    ["Wait", { Type: "Wait", Seconds: pollSeconds, Next: "Describe" }],
    ["Describe", call("describePipelineExecution", describe, "$.Steps.End", "Ended")],
    [
      "Ended",
      {
        Type: "Choice",
        Choices: [is("Succeeded", ends.succeeded), is("Failed", "Refused"), is("Stopped", "Refused")],
        Default: "Wait",
      },
    ],
    ["Refused", { Type: "Pass", Parameters: failure, ResultPath: "$.Failure", Next: ends.failed }],
  ]);
}
