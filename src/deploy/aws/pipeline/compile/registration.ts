import { ChurnkitError } from "../../../../base/errors.js";
import type { PipelineStep } from "../../../../jobs/graph.js";
import { registerStep } from "../job-steps.js";
import { refs } from "../references.js";
import type { DefinedStep } from "../step.js";
import { transient, type Workshop } from "./workshop.js";

/** The job `register` as a registration in SageMaker's model registry. */
export function compileRegistration(
  step: PipelineStep,
  { target, options, artifacts, before, approval }: Workshop,
): DefinedStep {
  const { id, inputs = {}, retries: attempts = 0 } = step;
  const params = (step.params ?? {}) as Readonly<Record<string, string | undefined>>;
  const lost = ["alias", "gates"].find((name) => params[name] !== undefined);
  if (lost !== undefined || inputs["rows"] !== undefined)
    throw new ChurnkitError(
      "PIPELINE_INVALID",
      `The pipeline's step ${JSON.stringify(id)} has ${lost ?? "rows"}, which a registration in SageMaker does not take: judge the model by conditions (when), and let the approval of the version promote it.`,
      { where: { path: `steps.${id}` } },
    );
  const { group, realTimeInstances = ["ml.m5.large"], transformInstances, environment } = options.register ?? {};
  const judge = before.find((other) => other.job === "evaluate" && other.inputs?.["model"] === inputs["model"]);
  return registerStep(
    id,
    target,
    {
      data: artifacts.uri(inputs["model"] ?? ""),
      group,
      approval: refs.parameter(approval()),
      realTimeInstances,
      transformInstances,
      environment,
      metadata: { pipelineExecution: refs.execution("PipelineExecutionArn"), ...given(params) },
      quality: judge && refs.join("/", [artifacts.uri(`${judge.id}.report`), "evaluation.json"]),
    },
    { retries: attempts === 0 ? undefined : [{ errors: transient[0], seconds: 30, attempts }] },
  );
}

const given = ({ by, description }: Readonly<Record<string, string | undefined>>): Record<string, string> => ({
  ...(by !== undefined && { by }),
  ...(description !== undefined && { description }),
});
