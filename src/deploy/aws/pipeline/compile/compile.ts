import { conditionsOf, numbersOf, parsePipeline, type PipelineStep } from "../../../../jobs/graph.js";
import { type AwsTarget, nameOf, parseAwsTarget } from "../../target.js";
import { type PipelineDefinition, pipelineDefinition } from "../definition.js";
import { conditionStep, failStep, lambdaStep } from "../flow-steps.js";
import { refs } from "../references.js";
import type { DefinedStep } from "../step.js";
import { artifactsOf, kindOf } from "./artifacts.js";
import { type Block, blocksOf } from "./blocks.js";
import { checkOptions } from "./check-options.js";
import { comparisonsOf } from "./comparisons.js";
import type { CompileOptions } from "./options.js";
import { collectParameters, type Parameters } from "./parameters.js";
import { compileProcessing } from "./processing.js";
import { compileRegistration } from "./registration.js";
import { compileTraining, compileTuning } from "./training.js";
import type { Workshop } from "./workshop.js";

const compilers = {
  training: compileTraining,
  tuning: compileTuning,
  registration: compileRegistration,
  processing: compileProcessing,
} as const;

/**
 * Compiles a pipeline of jobs to a SageMaker pipeline. The job `train` becomes a training step, `tune` with a search a tuning step,
 * `register` a registration, and each other one a processing step of the target's image. Inputs, bounds of conditions and the approval of
 * new versions become parameters.
 *
 * @throws ChurnkitError PIPELINE_INVALID for a graph that cannot run, here or in SageMaker; OPTION_INVALID.
 *
 * @example
 * ```ts
 * import { compilePipeline, parseAwsTarget } from "churnkit/deploy/aws";
 *
 * const target = parseAwsTarget({
 *   name: "churn",
 *   stage: "dev",
 *   account: "123456789012",
 *   region: "us-east-1",
 *   image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
 *   role: "arn:aws:iam::123456789012:role/churn",
 *   bucket: "churn-data",
 * });
 * const ingest = { id: "ingest", job: "ingest", params: { target: "churn", positive: "Yes" }, inputs: { file: "input.customers" } };
 * const graph = { inputs: { customers: "file" }, steps: [ingest, { id: "train", job: "train", inputs: { rows: "ingest.rows" } }] };
 * const { Steps } = compilePipeline(graph, target, { inputs: { customers: "s3://churn-data/customers.csv" } });
 * console.assert(Steps.map(({ Type }) => Type).join() === "Processing,Training");
 * ```
 */
export function compilePipeline(graph: unknown, json: AwsTarget, options: CompileOptions = {}): PipelineDefinition {
  const target = parseAwsTarget(json);
  const parsed = parsePipeline(graph);
  checkOptions(parsed, options);
  const { steps } = parsed;
  const parameters = collectParameters();
  const workshop: Workshop = {
    target,
    options,
    before: [],
    artifacts: artifactsOf(steps, target, options, parameters),
    read: new Set(
      steps
        .flatMap(conditionsOf)
        .flatMap(numbersOf)
        .map(({ step }) => step),
    ),
    approval: () =>
      parameters.take(["ModelApprovalStatus"], {
        type: "String",
        default: options.register?.approval ?? "PendingManualApproval",
        choices: ["Approved", "Rejected", "PendingManualApproval"],
      }),
  };
  const compiled = stepsOf(blocksOf(steps), workshop, parameters);
  return pipelineDefinition({ parameters: parameters.all(), steps: compiled });
}

/** The steps of a block, then those under conditions, each behind its condition. */
function stepsOf(block: Block, workshop: Workshop, parameters: Parameters): DefinedStep[] {
  const before = [...workshop.before];
  const own = block.steps.flatMap((step) => {
    const compiled = compilers[kindOf(step, workshop.options)](step, { ...workshop, before });
    before.push(step);
    return step.job === "register" ? [compiled, ...deployStep(step, workshop)] : [compiled];
  });
  const inside = { ...workshop, before };
  return [...own, ...[...block.inner.values()].flatMap((inner) => conditionOf(inner, inside, parameters))];
}

/** The condition before a block; if a model would be registered in it, an execution in which it does not hold fails. */
function conditionOf(block: Block, workshop: Workshop, parameters: Parameters): DefinedStep[] {
  const [first] = block.steps;
  if (first === undefined) return [];
  const { id } = first;
  const compared = conditionsOf(first).flatMap((condition) => comparisonsOf(id, condition, workshop, parameters));
  const isRegistered = block.steps.some(({ job }) => job === "register");
  const words = compared.flatMap(({ words: each }, i) => [i === 0 ? `${id} needs` : "and", ...each]);
  const branches = {
    if: stepsOf(block, workshop, parameters),
    else: isRegistered ? [failStep(`refuse-${id}`, refs.join(" ", words))] : [],
  };
  const comparisons = compared.map(({ comparison }) => comparison);
  return [conditionStep(`if-${id}`, comparisons, branches)];
}

/** The call that deploys a new version. */
function deployStep({ id }: PipelineStep, { target, options }: Workshop): DefinedStep[] {
  const arn = options.register?.deployBy;
  if (arn === undefined) return [];
  const inputs = {
    modelPackageArn: refs.property(id, "ModelPackageArn"),
    endpointName: nameOf(target),
    pipelineExecutionArn: refs.execution("PipelineExecutionArn"),
  };
  return [lambdaStep(`deploy-${id}`, { function: arn, inputs, outputs: { endpointArn: "String" } })];
}
