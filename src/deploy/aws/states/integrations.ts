import { type AwsTarget, partitionOf } from "../target.js";

/** How a task waits for its resource: not at all, until a job ends, or until somebody sends its token. */
export type Pattern = "" | ".sync" | ".sync:2" | ".waitForTaskToken";

const [call, sync, token] = [[""], ["", ".sync"], ["", ".waitForTaskToken"]] as const;

/**
 * Optimized integrations of Step Functions, by service and operation, with the patterns of each; those of the services that a pipeline
 * of churnkit may use. Every other operation of AWS is reached by `aws-sdk:service:operation`.
 */
export const optimized: Readonly<Record<string, Readonly<Record<string, readonly Pattern[]>>>> = {
  athena: { startQueryExecution: sync, stopQueryExecution: call, getQueryExecution: call, getQueryResults: call },
  batch: { submitJob: sync },
  codebuild: { startBuild: sync, stopBuild: call, batchDeleteBuilds: call, batchGetReports: call },
  dynamodb: { getItem: call, putItem: call, deleteItem: call, updateItem: call },
  ecs: { runTask: ["", ".sync", ".waitForTaskToken"] },
  events: { putEvents: token },
  glue: { startJobRun: sync },
  lambda: { invoke: token },
  sagemaker: {
    createEndpoint: call,
    createEndpointConfig: call,
    createHyperParameterTuningJob: sync,
    createLabelingJob: sync,
    createModel: call,
    createProcessingJob: sync,
    createTrainingJob: sync,
    createTransformJob: sync,
    updateEndpoint: call,
  },
  sns: { publish: token },
  sqs: { sendMessage: token },
  states: { startExecution: ["", ".sync", ".sync:2", ".waitForTaskToken"] },
};

/** Makes ARNs of integrations in the target's partition. */
export const integrationArn =
  ({ region }: AwsTarget) =>
  (resource: string): string =>
    `arn:${partitionOf(region)}:states:::${resource}`;
