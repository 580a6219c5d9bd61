import type { PipelineExecutionStep } from "@aws-sdk/client-sagemaker";
import { allPages } from "../all-pages.js";
import type { AwsSession } from "../session.js";

/** A step of an execution, as far as it has come. */
export interface PipelineStepState {
  readonly name: string;
  /** `Starting`, `Executing`, `Stopping`, `Stopped`, `Failed` or `Succeeded`. */
  readonly status: string;
  /** 2 if a retry policy repeats it for the first time. */
  readonly attempt: number;
  /** What it made, by its kind in SageMaker's API: `TrainingJob`, `ProcessingJob`, `RegisterModel`. */
  readonly made?: { readonly kind: string; readonly arn: string } | undefined;
  /** Whether a condition held. */
  readonly held?: boolean | undefined;
  /** Whether an earlier execution did the work. */
  readonly cached: boolean;
  readonly reason?: string | undefined;
}

/** The steps that have begun, in that order. */
export async function stepsOf(session: AwsSession, PipelineExecutionArn: string): Promise<PipelineStepState[]> {
  const pages = await allPages((NextToken) =>
    session.call("sagemaker", "ListPipelineExecutionSteps", {
      PipelineExecutionArn,
      SortOrder: "Ascending",
      MaxResults: 100,
      NextToken,
    }),
  );
  return pages.flatMap(({ PipelineExecutionSteps = [] }) => PipelineExecutionSteps).map(stateOf);
}

function stateOf(step: PipelineExecutionStep): PipelineStepState {
  const { StepName = "", StepStatus = "Starting", AttemptCount, Metadata = {}, CacheHitResult, FailureReason } = step;
  const [[kind, made] = ["", {}]] = Object.entries(Metadata) as [string, { readonly Arn?: string }][];
  const outcome = Metadata.Condition?.Outcome;
  return {
    name: StepName,
    status: StepStatus,
    // SageMaker may count from 0.
    attempt: Math.max(AttemptCount ?? 1, 1),
    made: made.Arn === undefined ? undefined : { kind, arn: made.Arn },
    held: outcome === undefined ? undefined : outcome === "True",
    cached: CacheHitResult !== undefined,
    reason: FailureReason,
  };
}
