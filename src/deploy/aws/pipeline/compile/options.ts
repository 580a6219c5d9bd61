import type {
  ProcessingInstanceType,
  ProductionVariantInstanceType,
  TransformInstanceType,
} from "@aws-sdk/client-sagemaker";
import type { TrainingJob } from "../../requests/training-job.js";
import type { TuningJob } from "../../requests/tuning-job.js";
import type { JobStepOptions } from "../step.js";

/** How a step of the graph runs in SageMaker. */
export interface StepSettings {
  /** Default `ml.m5.large`. */
  readonly instanceType?: (ProcessingInstanceType & TrainingJob["instanceType"]) | undefined;
  readonly instances?: number | undefined;
  readonly volumeGb?: number | undefined;
  /** SageMaker stops a longer run; default 3600. */
  readonly maxSeconds?: number | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly networkIsolation?: boolean | undefined;
  /** Takes the outputs of an equal step that is not older, as a duration: `P30D`. */
  readonly cache?: string | undefined;
  /** By default the step's `retries`, after errors of SageMaker itself. */
  readonly retries?: JobStepOptions["retries"];
  /** Inputs of which each instance gets a part. */
  readonly sharded?: readonly string[] | undefined;
  /** Of a training: spare capacity. Its checkpoints belong to the execution, so the cache does not find the step again. */
  readonly spot?: { readonly maxWaitSeconds: number } | undefined;
  /** Of a step `tune`: the search, in place of the job's list of learners; the first of them is what it varies. */
  readonly search?: Search | undefined;
}

type SearchOf<Job> = Job extends unknown ? Omit<Job, "name" | "training" | "objective"> : never;
/** A whole search, by the metric of the step's params. */
export type WholeSearch = SearchOf<TuningJob>;
type WithoutSpace<Whole> = Whole extends { readonly space: infer Space }
  ? Omit<Whole, "space"> & { readonly space?: Space }
  : never;
/** A search; its space is by default that of the learner in the step's params. */
export type Search = WithoutSpace<WholeSearch>;

/** What a compiled pipeline has besides its graph. */
export interface CompileOptions {
  /** S3 URI of each input, as default of its parameter. */
  readonly inputs?: Readonly<Record<string, string>> | undefined;
  /** Of every step, where the step itself says nothing else. */
  readonly defaults?: StepSettings | undefined;
  /** By the id of a step. */
  readonly steps?: Readonly<Record<string, StepSettings>> | undefined;
  /** How a step `register` registers. */
  readonly register?:
    | {
        /** Whole name of the group; by default the target's. */
        readonly group?: string | undefined;
        /** Default `PendingManualApproval`; an execution may give another. */
        readonly approval?: "Approved" | "Rejected" | "PendingManualApproval" | undefined;
        /** Default `ml.m5.large`. */
        readonly realTimeInstances?: readonly ProductionVariantInstanceType[] | undefined;
        readonly transformInstances?: readonly TransformInstanceType[] | undefined;
        readonly environment?: Readonly<Record<string, string>> | undefined;
        /** ARN of a Lambda function that is called with the new version, to deploy it. */
        readonly deployBy?: string | undefined;
      }
    | undefined;
}
