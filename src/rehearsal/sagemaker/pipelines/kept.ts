import type {
  CreatePipelineRequest,
  ListPipelineExecutionsRequest,
  ListPipelinesRequest,
  UpdatePipelineRequest,
} from "@aws-sdk/client-sagemaker";
import { AwsError, invalid } from "../../front/aws-error.js";
import type { Service } from "../../front/front.js";
import { pageOf } from "../../front/pages.js";
import { arnOf, type AwsPlace } from "../../place.js";
import { definitionIn } from "./definition.js";
import type { Pipeline } from "./execution.js";

interface KeptPipelines {
  readonly service: Service;
  /** The pipeline of a name or an ARN. */
  find(given: string | undefined): Pipeline;
}

interface KeepingOptions {
  readonly place: AwsPlace;
  /** Seconds since 1970. */
  readonly now: () => number;
  /** Whether executions of a pipeline, by its ARN, are under way. */
  readonly isRunning: (arn: string) => boolean;
}

/** The pipelines that were made, each as it was last written. */
export function keptPipelines({ place, now, isRunning }: KeepingOptions): KeptPipelines {
  const pipelines = new Map<string, Pipeline>();
  const arnOfName = (name: string): string => arnOf(place, "sagemaker", `pipeline/${name}`);

  function find(given = ""): Pipeline {
    const name = given.replace(/^arn:.*:pipeline\//, "");
    const pipeline = pipelines.get(name);
    if (pipeline === undefined) throw new AwsError("ResourceNotFound", `Pipeline '${arnOfName(name)}' does not exist.`);
    return pipeline;
  }

  function write(name: string, former: Pipeline | undefined, request: UpdatePipelineRequest): { PipelineArn: string } {
    const made = writtenOf({ name, arn: arnOfName(name), modified: now() }, former, request);
    pipelines.set(name, made);
    return { PipelineArn: made.arn };
  }

  const service: Service = {
    CreatePipeline: (request: CreatePipelineRequest) => {
      const { PipelineName: name = "" } = request;
      if (pipelines.has(name))
        throw invalid(
          `Pipeline names must be unique within an AWS account and region. Pipeline with name (${name}) already exists.`,
        );
      return write(name, undefined, request);
    },
    UpdatePipeline: (request: UpdatePipelineRequest) => {
      const former = find(request.PipelineName);
      return write(former.name, former, request);
    },
    DescribePipeline: (input: ListPipelineExecutionsRequest) => {
      const pipeline = find(input.PipelineName);
      return { ...summaryOf(pipeline), PipelineDefinition: pipeline.text, PipelineStatus: "Active" };
    },
    DeletePipeline: (input: ListPipelineExecutionsRequest) => {
      const { name, arn } = find(input.PipelineName);
      if (isRunning(arn)) throw new AwsError("ConflictException", `Pipeline ${name} has executions under way.`);
      pipelines.delete(name);
      return { PipelineArn: arn };
    },
    ListPipelines: (input: ListPipelinesRequest) => {
      const found = [...pipelines.values()].filter(({ name }) => name.startsWith(input.PipelineNamePrefix ?? ""));
      const { items, NextToken } = pageOf(found.reverse(), input);
      return { PipelineSummaries: items.map(summaryOf), NextToken };
    },
  };
  return { service, find };
}

/** A pipeline as a request writes it; what the request leaves out stays as it was. */
function writtenOf(
  own: Pick<Pipeline, "name" | "arn" | "modified">,
  former: Pipeline | undefined,
  request: UpdatePipelineRequest,
): Pipeline {
  const { PipelineDefinition, PipelineDisplayName, PipelineDescription, ParallelismConfiguration, RoleArn } = request;
  if (request.PipelineDefinitionS3Location !== undefined)
    throw invalid("The rehearsal takes definitions as text only.");
  const text = PipelineDefinition ?? former?.text ?? "";
  return {
    ...own,
    role: RoleArn ?? former?.role ?? "",
    text,
    definition: definitionIn(text),
    described: {
      PipelineDisplayName: PipelineDisplayName ?? former?.described.PipelineDisplayName,
      PipelineDescription: PipelineDescription ?? former?.described.PipelineDescription,
      ParallelismConfiguration: ParallelismConfiguration ?? former?.described.ParallelismConfiguration,
    },
    created: former?.created ?? own.modified,
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
