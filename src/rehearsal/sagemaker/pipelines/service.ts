import type {
  CreatePipelineRequest,
  DescribePipelineExecutionRequest,
  ListPipelineExecutionsRequest,
  ListPipelineExecutionStepsRequest,
  ListPipelineParametersForExecutionRequest,
  ListPipelinesRequest,
  StartPipelineExecutionRequest,
  UpdatePipelineRequest,
} from "@aws-sdk/client-sagemaker";
import { AwsError, invalid } from "../../front/aws-error.js";
import type { Service } from "../../front/front.js";
import { pageOf } from "../../front/pages.js";
import { arnOf, type AwsPlace } from "../../place.js";
import { definitionIn } from "./definition.js";
import type { Execution, Pipeline, StepRun } from "./execution.js";
import { executionsOf, type ExecutionsOptions } from "./executions.js";

export interface PipelinesOptions extends ExecutionsOptions {
  readonly place: AwsPlace;
}

/** SageMaker's pipelines: they really run, step by step, by the operations of its other parts. */
export function pipelinesService(options: PipelinesOptions): Service {
  const { place, clock } = options;
  const pipelines = new Map<string, Pipeline>();
  const executions = executionsOf(options);
  const now = (): number => clock.now() / 1000;

  /** A pipeline is asked for by its name or its ARN. */
  function pipelineOf(given = ""): Pipeline {
    const name = given.replace(/^arn:.*:pipeline\//, "");
    const pipeline = pipelines.get(name);
    if (pipeline === undefined)
      throw new AwsError(
        "ResourceNotFound",
        `Pipeline '${arnOf(place, "sagemaker", `pipeline/${name}`)}' does not exist.`,
      );
    return pipeline;
  }

  function write(name: string, former: Pipeline | undefined, request: UpdatePipelineRequest): Pipeline {
    const { PipelineDefinition, PipelineDisplayName, PipelineDescription, ParallelismConfiguration, RoleArn } = request;
    if (request.PipelineDefinitionS3Location !== undefined)
      throw invalid("The rehearsal takes definitions as text only.");
    const text = PipelineDefinition ?? former?.text ?? "";
    const pipeline = {
      name,
      arn: arnOf(place, "sagemaker", `pipeline/${name}`),
      role: RoleArn ?? former?.role ?? "",
      text,
      definition: definitionIn(text),
      described: {
        PipelineDisplayName: PipelineDisplayName ?? former?.described.PipelineDisplayName,
        PipelineDescription: PipelineDescription ?? former?.described.PipelineDescription,
        ParallelismConfiguration: ParallelismConfiguration ?? former?.described.ParallelismConfiguration,
      },
      created: former?.created ?? now(),
      modified: now(),
    };
    pipelines.set(name, pipeline);
    return pipeline;
  }

  return {
    CreatePipeline: (request: CreatePipelineRequest) => {
      const { PipelineName: name = "" } = request;
      if (pipelines.has(name))
        throw invalid(
          `Pipeline names must be unique within an AWS account and region. Pipeline with name (${name}) already exists.`,
        );
      return { PipelineArn: write(name, undefined, request).arn };
    },
    UpdatePipeline: (request: UpdatePipelineRequest) => {
      const former = pipelineOf(request.PipelineName);
      return { PipelineArn: write(former.name, former, request).arn };
    },
    DescribePipeline: (input: ListPipelineExecutionsRequest) => {
      const pipeline = pipelineOf(input.PipelineName);
      return { ...summaryOf(pipeline), PipelineDefinition: pipeline.text, PipelineStatus: "Active" };
    },
    DeletePipeline: (input: ListPipelineExecutionsRequest) => {
      const { name, arn } = pipelineOf(input.PipelineName);
      if (executions.of(arn).some(({ status }) => status === "Executing" || status === "Stopping"))
        throw new AwsError("ConflictException", `Pipeline ${name} has executions under way.`);
      pipelines.delete(name);
      return { PipelineArn: arn };
    },
    ListPipelines: (input: ListPipelinesRequest) => {
      const found = [...pipelines.values()].filter(({ name }) => name.startsWith(input.PipelineNamePrefix ?? ""));
      const { items, NextToken } = pageOf(found.reverse(), input);
      return { PipelineSummaries: items.map(summaryOf), NextToken };
    },
    StartPipelineExecution: (request: StartPipelineExecutionRequest) => ({
      PipelineExecutionArn: executions.start(pipelineOf(request.PipelineName), request).arn,
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
      const found = [...executions.of(pipelineOf(input.PipelineName).arn)];
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

const summaryOf = ({ name, arn, role, described, created, modified }: Pipeline): object => ({
  ...described,
  PipelineArn: arn,
  PipelineName: name,
  RoleArn: role,
  CreationTime: created,
  LastModifiedTime: modified,
});

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
