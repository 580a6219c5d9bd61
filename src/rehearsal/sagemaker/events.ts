import type { Tag } from "@aws-sdk/client-sagemaker";
import { described } from "./description.js";
import { tagsByKey } from "./endpoints/tags.js";
import type { Job } from "./job.js";
import type { ModelPackage } from "./packages.js";
import type { Execution, ExecutionStatus, StepRun } from "./pipelines/execution.js";

/** Something that SageMaker tells the event bus. */
export interface SageMakerEvent {
  readonly kind: "pipeline" | "step" | "version";
  readonly type: string;
  readonly detail: object;
  readonly resources: readonly string[];
  /** For the timeline. */
  readonly text: string;
}

/** Without undefined members, which are no JSON. */
const plain = (members: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(members).filter(([, member]) => member !== undefined));

const timeOf = (seconds: number | undefined): string | undefined =>
  seconds === undefined ? undefined : new Date(seconds * 1000).toISOString();

/** The event of an execution that changed. */
export function executionEvent(execution: Execution, former: ExecutionStatus | undefined): SageMakerEvent {
  const { arn, pipeline, displayName, description, status, started, modified, reason } = execution;
  const hasEnded = status !== "Executing" && status !== "Stopping";
  return {
    kind: "pipeline",
    type: "SageMaker Model Building Pipeline Execution Status Change",
    resources: [pipeline.arn, arn],
    text: `${pipeline.name} ${status}${reason === undefined ? "" : `: ${reason}`}`,
    detail: plain({
      pipelineArn: pipeline.arn,
      pipelineExecutionArn: arn,
      pipelineExecutionDisplayName: displayName,
      pipelineExecutionDescription: description,
      previousPipelineExecutionStatus: former,
      currentPipelineExecutionStatus: status,
      executionStartTime: timeOf(started),
      executionEndTime: hasEnded ? timeOf(modified) : undefined,
    }),
  };
}

/** The event of a step that changed. */
export function stepEvent({ arn, pipeline }: Execution, run: StepRun, former: StepRun | undefined): SageMakerEvent {
  const { step, status, started, ended, reason, metadata, cachedFrom } = run;
  return {
    kind: "step",
    type: "SageMaker Model Building Pipeline Execution Step Status Change",
    resources: [pipeline.arn, arn],
    text: `${pipeline.name}: ${step.Name} ${status}${reason === undefined ? "" : `: ${reason}`}`,
    detail: plain({
      pipelineArn: pipeline.arn,
      pipelineExecutionArn: arn,
      stepName: step.Name,
      stepType: step.Type,
      previousStepStatus: former?.status,
      currentStepStatus: status,
      stepStartTime: timeOf(started),
      stepEndTime: timeOf(ended),
      failureReason: reason,
      cacheHitResult: cachedFrom === undefined ? undefined : { sourcePipelineExecutionArn: cachedFrom },
      metadata: lowered(metadata),
    }),
  };
}

/** The event of a new version, and of a changed approval. */
export const packageEvent = (changed: ModelPackage): SageMakerEvent => ({
  kind: "version",
  type: "SageMaker Model Package State Change",
  resources: [changed.ModelPackageArn],
  text: `${changed.ModelPackageGroupName} ${changed.ModelPackageVersion} ${changed.ModelApprovalStatus}`,
  detail: inMilliseconds(changed) as object,
});

/** A job as its events have it. */
export const jobEvent = (job: Job): object => ({
  ...plain(inMilliseconds(described(job)) as Readonly<Record<string, unknown>>),
  Tags: tagsByKey((job.input["Tags"] ?? []) as readonly Tag[]),
});

/** Times that are seconds on the wire are milliseconds in events. */
function inMilliseconds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inMilliseconds);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      typeof member === "number" && /(Time|Timestamp)$/.test(name) ? member * 1000 : inMilliseconds(member),
    ]),
  );
}

/** Events begin members in lower case. */
function lowered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowered);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key.charAt(0).toLowerCase() + key.slice(1), lowered(member)]),
  );
}
