import { processingJob, trainingJob, transformJob, tuningJob } from "../../../src/deploy/aws/index.js";
import { securedTarget } from "../../helpers/aws-target.js";
import * as rules from "../../helpers/request-rules.js";
import { type Definition, model } from "./definition.js";

export const training = {
  channels: { train: { uri: "s3://churn-data/train" }, validation: { uri: "s3://churn-data/validation" } },
  hyperparameters: { learner: "network", epochs: 60 },
  instanceType: "ml.m5.xlarge",
  maxSeconds: 3600,
  spot: { maxWaitSeconds: 7200 },
  checkpoints: "s3://churn-data/checkpoints/1",
  metrics: [{ name: "validation:f1", regex: "validation:f1=([0-9.]+)" }],
} as const;

export const jobs: Readonly<Record<string, Definition>> = {
  "training-job": {
    by: ["trainingJob"],
    made: trainingJob(securedTarget, { name: "train-1", ...training }),
    checkers: { model: model("CreateTrainingJob"), rules: rules.trainingProblems },
    faults: [
      ["no role", "RoleArn", undefined, "model", /RoleArn/],
      ["a text for a number", "StoppingCondition.MaxRuntimeInSeconds", "3600", "model", /MaxRuntimeInSeconds/],
      ["an unknown mode", "AlgorithmSpecification.TrainingInputMode", "Fast", "model", /TrainingInputMode/],
      ["an unknown member", "UseSpot", true, "model", /UseSpot/],
      ["a wait shorter than the run", "StoppingCondition.MaxWaitTimeInSeconds", 60, "rules", /less than MaxRuntime/],
      ["a wait without spot", "EnableManagedSpotTraining", false, "rules", /is for spot/],
      ["no checkpoints", "CheckpointConfig", undefined, "rules", /loses everything/],
      ["a channel twice", "InputDataConfig.1.ChannelName", "train", "rules", /occurs twice/],
      [
        "a metric without its number",
        "AlgorithmSpecification.MetricDefinitions.0.Regex",
        "f1=[0-9]+",
        "rules",
        /catches no/,
      ],
    ],
  },
  "tuning-job": {
    by: ["tuningJob"],
    made: tuningJob(securedTarget, {
      name: "tune-1",
      training,
      objective: { metric: "validation:f1", goal: "Maximize" },
      strategy: "Bayesian",
      space: {
        learningRate: { kind: "real", min: 1e-4, max: 0.1, scale: "log" },
        units1: { kind: "integer", min: 16, max: 128 },
      },
      maxJobs: 8,
      maxParallel: 2,
      earlyStopping: true,
    }),
    checkers: { model: model("CreateHyperParameterTuningJob"), rules: rules.tuningProblems },
    faults: [
      ["an unknown strategy", "HyperParameterTuningJobConfig.Strategy", "Bayes", "model", /Strategy/],
      ["a number for a text", "HyperParameterTuningJobConfig.ParameterRanges.IntegerParameterRanges.0.MinValue", 16, "model", /MinValue/], // prettier-ignore
      ["no limit in parallel", "HyperParameterTuningJobConfig.ResourceLimits.MaxParallelTrainingJobs", undefined, "model", /MaxParallel/], // prettier-ignore
      ["more at a time than at all", "HyperParameterTuningJobConfig.ResourceLimits.MaxParallelTrainingJobs", 9, "rules", /is more than/], // prettier-ignore
      ["a logarithm of 0", "HyperParameterTuningJobConfig.ParameterRanges.ContinuousParameterRanges.0.MinValue", "0", "rules", /begins at 0/], // prettier-ignore
      ["an empty range", "HyperParameterTuningJobConfig.ParameterRanges.IntegerParameterRanges.0.MaxValue", "16", "rules", /no inside/], // prettier-ignore
      ["a fixed parameter", "TrainingJobDefinition.StaticHyperParameters.units1", "32", "rules", /fixed and searched/],
      ["an objective of nobody", "HyperParameterTuningJobConfig.HyperParameterTuningJobObjective.MetricName", "f1", "rules", /objective/], // prettier-ignore
      ["two ways to stop", "HyperParameterTuningJobConfig.Strategy", "Hyperband", "rules", /by itself/],
    ],
  },
  "processing-job": {
    by: ["processingJob"],
    made: processingJob(securedTarget, {
      name: "score-1",
      entrypoint: ["churnkit-container", "process", "score"],
      inputs: { rows: { uri: "s3://churn-data/rows" }, model: { uri: "s3://churn-data/m/model.tar.gz" } },
      outputs: { scores: { uri: "s3://churn-data/scores" } },
      instanceType: "ml.m5.large",
      maxSeconds: 600,
    }),
    checkers: { model: model("CreateProcessingJob"), rules: rules.processingProblems },
    faults: [
      ["no image", "AppSpecification.ImageUri", undefined, "model", /ImageUri/],
      ["a name with a dot", "ProcessingJobName", "score.1", "model", /ProcessingJobName/],
      [
        "an upload at no time",
        "ProcessingOutputConfig.Outputs.0.S3Output.S3UploadMode",
        "Later",
        "model",
        /S3UploadMode/,
      ],
      ["a folder elsewhere", "ProcessingInputs.0.S3Input.LocalPath", "/data/rows", "rules", /not below/],
      ["an input twice", "ProcessingInputs.1.InputName", "rows", "rules", /an input occurs twice/],
    ],
  },
  "transform-job": {
    by: ["transformJob"],
    made: transformJob(securedTarget, {
      name: "score-1",
      model: "v1",
      input: { uri: "s3://churn-data/rows", contentType: "text/csv", split: "Line" },
      output: { uri: "s3://churn-data/scores", accept: "text/csv" },
      batch: "MultiRecord",
      join: "Input",
      maxPayloadMb: 5,
      concurrent: 20,
      instanceType: "ml.m5.large",
    }),
    checkers: { model: model("CreateTransformJob"), rules: rules.transformProblems },
    faults: [
      ["an unknown split", "TransformInput.SplitType", "Lines", "model", /SplitType/],
      ["no resources", "TransformResources", undefined, "model", /TransformResources/],
      ["records that are not split", "TransformInput.SplitType", "None", "rules", /need a SplitType/],
      ["answers that are not assembled", "TransformOutput.AssembleWith", undefined, "rules", /not assembled/],
      ["more than 100 MB under way", "MaxConcurrentTransforms", 21, "rules", /more than 100/],
    ],
  },
};
