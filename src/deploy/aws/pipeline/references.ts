import type { Reference } from "../requests/referable.js";

/** What a pipeline knows of its execution. */
export const executionVariables = [
  "PipelineName",
  "PipelineArn",
  "PipelineExecutionId",
  "PipelineExecutionArn",
  "StartDateTime",
  "CurrentDateTime",
] as const;

/**
 * References to what a pipeline knows only when it runs. Every text and number of a step takes one.
 *
 * @example
 * ```ts
 * import { refs } from "churnkit/deploy/aws";
 *
 * const runs = refs.join("/", ["s3://churn-data/runs", refs.execution("PipelineExecutionId")]);
 * const rows = refs.output("Prepare", "train");
 * const accuracy = refs.jsonGet("Evaluate", "report", "accuracy");
 * const minimum = refs.parameter("MinAccuracy");
 * const job = refs.property("Train", "TrainingJobName");
 * ```
 */
export const refs = {
  /** A parameter of the pipeline. */
  parameter: (name: string): Reference => ({ Get: `Parameters.${name}` }),
  /** A member of a step's description, such as `ModelArtifacts.S3ModelArtifacts`. */
  property: (step: string, path: string): Reference => ({ Get: `Steps.${step}.${path}` }),
  /** URI of an output of a processing step. */
  output: (step: string, output: string): Reference => ({
    Get: `Steps.${step}.ProcessingOutputConfig.Outputs['${output}'].S3Output.S3Uri`,
  }),
  /** A value in a property file of a step; keys of the path are separated by dots. */
  jsonGet: (step: string, file: string, path: string): Reference => ({
    "Std:JsonGet": { PropertyFile: { Get: `Steps.${step}.PropertyFiles.${file}` }, Path: path },
  }),
  /** Values as one text. */
  join: (on: string, values: readonly (string | number | Reference)[]): Reference => ({
    "Std:Join": { On: on, Values: values },
  }),
  /** A fact about the execution. */
  execution: (variable: (typeof executionVariables)[number]): Reference => ({ Get: `Execution.${variable}` }),
} as const;
