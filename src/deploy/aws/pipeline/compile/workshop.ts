import type { PipelineStep } from "../../../../jobs/graph.js";
import type { AwsTarget } from "../../target.js";
import type { JobStepOptions } from "../step.js";
import type { Artifacts } from "./artifacts.js";
import type { CompileOptions, StepSettings } from "./options.js";

/** What the compiler of a step knows. */
export interface Workshop {
  readonly target: AwsTarget;
  readonly options: CompileOptions;
  readonly artifacts: Artifacts;
  /** The steps of the graph that have always run before this one. */
  readonly before: readonly PipelineStep[];
  /** Outputs, `evaluate.report`, whose numbers conditions read. */
  readonly read: ReadonlySet<string>;
  /** Name of the parameter with the approval of new versions. */
  readonly approval: () => string;
}

/** A step's own settings over those of all steps. */
export function settingsOf({ id }: PipelineStep, { defaults, steps = {} }: CompileOptions) {
  const settings: StepSettings = { ...defaults, ...steps[id] };
  const {
    instanceType = "ml.m5.large",
    maxSeconds = 3600,
    instances,
    volumeGb,
    environment,
    networkIsolation,
  } = settings;
  return { settings, compute: { instanceType, maxSeconds, instances, volumeGb, environment, networkIsolation } };
}

/** Errors after which a step that asks for repetitions is repeated, by where they come from: none is the step's own fault. */
export const transient = [
  ["Step.SERVICE_FAULT", "Step.THROTTLING"],
  ["SageMaker.JOB_INTERNAL_ERROR", "SageMaker.CAPACITY_ERROR"],
] as const;

/** Cache and repetitions of a step. */
export const optionsOf = (
  { retries: attempts = 0 }: PipelineStep,
  { cache, retries }: StepSettings,
): JobStepOptions => ({
  cache,
  retries: retries ?? (attempts === 0 ? undefined : transient.map((errors) => ({ errors, seconds: 30, attempts }))),
});
