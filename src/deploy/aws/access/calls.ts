import { arnOf, nameOf, sagemakerArn } from "../target.js";
import { type Place, repositoryOf } from "./place.js";

type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** Calls that are allowed together: on the same resources, under the same condition. */
export interface Calls {
  readonly actions: readonly string[];
  /** ARNs of the resources; a text instead says why there are none to name, so that the resource is `*`. */
  readonly on: string | ((place: Place) => readonly string[]);
  readonly when?: (place: Place) => Condition;
  /** Left out for a target without it. */
  readonly needs?: "kmsKey" | "vpc";
}

const sagemaker = (...names: readonly string[]): string[] => names.map((name) => `sagemaker:${name}`);
/** What pipelines and state machines make. */
const madeKinds = ["training-job", "processing-job", "transform-job", "hyper-parameter-tuning-job", "model"];
const jobKinds = madeKinds.filter((kind) => kind.endsWith("-job"));
const createJobs = sagemaker(
  "CreateTrainingJob",
  "CreateProcessingJob",
  "CreateTransformJob",
  "CreateHyperParameterTuningJob",
);
const create = [...createJobs, ...sagemaker("CreateModel")];
const followJobs = sagemaker(
  "DescribeTrainingJob",
  "StopTrainingJob",
  "DescribeProcessingJob",
  "StopProcessingJob",
  "DescribeTransformJob",
  "StopTransformJob",
  "DescribeHyperParameterTuningJob",
  "StopHyperParameterTuningJob",
  "ListTrainingJobsForHyperParameterTuningJob",
);
const follow = [...followJobs, ...sagemaker("DescribeModel")];
const describeServing = sagemaker("DescribeModel", "DescribeEndpointConfig", "DescribeEndpoint");
const servingKinds = ["model", "endpoint-config", "endpoint"];

const requestTags = ({ target }: Place) => ({
  StringEquals: { "aws:RequestTag/project": target.name, "aws:RequestTag/stage": target.stage },
});
const resourceTags = ({ target }: Place): Condition => ({
  StringEquals: { "aws:ResourceTag/project": target.name, "aws:ResourceTag/stage": target.stage },
});

/** Step Functions makes these rules itself, to learn of the end of the jobs that it waits for. */
const managedRules = ["Training", "Processing", "Transform", "Tuning"].map(
  (kind) => `rule/StepFunctionsGetEventsForSageMaker${kind}JobsRule`,
);

/** What SageMaker itself writes metrics to, on behalf of the execution role. */
const ownNamespaces = ["TrainingJobs", "ProcessingJobs", "TransformJobs", "Endpoints"].map(
  (kind) => `/aws/sagemaker/${kind}`,
);

const keyOf = ({ target: { kmsKey } }: Place): string[] => (kmsKey === undefined ? [] : [kmsKey]);
const functionLogs = ({ named }: Place): string[] => named("logs", "log-group:/aws/lambda/").map((arn) => `${arn}:*`);

/** Which calls are allowed on what. Roles are made of these rows; objects and model packages have tables of their own. */
export const calls = {
  PassExecutionRole: {
    actions: ["iam:PassRole"],
    on: ({ target }) => [target.role],
    when: () => ({ StringEquals: { "iam:PassedToService": "sagemaker.amazonaws.com" } }),
  },
  /** The role that the CDK stack makes for the pipeline, `churn-dev-pipeline`. */
  PassPipelineRole: {
    actions: ["iam:PassRole"],
    on: ({ target, partition }) => [`arn:${partition}:iam::${target.account}:role/${nameOf(target, "pipeline")}`],
    when: () => ({ StringEquals: { "iam:PassedToService": "sagemaker.amazonaws.com" } }),
  },
  PullImage: {
    actions: ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    on: (place) => [repositoryOf(place)],
  },
  LogInToRegistry: { actions: ["ecr:GetAuthorizationToken"], on: "A token is for all repositories." },
  WriteJobLogs: {
    actions: ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
    on: ({ target }) => [arnOf(target, "logs", "log-group:/aws/sagemaker/*")],
  },
  WriteFunctionLogs: {
    actions: ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
    on: functionLogs,
  },
  ReadLogs: {
    actions: ["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents"],
    on: (place) => [arnOf(place.target, "logs", "log-group:/aws/sagemaker/*"), ...functionLogs(place)],
  },
  PutJobMetrics: {
    actions: ["cloudwatch:PutMetricData"],
    on: "Only the namespace of a metric can be restricted.",
    when: ({ namespace }) => ({ StringEquals: { "cloudwatch:namespace": [namespace, ...ownNamespaces] } }),
  },
  PutMetrics: {
    actions: ["cloudwatch:PutMetricData"],
    on: "Only the namespace of a metric can be restricted.",
    when: ({ namespace }) => ({ StringEquals: { "cloudwatch:namespace": namespace } }),
  },
  ReadMetrics: {
    actions: ["cloudwatch:GetMetricData"],
    on: "Metrics are no resources.",
  },
  // Also for the execution role: with guardrails, SageMaker asks by it whether to roll back.
  ReadAlarms: { actions: ["cloudwatch:DescribeAlarms"], on: ({ named }) => named("cloudwatch", "alarm:") },
  ReadDashboard: {
    actions: ["cloudwatch:GetDashboard"],
    on: ({ named, target, partition }) =>
      named("cloudwatch", "dashboard/").map((arn) =>
        // A dashboard belongs to no region.
        arn.replace(`arn:${partition}:cloudwatch:${target.region}:`, `arn:${partition}:cloudwatch::`),
      ),
  },
  EncryptVolumes: {
    actions: ["kms:CreateGrant"],
    on: keyOf,
    when: () => ({ Bool: { "kms:GrantIsForAWSResource": "true" } }),
    needs: "kmsKey",
  },
  DescribeKey: { actions: ["kms:DescribeKey"], on: keyOf, needs: "kmsKey" },
  JoinNetwork: {
    actions: ["ec2:CreateNetworkInterface"],
    on: ({ target }) => [
      arnOf(target, "ec2", "network-interface/*"),
      ...(target.vpc?.subnets ?? []).map((id) => arnOf(target, "ec2", `subnet/${id}`)),
      ...(target.vpc?.securityGroups ?? []).map((id) => arnOf(target, "ec2", `security-group/${id}`)),
    ],
    needs: "vpc",
  },
  KeepInterfaces: {
    actions: ["ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface"],
    on: ({ target }) => [arnOf(target, "ec2", "network-interface/*")],
    needs: "vpc",
  },
  UseNetwork: {
    actions: [
      "ec2:DeleteNetworkInterfacePermission",
      "ec2:DescribeDhcpOptions",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeVpcs",
    ],
    on: "EC2 knows no resource for these calls.",
    needs: "vpc",
  },
  // Pipelines and state machines give names of their own, so the tags decide.
  CreateByTags: { actions: create, on: ({ any }) => any(...madeKinds), when: requestTags },
  TagNew: {
    actions: ["sagemaker:AddTags"],
    on: ({ any }) => any(...madeKinds),
    // Not what exists: it would be theirs then.
    when: (place) => ({
      StringEquals: {
        ...requestTags(place).StringEquals,
        "sagemaker:TaggingAction": create.map((action) => action.replace("sagemaker:", "")),
      },
    }),
  },
  FollowByTags: { actions: follow, on: ({ any }) => any(...madeKinds), when: resourceTags },
  // Whoever starts jobs by hand gives them the target's names; a job that is not there yet has no tags to ask for.
  StartJobs: { actions: createJobs, on: ({ own }) => own(...jobKinds), when: requestTags },
  FollowJobs: { actions: followJobs, on: ({ own }) => own(...jobKinds) },
  WritePipelines: {
    actions: sagemaker("CreatePipeline", "UpdatePipeline", "AddTags"),
    on: ({ own }) => own("pipeline"),
  },
  FindExecutions: { actions: sagemaker("ListPipelineExecutions"), on: ({ own }) => own("pipeline") },
  ReadParameters: {
    actions: sagemaker("ListPipelineParametersForExecution"),
    on: ({ own }) => own("pipeline").map((arn) => `${arn}/execution/*`),
  },
  RunPipelines: {
    actions: sagemaker("DescribePipeline", "StartPipelineExecution"),
    on: ({ own }) => own("pipeline"),
  },
  FollowPipelines: {
    actions: sagemaker("DescribePipelineExecution", "ListPipelineExecutionSteps", "StopPipelineExecution"),
    on: ({ own }) => own("pipeline").map((arn) => `${arn}/execution/*`),
  },
  CreateServing: {
    actions: sagemaker("CreateModel", "CreateEndpointConfig", "CreateEndpoint"),
    on: ({ own }) => own(...servingKinds),
    when: requestTags,
  },
  ChangeServing: {
    actions: [
      ...describeServing,
      ...sagemaker(
        "UpdateEndpoint",
        "UpdateEndpointWeightsAndCapacities",
        "DeleteModel",
        "DeleteEndpointConfig",
        "DeleteEndpoint",
        "AddTags",
        "ListTags",
      ),
    ],
    on: ({ own }) => own(...servingKinds),
  },
  ListServing: {
    actions: sagemaker("ListEndpointConfigs", "ListEndpoints", "ListModels"),
    on: "SageMaker lists all or nothing.",
  },
  ReadServing: { actions: describeServing, on: ({ own }) => own(...servingKinds) },
  ReadPackages: {
    actions: sagemaker("DescribeModelPackage", "DescribeModelPackageGroup", "ListModelPackages"),
    on: ({ target, group }) => [
      sagemakerArn(target, `model-package-group/${group}`),
      sagemakerArn(target, `model-package/${group}/*`),
    ],
  },
  Invoke: { actions: ["sagemaker:InvokeEndpoint"], on: ({ own }) => own("endpoint") },
  Scale: {
    actions: [
      "application-autoscaling:DeregisterScalableTarget",
      "application-autoscaling:PutScalingPolicy",
      "application-autoscaling:PutScheduledAction",
      "application-autoscaling:RegisterScalableTarget",
    ],
    on: ({ target }) => [arnOf(target, "application-autoscaling", "scalable-target/*")],
    when: () => ({ StringEquals: { "application-autoscaling:service-namespace": "sagemaker" } }),
  },
  ReadScaling: {
    actions: [
      "application-autoscaling:DescribeScalableTargets",
      "application-autoscaling:DescribeScalingPolicies",
      "application-autoscaling:DescribeScheduledActions",
    ],
    on: "Application Auto Scaling describes all or nothing.",
  },
  // With its first registration.
  TagScaling: {
    actions: ["application-autoscaling:TagResource"],
    on: ({ target }) => [arnOf(target, "application-autoscaling", "scalable-target/*")],
    when: requestTags,
  },
  // Of an endpoint that scales to no instance.
  KeepWakeAlarm: {
    actions: ["cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"],
    on: ({ target }) => [arnOf(target, "cloudwatch", `alarm:${nameOf(target)}-*wake`)],
  },
  CallFunctions: { actions: ["lambda:InvokeFunction"], on: ({ named }) => named("lambda", "function:") },
  ManageRules: {
    actions: ["events:DescribeRule", "events:PutRule", "events:PutTargets"],
    on: ({ target }) => managedRules.map((rule) => arnOf(target, "events", rule)),
  },
  Notify: { actions: ["sns:Publish"], on: ({ named }) => named("sns", "") },
  SendDeadLetters: { actions: ["sqs:SendMessage"], on: ({ named }) => named("sqs", "") },
  // An event names a version of an object, which may have been replaced since.
  ReadVersions: {
    actions: ["s3:GetObjectVersion"],
    on: ({ target, partition }) => [`arn:${partition}:s3:::${target.bucket}/${nameOf(target)}/*`],
  },
  ReadQueues: {
    actions: ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
    on: ({ named }) => named("sqs", ""),
  },
  StartMachines: {
    actions: ["states:ListExecutions", "states:StartExecution"],
    on: ({ named }) => named("states", "stateMachine:"),
  },
  FollowMachines: {
    actions: ["states:DescribeExecution", "states:StopExecution"],
    on: ({ named }) => named("states", "execution:").map((arn) => `${arn}:*`),
  },
  // Experiments bear the target's name. Trials and their components bear the ids of runs, which begin with the time.
  TrackRuns: {
    actions: sagemaker(
      "CreateExperiment",
      "CreateTrial",
      "CreateTrialComponent",
      "AssociateTrialComponent",
      "DescribeTrialComponent",
      "UpdateTrialComponent",
      "BatchPutMetrics",
    ),
    on: ({ own, target }) => [
      ...own("experiment"),
      ...["experiment-trial", "experiment-trial-component"].map((kind) =>
        sagemakerArn(target, `${kind}/20??????-??????-????????`),
      ),
    ],
  },
  NameAccount: { actions: ["sts:GetCallerIdentity"], on: "Everybody may ask who they are." },
} satisfies Record<string, Calls>;

/** A row of {@link calls}. */
export type CallName = keyof typeof calls;
