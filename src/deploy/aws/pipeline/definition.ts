import {
  flag,
  list,
  number,
  oneOf,
  optional,
  record,
  strictObject,
  text,
  type JsonValue,
} from "../../../base/json/index.js";
import { broken, decodeWith, withRules } from "../decode.js";
import { defined } from "../requests/parts.js";
import { checkSteps } from "./check-steps.js";
import type { DefinedStep } from "./step.js";

/** A parameter of a pipeline; without a default an execution must give it. */
export interface PipelineParameter {
  readonly type: "String" | "Integer" | "Float" | "Boolean";
  readonly default?: string | number | boolean | undefined;
  /** The only values, of a text. */
  readonly choices?: readonly string[] | undefined;
}

/** A pipeline in SageMaker's language; `PipelineDefinition` of its API is this as JSON. */
export interface PipelineDefinition {
  readonly Version: "2020-12-01";
  readonly Metadata: Readonly<Record<string, never>>;
  readonly Parameters: readonly {
    readonly Name: string;
    readonly Type: PipelineParameter["type"];
    readonly DefaultValue?: string | number | boolean | undefined;
    readonly EnumValues?: readonly string[] | undefined;
  }[];
  readonly PipelineExperimentConfig: object;
  readonly Steps: readonly DefinedStep[];
}

const defaults: Readonly<Record<PipelineParameter["type"], (json: JsonValue) => string | number | boolean>> = {
  String: text(1024),
  Integer: (json) => {
    if (!Number.isSafeInteger(json.value)) throw json.not("a whole number");
    return number()(json);
  },
  Float: number(),
  Boolean: flag,
};

const parameter = withRules(
  (json) => {
    const { type } = strictObject({
      type: oneOf(["String", "Integer", "Float", "Boolean"]),
      default: (each: JsonValue) => each.value,
      choices: (each: JsonValue) => each.value,
    })(json);
    return strictObject({
      type: () => type,
      default: optional(defaults[type]),
      choices: optional(list(text(1024), 100)),
    })(json);
  },
  ({ type, choices }) => broken(type !== "String" && choices !== undefined, "choices", "belongs to a text"),
  ({ default: value, choices }) =>
    broken(
      typeof value === "string" && choices?.includes(value) === false,
      "default",
      `is not one of ${choices?.join(", ") ?? ""}`,
    ),
);

const parameters = record(parameter, 200);

/**
 * A pipeline of parameters and steps. It is checked: each name occurs once, each reference leads to a parameter, to an earlier step
 * that is run whenever this one is, or to a fact about the execution.
 *
 * @throws ChurnkitError PIPELINE_INVALID, naming the step; OPTION_INVALID for a wrong parameter.
 *
 * @example
 * ```ts
 * import { parseAwsTarget, pipelineDefinition, refs, steps } from "churnkit/deploy/aws";
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
 * const definition = pipelineDefinition({
 *   parameters: { DataUri: { type: "String", default: "s3://churn-data/train" } },
 *   steps: [
 *     steps.training("Train", target, {
 *       channels: { train: { uri: refs.parameter("DataUri") } },
 *       instanceType: "ml.m5.xlarge",
 *       maxSeconds: 3600,
 *     }),
 *     steps.register("Register", target, {
 *       data: refs.property("Train", "ModelArtifacts.S3ModelArtifacts"),
 *       realTimeInstances: ["ml.m5.large"],
 *     }),
 *   ],
 * });
 * console.log(JSON.stringify(definition));
 * ```
 */
export function pipelineDefinition({
  parameters: described = {},
  steps,
}: {
  readonly parameters?: Readonly<Record<string, PipelineParameter>> | undefined;
  readonly steps: readonly DefinedStep[];
}): PipelineDefinition {
  const decoded = decodeWith(parameters, described, "The pipeline", "parameters");
  checkSteps(steps, new Set(Object.keys(decoded)));
  return {
    Version: "2020-12-01",
    Metadata: {},
    Parameters: Object.entries(decoded).map(([name, { type, default: value, choices }]) =>
      defined({ Name: name, Type: type, DefaultValue: value, EnumValues: choices }),
    ),
    PipelineExperimentConfig: {
      ExperimentName: { Get: "Execution.PipelineName" },
      TrialName: { Get: "Execution.PipelineExecutionId" },
    },
    Steps: steps,
  };
}
