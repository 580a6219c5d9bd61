import { record, strictObject, text } from "../../../base/json/index.js";
import { decodeWith } from "../decode.js";
import { type ModelDescription, modelRequest } from "../requests/model.js";
import { type ModelPackage, modelPackage } from "../requests/model-package.js";
import { type ProcessingJob, processingJob } from "../requests/processing-job.js";
import type { Referable } from "../requests/referable.js";
import { type TrainingJob, trainingJob } from "../requests/training-job.js";
import { type TransformJob, transformJob } from "../requests/transform-job.js";
import { type TuningJob, tuningJob } from "../requests/tuning-job.js";
import type { AwsTarget } from "../target.js";
import {
  type DefinedStep,
  type JobStepOptions,
  type ModelStepOptions,
  stepOf,
  type TuningStepOptions,
} from "./step.js";

/** A description without its name: the pipeline names what its steps make. */
export type Nameless<Description> = Description extends unknown ? Omit<Description, "name"> : never;
/** Any name; it is dropped. */
const unnamed = { name: "x" };

interface ProcessingStepOptions extends JobStepOptions {
  /** JSON files in the outputs whose values other steps refer to. */
  readonly files?: Readonly<Record<string, { readonly output: string; readonly path: string }>> | undefined;
}

const filesDecoder = record(strictObject({ output: text(64), path: text(256) }), 10);

/** Runs a processing job. */
export function processingStep(
  name: string,
  target: AwsTarget,
  job: Nameless<Referable<ProcessingJob>>,
  { files = {}, ...options }: ProcessingStepOptions = {},
): DefinedStep {
  const step = stepOf("Processing", name, processingJob(target, { ...job, ...unnamed }), options);
  const described = Object.entries(decodeWith(filesDecoder, files, `The step ${JSON.stringify(name)}`, "step.files"));
  if (described.length === 0) return step;
  const PropertyFiles = described.map(([file, { output, path }]) => ({
    PropertyFileName: file,
    OutputName: output,
    FilePath: path,
  }));
  return { ...step, PropertyFiles };
}

/** Runs a training job. */
export const trainingStep = (
  name: string,
  target: AwsTarget,
  job: Nameless<Referable<TrainingJob>>,
  options: JobStepOptions = {},
): DefinedStep => stepOf("Training", name, trainingJob(target, { ...job, ...unnamed }), options);

/** Runs a tuning job. */
export const tuningStep = (
  name: string,
  target: AwsTarget,
  job: Nameless<Referable<TuningJob>>,
  options: TuningStepOptions = {},
): DefinedStep => stepOf("Tuning", name, tuningJob(target, { ...job, ...unnamed }), options);

/** Runs a batch transform job. */
export const transformStep = (
  name: string,
  target: AwsTarget,
  job: Nameless<Referable<TransformJob>>,
  options: JobStepOptions = {},
): DefinedStep => stepOf("Transform", name, transformJob(target, { ...job, ...unnamed }), options);

/** Makes a model. */
export const modelStep = (
  name: string,
  target: AwsTarget,
  model: Nameless<Referable<ModelDescription>>,
  options: ModelStepOptions = {},
): DefinedStep => stepOf("Model", name, modelRequest(target, { ...model, ...unnamed }), options);

/** Registers a version of a model. */
export const registerStep = (
  name: string,
  target: AwsTarget,
  version: Referable<ModelPackage>,
  options: ModelStepOptions = {},
): DefinedStep => stepOf("RegisterModel", name, modelPackage(target, version), options);
