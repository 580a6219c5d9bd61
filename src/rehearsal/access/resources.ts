import { arnOf, type AwsPlace } from "../place.js";

export type Members = Readonly<Record<string, unknown>>;
/** The ARNs that an operation's input is about. */
type Resources = (input: Members, place: AwsPlace) => readonly string[];

/** A text of an input; services differ in how they begin the names of members. */
export function textIn(input: Members, name: string): string {
  const value = input[name] ?? input[name.charAt(0).toUpperCase() + name.slice(1)];
  return typeof value === "string" ? value : "";
}

/** What a member names: by its ARN, or by a name below a path. */
const named =
  (service: string, path: string, ...members: readonly string[]): Resources =>
  (input, place) => {
    const name = members.map((member) => textIn(input, member)).find((text) => text !== "") ?? "";
    return [name.startsWith("arn:") ? name : arnOf(place, service, `${path}${name}`)];
  };

const both =
  (...parts: readonly Resources[]): Resources =>
  (input, place) =>
    parts.flatMap((part) => part(input, place));

const ofSageMaker = (kind: string, ...members: readonly string[]): Resources =>
  named("sagemaker", `${kind}/`, ...members);
const endpoint = ofSageMaker("endpoint", "EndpointName");
const endpointConfig = ofSageMaker("endpoint-config", "EndpointConfigName");
const modelPackage = ofSageMaker("model-package", "ModelPackageName", "ModelPackageArn");
/** A version gets its number later. */
const packagesOfGroup: Resources = (input, place) => [
  arnOf(place, "sagemaker", `model-package/${textIn(input, "ModelPackageGroupName").replace(/^.*\//, "")}/*`),
];
const experiment = ofSageMaker("experiment", "ExperimentName");
const trial = ofSageMaker("experiment-trial", "TrialName");
const trialComponent = ofSageMaker("experiment-trial-component", "TrialComponentName");
const tuning = ofSageMaker("hyper-parameter-tuning-job", "HyperParameterTuningJobName");
const execution = named("sagemaker", "", "PipelineExecutionArn");
const alarmNames: Resources = ({ AlarmNames, AlarmNamePrefix = "" }, place) =>
  (Array.isArray(AlarmNames) ? AlarmNames : [`${AlarmNamePrefix as string}*`]).map((name) =>
    arnOf(place, "cloudwatch", `alarm:${name as string}`),
  );
const alarm = named("cloudwatch", "alarm:", "AlarmName");
const dashboard: Resources = (input, { account }) => [
  `arn:aws:cloudwatch::${account}:dashboard/${textIn(input, "DashboardName")}`,
];
const logGroup: Resources = (input, place) => {
  const { logGroupName, logStreamName } = { logGroupName: "", logStreamName: undefined, ...input };
  const stream = logStreamName === undefined ? "" : `:log-stream:${logStreamName as string}`;
  return [arnOf(place, "logs", `log-group:${logGroupName}${stream || ":*"}`)];
};
const rule = named("events", "rule/", "Rule", "Name");
const machine = named("states", "stateMachine:", "stateMachineArn", "name");
const run = named("states", "", "executionArn");
const scalable: Resources = (input, place) => [
  // AWS gives a target an id of its own.
  arnOf(place, "application-autoscaling", `scalable-target/${textIn(input, "ResourceId")}`),
];
const inIam =
  (kind: string, member: string): Resources =>
  (input, { account }) => {
    const name = textIn(input, member);
    return [name.startsWith("arn:") ? name : `arn:aws:iam::${account}:${kind}/${name}`];
  };
const queue: Resources = (input, place) => [
  arnOf(place, "sqs", textIn(input, "QueueName") || textIn(input, "QueueUrl").replace(/^.*\//, "")),
];

/** Kinds of SageMaker whose operations are named after them. */
const nouns =
  /^sagemaker:(?:Create|Describe|Delete|Stop|Update)(TrainingJob|ProcessingJob|TransformJob|HyperParameterTuningJob|Model|Pipeline|ModelPackageGroup)$/;

/** The first row that fits an action says which resources a call of it is about. Other actions know none. */
const rows: readonly (readonly [actions: RegExp, resources: Resources])[] = [
  [/^sagemaker:(Create|Update)Endpoint$/, both(endpoint, endpointConfig)],
  [/^sagemaker:(DescribeEndpoint|DeleteEndpoint|UpdateEndpointWeightsAndCapacities|InvokeEndpoint\w*)$/, endpoint],
  [/^sagemaker:(Create|Describe|Delete)EndpointConfig$/, endpointConfig],
  [/^sagemaker:(CreateModelPackage|ListModelPackages)$/, packagesOfGroup],
  [/^sagemaker:(Describe|Update|Delete)ModelPackage$/, modelPackage],
  [/^sagemaker:(StartPipelineExecution|ListPipelineExecutions)$/, ofSageMaker("pipeline", "PipelineName")],
  [/^sagemaker:(\w+PipelineExecution(Steps)?|\w+Pipeline(Parameters|Definition)ForExecution)$/, execution],
  [/^sagemaker:CreateExperiment$/, experiment],
  [/^sagemaker:CreateTrial$/, both(experiment, trial)],
  [/^sagemaker:AssociateTrialComponent$/, both(trial, trialComponent)],
  [/^sagemaker:(\w+TrialComponent|BatchPutMetrics)$/, trialComponent],
  [/^sagemaker:ListTrainingJobsForHyperParameterTuningJob$/, tuning],
  [/^sagemaker:(Add|List|Delete)Tags$/, named("sagemaker", "", "ResourceArn")],
  [/^cloudwatch:(DescribeAlarms|DeleteAlarms)$/, alarmNames],
  [/^cloudwatch:(Put\w*Alarm|SetAlarmState)$/, alarm],
  [/^cloudwatch:(Put|Get)Dashboard$/, dashboard],
  [/^cloudwatch:\w*Tag(s?For)?Resource$/, named("cloudwatch", "", "ResourceARN")],
  [/^logs:(?!DescribeLogGroups)/, logGroup],
  [/^events:PutEvents$/, (_, place) => [arnOf(place, "events", "event-bus/default")]],
  [/^events:(?!List(Rules|RuleNamesByTarget)$|TestEventPattern)/, rule],
  [/^states:(Describe|Stop)Execution$|^states:GetExecutionHistory$/, run],
  [/^states:(?!ListStateMachines)/, machine],
  [/^application-autoscaling:(?!Describe)/, scalable],
  [/^lambda:(?!List)/, named("lambda", "function:", "FunctionName")],
  [/^sns:(?!ListTopics|ListSubscriptions$)/, named("sns", "", "TopicArn", "Name")],
  [/^sqs:(?!ListQueues)/, queue],
  [/^iam:\w+Role\w*$/, inIam("role", "RoleName")],
  [/^iam:\w+Policy\w*$/, inIam("policy", "PolicyArn")],
  [/^kms:(?!CreateKey|CreateAlias|List)/, named("kms", "key/", "KeyId")],
  [/^ecr:(?!GetAuthorizationToken)/, named("ecr", "repository/", "repositoryName")],
];

/** The ARNs that an action is on, or `*` for one that knows no resources. */
export function resourcesOf(action: string, input: Members, place: AwsPlace): readonly string[] {
  const noun = nouns.exec(action)?.[1];
  if (noun !== undefined) {
    const kind = noun.replace(/(?!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
    return ofSageMaker(kind, `${noun}Name`)(input, place);
  }
  return rows.find(([actions]) => actions.test(action))?.[1](input, place) ?? ["*"];
}
