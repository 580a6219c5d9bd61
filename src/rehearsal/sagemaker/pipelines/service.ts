import type {
  DescribePipelineExecutionRequest,
  ListPipelineExecutionsRequest,
  ListPipelineExecutionStepsRequest,
  ListPipelineParametersForExecutionRequest,
  StartPipelineExecutionRequest,
} from "@aws-sdk/client-sagemaker";
import type { Service } from "../../front/front.js";
import { pageOf } from "../../front/pages.js";
import type { AwsPlace } from "../../place.js";
import type { Execution, StepRun } from "./execution.js";
import { executionsOf, type ExecutionsOptions } from "./executions.js";
import { keptPipelines } from "./kept.js";

export interface PipelinesOptions extends ExecutionsOptions {
  readonly place: AwsPlace;
}

/** SageMaker's pipelines: they really run, step by step, by the operations of its other parts. */
export function pipelinesService(options: PipelinesOptions): Service {
  const { place, clock } = options;
  const executions = executionsOf(options);
  const pipelines = keptPipelines({
    place,
    now: () => clock.now() / 1000,
    isRunning: (arn) => executions.of(arn).some(({ status }) => status === "Executing" || status === "Stopping"),
  });

  return {
    ...pipelines.service,
    StartPipelineExecution: (request: StartPipelineExecutionRequest) => ({
      PipelineExecutionArn: executions.start(pipelines.find(request.PipelineName), request).arn,
    }),
    DescribePipelineExecution: (input: DescribePipelineExecutionRequest) => {
      const execution = executions.find(input.PipelineExecutionArn);
      const { pipeline, started, modified, reason } = execution;
      const times = { CreationTime: started, LastModifiedTime: modified, FailureReason: reason };
      return { ...executionSummary(execution), PipelineArn: pipeline.arn, RoleArn: pipeline.role, ...times };
    },
    DescribePipelineDefinitionForExecution: (input: DescribePipelineExecutionRequest) => {
      const { pipeline, started } = executions.find(input.PipelineExecutionArn);
      return { PipelineDefinition: pipeline.text, CreationTime: started };
    },
    ListPipelineParametersForExecution: (input: ListPipelineParametersForExecutionRequest) => {
      const { parameters } = executions.find(input.PipelineExecutionArn);
      const { items, NextToken } = pageOf(Object.entries(parameters), input);
      return { PipelineParameters: items.map(([Name, value]) => ({ Name, Value: String(value) })), NextToken };
    },
    ListPipelineExecutions: (input: ListPipelineExecutionsRequest) => {
      const found = [...executions.of(pipelines.find(input.PipelineName).arn)];
      const { items, NextToken } = pageOf(input.SortOrder === "Ascending" ? found : found.reverse(), input);
      return { PipelineExecutionSummaries: items.map(executionSummary), NextToken };
    },
    ListPipelineExecutionSteps: (input: ListPipelineExecutionStepsRequest) => {
      const found = [...executions.find(input.PipelineExecutionArn).steps.values()];
      const { items, NextToken } = pageOf(input.SortOrder === "Ascending" ? found : found.reverse(), input);
      return { PipelineExecutionSteps: items.map(stepSummary), NextToken };
    },
    StopPipelineExecution: ({ PipelineExecutionArn }: DescribePipelineExecutionRequest) => {
      executions.stop(PipelineExecutionArn);
      return { PipelineExecutionArn };
    },
    RetryPipelineExecution: ({ PipelineExecutionArn }: DescribePipelineExecutionRequest) => {
      executions.retry(PipelineExecutionArn);
      return { PipelineExecutionArn };
    },
  };
}

const executionSummary = ({ arn, displayName, description, started, status, reason }: Execution): object => ({
  PipelineExecutionDisplayName: displayName,
  PipelineExecutionDescription: description,
  PipelineExecutionArn: arn,
  StartTime: started,
  PipelineExecutionStatus: status,
  PipelineExecutionFailureReason: reason,
});

const stepSummary = ({ step, status, started, ended, reason, attempts, metadata, cachedFrom }: StepRun): object => ({
  StepName: step.Name,
  StepStatus: status,
  StartTime: started,
  EndTime: ended,
  FailureReason: reason?.slice(0, 1024),
  AttemptCount: attempts,
  Metadata: metadata,
  ...(cachedFrom !== undefined && { CacheHitResult: { SourcePipelineExecutionArn: cachedFrom } }),
});
