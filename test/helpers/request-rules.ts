import type {
  CreateProcessingJobCommandInput,
  CreateTrainingJobCommandInput,
  CreateTransformJobCommandInput,
  CreateHyperParameterTuningJobCommandInput,
} from "@aws-sdk/client-sagemaker";

/** Something that is wrong where `isBroken` holds. */
type Rule = readonly [isBroken: boolean, problem: string];
const broken = (rules: readonly Rule[]): string[] => rules.filter(([is]) => is).map(([, problem]) => problem);
const repeated = (names: readonly (string | undefined)[]): boolean => new Set(names).size < names.length;

/** A training job, or the definition of one in a tuning. */
type Training = Pick<
  CreateTrainingJobCommandInput,
  | "AlgorithmSpecification"
  | "CheckpointConfig"
  | "EnableManagedSpotTraining"
  | "InputDataConfig"
  | "ResourceConfig"
  | "StoppingCondition"
>;

/** What SageMaker refuses in a training job although its model allows it, or what never works. */
export function trainingProblems(job: Training): string[] {
  const { MaxRuntimeInSeconds: run = 0, MaxWaitTimeInSeconds: wait } = job.StoppingCondition ?? {};
  const spot = job.EnableManagedSpotTraining === true;
  const metrics = job.AlgorithmSpecification?.MetricDefinitions ?? [];
  return broken([
    [spot && wait === undefined, "spot capacity needs MaxWaitTimeInSeconds"],
    [wait !== undefined && wait < run, "MaxWaitTimeInSeconds is less than MaxRuntimeInSeconds"],
    [!spot && wait !== undefined, "MaxWaitTimeInSeconds is for spot capacity"],
    [spot && job.CheckpointConfig === undefined, "an interruption loses everything: there are no checkpoints"],
    [spot && job.ResourceConfig?.KeepAlivePeriodInSeconds !== undefined, "spot capacity is not kept warm"],
    [repeated((job.InputDataConfig ?? []).map(({ ChannelName }) => ChannelName)), "a channel occurs twice"],
    [metrics.some(({ Regex = "" }) => !/\((?!\?)/.test(Regex)), "a metric's expression catches no number"],
  ]);
}

/** The same of a tuning job. */
export function tuningProblems(job: CreateHyperParameterTuningJobCommandInput): string[] {
  const { HyperParameterTuningJobConfig: config, TrainingJobDefinition: training } = job;
  const {
    CategoricalParameterRanges = [],
    ContinuousParameterRanges = [],
    IntegerParameterRanges = [],
  } = config?.ParameterRanges ?? {};
  const bounded = [...ContinuousParameterRanges, ...IntegerParameterRanges];
  const searched = [...CategoricalParameterRanges, ...bounded].map(({ Name }) => Name);
  const { MaxNumberOfTrainingJobs: most = Infinity, MaxParallelTrainingJobs: parallel = 0 } =
    config?.ResourceLimits ?? {};
  const metrics = training?.AlgorithmSpecification?.MetricDefinitions ?? [];
  const objective = config?.HyperParameterTuningJobObjective?.MetricName;
  const isHyperband = config?.Strategy === "Hyperband";
  return [
    ...broken([
      [parallel > most, "MaxParallelTrainingJobs is more than MaxNumberOfTrainingJobs"],
      [searched.length === 0, "nothing is searched"],
      [repeated(searched), "a parameter is searched twice"],
      [
        searched.some((name = "") => name in (training?.StaticHyperParameters ?? {})),
        "a parameter is fixed and searched",
      ],
      [bounded.some(({ MinValue, MaxValue }) => Number(MinValue) >= Number(MaxValue)), "a range has no inside"],
      [
        bounded.some((each) => each.ScalingType === "Logarithmic" && Number(each.MinValue) <= 0),
        "a logarithmic range begins at 0",
      ],
      [!metrics.some(({ Name }) => Name === objective), "no metric has the objective's name"],
      [isHyperband && config.TrainingJobEarlyStoppingType === "Auto", "Hyperband stops early by itself"],
    ]),
    ...trainingProblems(training ?? {}),
  ];
}

/** The same of a processing job. */
export function processingProblems(job: CreateProcessingJobCommandInput): string[] {
  const [inputs, outputs] = [job.ProcessingInputs ?? [], job.ProcessingOutputConfig?.Outputs ?? []];
  const paths = [
    ...inputs.map(({ S3Input }) => S3Input?.LocalPath),
    ...outputs.map(({ S3Output }) => S3Output?.LocalPath),
  ];
  return broken([
    [paths.some((path) => path?.startsWith("/opt/ml/processing/") !== true), "a path is not below /opt/ml/processing"],
    [repeated(paths), "two inputs or outputs have one folder"],
    [repeated(inputs.map(({ InputName }) => InputName)), "an input occurs twice"],
    [repeated(outputs.map(({ OutputName }) => OutputName)), "an output occurs twice"],
  ]);
}

/** The same of a transform job. */
export function transformProblems(job: CreateTransformJobCommandInput): string[] {
  const {
    BatchStrategy,
    DataProcessing: { JoinSource = "None" } = {},
    MaxConcurrentTransforms = 1,
    MaxPayloadInMB = 6,
  } = job;
  const split = job.TransformInput?.SplitType ?? "None";
  return broken([
    [BatchStrategy === "MultiRecord" && split === "None", "several records need a SplitType"],
    [
      JoinSource === "Input" && split !== "None" && job.TransformOutput?.AssembleWith !== split,
      "joined records are not assembled as they were split",
    ],
    [MaxConcurrentTransforms * MaxPayloadInMB > 100, "MaxConcurrentTransforms times MaxPayloadInMB is more than 100"],
  ]);
}
