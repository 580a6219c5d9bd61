import { number, strictObject, withDefault } from "../../../base/json/index.js";
import { decodeWith } from "../decode.js";
import { pipelineDefinition } from "../pipeline/definition.js";
import type { Nameless } from "../pipeline/job-steps.js";
import { refs } from "../pipeline/references.js";
import { steps } from "../pipeline/steps.js";
import type { ModelPackage } from "../requests/model-package.js";
import type { ProcessingJob } from "../requests/processing-job.js";
import type { Referable } from "../requests/referable.js";
import type { TrainingJob } from "../requests/training-job.js";
import type { AwsTarget } from "../target.js";
import type { StateMachine } from "./definition.js";
import { type MachineOptions, stateMachine } from "./machine.js";

/** The parts of a retraining. */
export interface RetrainingOptions extends MachineOptions {
  /** URI of the customers where the execution's input has no `DataUri`. */
  readonly data: string;
  /** ARN of a Lambda function that throws if the data at `uri` cannot be used. */
  readonly validate: string;
  /** Makes the rows. It reads `refs.parameter("DataUri")`. */
  readonly prepare: Nameless<Referable<ProcessingJob>>;
  /** Trains on outputs of `Prepare`: `refs.output("Prepare", "rows")`. */
  readonly train: Nameless<Referable<TrainingJob>>;
  /** ARN of a Lambda function that is given `model`, a URI, and answers `accuracy`, `f1` and `championF1`, which is 0 without a champion. */
  readonly evaluate: string;
  /** Lowest metrics where the execution's input has no `MinAccuracy` and `MinF1`; default 0.84 and 0.79. */
  readonly gate?: { readonly accuracy?: number | undefined; readonly f1?: number | undefined } | undefined;
  /** The new version; its data is the trained model. */
  readonly register: Omit<Referable<ModelPackage>, "data">;
}

const share = number(0, 1);
const gateDecoder = strictObject({ accuracy: withDefault(share, 0.84), f1: withDefault(share, 0.79) });

/**
 * The state machine of a retraining: validate the data, prepare rows, train, evaluate, and register the model if it is good enough
 * and no worse than the champion. The steps are `Validate`, `Prepare`, `Train`, `Evaluate`, `Gate` and `Register`.
 *
 * @throws ChurnkitError OPTION_INVALID, PIPELINE_INVALID.
 *
 * @example
 * ```ts
 * import { parseAwsTarget, refs, retrainingMachine } from "churnkit/deploy/aws";
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
 * const lambda = (name: string) => `arn:aws:lambda:us-east-1:123456789012:function:${name}`;
 * const machine = retrainingMachine(target, {
 *   data: "s3://churn-data/raw/customers.csv",
 *   validate: lambda("validate"),
 *   prepare: {
 *     entrypoint: ["churnkit-container", "process", "ingest"],
 *     inputs: { file: { uri: refs.parameter("DataUri") } },
 *     outputs: { rows: { uri: refs.join("/", ["s3://churn-data/runs", refs.execution("PipelineExecutionId")]) } },
 *     instanceType: "ml.m5.large",
 *     maxSeconds: 3600,
 *   },
 *   train: {
 *     channels: { train: { uri: refs.output("Prepare", "rows") } },
 *     instanceType: "ml.m5.xlarge",
 *     maxSeconds: 7200,
 *   },
 *   evaluate: lambda("evaluate"),
 *   register: { realTimeInstances: ["ml.m5.large"] },
 *   topic: "arn:aws:sns:us-east-1:123456789012:churn",
 * });
 * console.log(JSON.stringify(machine));
 * ```
 */
export function retrainingMachine(
  target: AwsTarget,
  { data, validate, prepare, train, evaluate, gate = {}, register, ...options }: RetrainingOptions,
): StateMachine {
  const { accuracy, f1 } = decodeWith(gateDecoder, gate, "The gate", "gate");
  const model = refs.property("Train", "ModelArtifacts.S3ModelArtifacts");
  const metric = (name: string) => refs.property("Evaluate", `OutputParameters.${name}`);
  const atLeast = (name: string, bound: ReturnType<typeof metric>) =>
    ({ type: "GreaterThanOrEqualTo", left: metric(name), right: bound }) as const;
  const [minAccuracy, minF1] = [refs.parameter("MinAccuracy"), refs.parameter("MinF1")];
  // Metrics that the function did not give would end the execution before the notification.
  const refused = [
    "The model lacks accuracy ",
    minAccuracy,
    ", F1 ",
    minF1,
    " or the F1 of the champion; see Evaluate.",
  ];
  const pipeline = pipelineDefinition({
    parameters: {
      DataUri: { type: "String", default: data },
      MinAccuracy: { type: "Float", default: accuracy },
      MinF1: { type: "Float", default: f1 },
    },
    steps: [
      steps.lambda("Validate", { function: validate, inputs: { uri: refs.parameter("DataUri") } }),
      steps.processing("Prepare", target, prepare),
      steps.training("Train", target, train),
      steps.lambda("Evaluate", {
        function: evaluate,
        inputs: { model },
        outputs: { accuracy: "Float", f1: "Float", championF1: "Float" },
      }),
      steps.condition(
        "Gate",
        [atLeast("accuracy", minAccuracy), atLeast("f1", minF1), atLeast("f1", metric("championF1"))],
        {
          if: [steps.register("Register", target, { ...register, data: model })],
          else: [steps.fail("Refused", refs.join("", refused))],
        },
      ),
    ],
  });
  return stateMachine(pipeline, target, options);
}
