import type { UpdatePipelineRequest } from "@aws-sdk/client-sagemaker";
import type { Outcome } from "./cache.js";
import type { Definition } from "./definition.js";
import type { Step } from "./graph.js";

export type ExecutionStatus = "Executing" | "Stopping" | "Stopped" | "Failed" | "Succeeded";
export type StepStatus = "Starting" | "Executing" | "Stopping" | "Stopped" | "Failed" | "Succeeded";

/** A step that has begun, and what it has come to. Times are in seconds since 1970, as on the wire. */
export interface StepRun {
  readonly step: Step;
  readonly status: StepStatus;
  readonly started: number;
  readonly ended?: number;
  readonly reason?: string;
  readonly attempts: number;
  readonly metadata: Outcome["metadata"];
  /** For references of later steps. */
  readonly properties: Outcome["properties"];
  /** ARN of the execution that it is taken from. */
  readonly cachedFrom?: string;
}

/** A pipeline as it was last written. */
export interface Pipeline {
  readonly name: string;
  readonly arn: string;
  readonly role: string;
  readonly text: string;
  readonly definition: Definition;
  readonly described: Pick<
    UpdatePipelineRequest,
    "PipelineDisplayName" | "PipelineDescription" | "ParallelismConfiguration"
  >;
  readonly created: number;
  readonly modified: number;
}

/** A run of a pipeline. */
export interface Execution {
  readonly arn: string;
  /** The pipeline as it was at the start. */
  readonly pipeline: Pipeline;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly displayName: string | undefined;
  readonly description: string | undefined;
  readonly mostParallel: number;
  readonly started: number;
  status: ExecutionStatus;
  modified: number;
  reason?: string | undefined;
  /** By their names, in the order in which they began. */
  readonly steps: Map<string, StepRun>;
  abort: AbortController;
}
