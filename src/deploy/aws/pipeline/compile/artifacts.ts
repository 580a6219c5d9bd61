import { ChurnkitError } from "../../../../base/errors.js";
import type { PipelineNumber, PipelineStep } from "../../../../jobs/graph.js";
import { metricNames } from "../../../../model/evaluate/index.js";
import type { Reference } from "../../requests/referable.js";
import { type AwsTarget, uriOf } from "../../target.js";
import type { CompileOptions } from "./options.js";
import { type Parameters, pascal } from "./parameters.js";
import { refs } from "../references.js";

/** What a job of the graph becomes. */
export type StepKind = "training" | "tuning" | "registration" | "processing";

/** What a step of the graph becomes: a search makes a tuning of a step `tune`. */
export function kindOf({ id, job }: PipelineStep, { steps = {} }: CompileOptions): StepKind {
  if (job === "train") return "training";
  if (job === "register") return "registration";
  return job === "tune" && steps[id]?.search !== undefined ? "tuning" : "processing";
}

/** Where the artifacts of a graph are in SageMaker. */
export interface Artifacts {
  /** URI of `ingest.rows` or `input.customers`. */
  uri(reference: string): Reference;
  /** A number of a JSON artifact. */
  number(number: PipelineNumber): Reference;
}

/** Prefix of models; a training job adds its name. */
export const modelsOf = (target: AwsTarget): string => uriOf(target, "models");
/** The metric of a log by its name in a report. */
export const logged = (metric: string): string => `validation:${metric}`;

/** Finds artifacts of these steps. */
export function artifactsOf(
  steps: readonly PipelineStep[],
  target: AwsTarget,
  options: CompileOptions,
  parameters: Parameters,
): Artifacts {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const partsOf = (reference: string) => {
    const [id = "", output = ""] = reference.split(".");
    const step = byId.get(id);
    return { id, output, step, kind: step && kindOf(step, options) };
  };
  return {
    uri(reference) {
      const { id, output, kind } = partsOf(reference);
      if (kind === undefined) return refs.parameter(inputParameter(output, options, parameters));
      if (kind === "processing") return refs.output(id, output);
      if (output !== "model" || kind === "registration") throw unreadable(reference, kind);
      if (kind === "training") return refs.property(id, "ModelArtifacts.S3ModelArtifacts");
      const best = refs.property(id, "BestTrainingJob.TrainingJobName");
      return refs.join("/", [modelsOf(target), best, "output/model.tar.gz"]);
    },
    number({ step: reference, path }) {
      const { id, output, kind } = partsOf(reference);
      if (kind === "processing") return refs.jsonGet(id, output, path);
      const isMetric = output === "report" && metricNames.some((metric) => metric === path);
      if (kind === "training" && isMetric) return refs.property(id, `FinalMetricDataList['${logged(path)}'].Value`);
      throw unreadable(`${path} of ${reference}`, kind);
    },
  };
}

/** The parameter that is an input of the graph. */
const inputParameter = (input: string, { inputs = {} }: CompileOptions, parameters: Parameters): string =>
  parameters.take([`${pascal(input)}Uri`], { type: "String", default: inputs[input] });

const makers = {
  training:
    "a training job keeps its report in an archive. Evaluate its model with a step evaluate, and take that step's report",
  tuning: "a tuning job leaves its best model only. Evaluate it with a step evaluate, and take that step's report",
  registration: "a registration leaves no file",
  processing: "",
} as const;

const unreadable = (what: string, kind: StepKind | undefined): ChurnkitError =>
  new ChurnkitError(
    "PIPELINE_INVALID",
    `The pipeline takes ${what}, which SageMaker cannot give: ${kind === undefined ? "an input of the pipeline is read by steps only. Take the number from a step's output" : makers[kind]}.`,
    { where: { value: what } },
  );
