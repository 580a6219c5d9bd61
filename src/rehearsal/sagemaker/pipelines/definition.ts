import {
  documentError,
  type Decoder,
  flag,
  JsonValue,
  list,
  literal,
  object,
  oneOf,
  optional,
  text,
  where,
} from "../../../base/json/index.js";
import { ChurnkitError } from "../../../base/errors.js";
import type { PipelineDefinition } from "../../../deploy/aws/index.js";
import { invalid } from "../../front/aws-error.js";
import { durationOf } from "./cache.js";
import { conditionTypes } from "./conditions.js";
import { circleIn, nodesOf, referencesIn, argumentsOf, type Node, type Step } from "./graph.js";
import { exceptionTypes } from "./retries.js";
import { works } from "./work.js";

const name = where(text(64), (value) => /^[A-Za-z0-9_-]+$/.test(value), "1 to 64 letters, digits, - and _");
const nonEmpty = <T>(decoder: Decoder<T[]>): Decoder<T[]> =>
  where(decoder, ({ length }) => length > 0, "a list of at least one");

const step: Decoder<unknown> = object({
  Name: name,
  Type: oneOf(Object.keys(works)),
  Arguments: (json) =>
    json.sibling("Type").value === "Condition"
      ? object({
          Conditions: nonEmpty(list((each) => condition(each))),
          IfSteps: list((each) => step(each)),
          ElseSteps: list((each) => step(each)),
        })(json)
      : json.object(),
  DependsOn: optional(list(name)),
  RetryPolicies: optional(list(object({ ExceptionType: nonEmpty(list(oneOf(exceptionTypes))) }))),
  CacheConfig: optional(
    object({
      Enabled: flag,
      ExpireAfter: optional(where(text(), (value) => durationOf(value) !== undefined, "a duration such as P30D")),
    }),
  ),
  PropertyFiles: optional(list(object({ PropertyFileName: text(256), OutputName: text(64), FilePath: text(1024) }))),
});

const condition: Decoder<unknown> = (json) => {
  const { Type } = object({ Type: oneOf(conditionTypes) })(json);
  if (Type === "Not") return condition(json.get("Expression"));
  return Type === "Or" ? nonEmpty(list(condition))(json.get("Conditions")) : json.value;
};

const definition = object({
  Version: literal("2020-12-01"),
  Parameters: optional(list(object({ Name: text(256), Type: oneOf(["String", "Integer", "Float", "Boolean"]) }), 200)),
  Steps: nonEmpty(list(step)),
});

/** Arguments that a pipeline gives itself, or does not take. */
const forbidden: Readonly<Record<string, readonly string[]>> = {
  Processing: ["ProcessingJobName"],
  Training: ["TrainingJobName"],
  Transform: ["TransformJobName"],
  Tuning: ["HyperParameterTuningJobName"],
  Model: ["ModelName"],
  RegisterModel: ["ModelPackageName", "Description", "CertifyForMarketplace"],
};
const facts =
  /^Execution\.(PipelineName|PipelineArn|PipelineExecutionId|PipelineExecutionArn|StartDateTime|CurrentDateTime)$/;

/** A definition that was checked. */
export interface Definition {
  readonly Parameters: PipelineDefinition["Parameters"];
  readonly nodes: readonly Node[];
}

/**
 * Reads a pipeline's definition, and refuses it as SageMaker does when it is created.
 *
 * @throws AwsError ValidationException.
 */
export function definitionIn(json: string): Definition {
  const { Parameters = [], Steps } = decoded(json);
  const nodes = nodesOf(Steps);
  const byName = new Map(nodes.map(({ step: each }) => [each.Name, each]));
  const refuse = (what: string): never => {
    throw invalid(`Unable to parse pipeline definition. ${what}`);
  };
  if (byName.size < nodes.length) refuse("Step names must be unique.");
  for (const { step: each } of nodes) {
    const { Name, Type, Arguments, DependsOn = [] } = each;
    const argument = forbidden[Type]?.find((member) => Object.hasOwn(Arguments, member));
    if (argument !== undefined) refuse(`The step ${Name} must not have the argument ${argument}.`);
    const absent = DependsOn.find((other) => !byName.has(other));
    if (absent !== undefined) refuse(`The step ${Name} depends on ${absent}, which is no step.`);
    const wrong = referencesIn(argumentsOf(each)).find((path) => !leads(path, Parameters, byName));
    if (wrong !== undefined) refuse(`Unknown property reference ${wrong} in the step ${Name}.`);
  }
  const circle = circleIn(nodes);
  if (circle.length > 0) refuse(`The steps ${circle.join(", ")} wait for each other.`);
  return { Parameters, nodes };
}

function decoded(json: string): PipelineDefinition {
  try {
    const parsed = JsonValue.parse(json, "The pipeline definition", documentError("PIPELINE_INVALID", "", ""));
    definition(parsed);
    return parsed.value as PipelineDefinition;
  } catch (error) {
    throw ChurnkitError.isInstance(error) ? invalid(`Unable to parse pipeline definition. ${error.message}`) : error;
  }
}

/** Whether a reference leads to something that can exist. */
function leads(path: string, parameters: Definition["Parameters"], steps: ReadonlyMap<string, Step>): boolean {
  const [, parameter] = /^Parameters\.([\w-]+)$/.exec(path) ?? [];
  if (parameter !== undefined) return parameters.some(({ Name }) => Name === parameter);
  const [, name = "", rest = ""] = /^Steps\.([\w-]+)\.(.+)$/.exec(path) ?? [];
  const step = steps.get(name);
  const [, file] = /^PropertyFiles\.(.+)$/.exec(rest) ?? [];
  const isFile = step?.PropertyFiles?.some(({ PropertyFileName }) => PropertyFileName === file) === true;
  return step === undefined ? facts.test(path) : file === undefined || isFile;
}
