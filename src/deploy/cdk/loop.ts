import { CfnOutput, Tags } from "aws-cdk-lib";
import { TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type { IVpc } from "aws-cdk-lib/aws-ec2";
import { type IRole, PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { Code, Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import type { Topic } from "aws-cdk-lib/aws-sns";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import type { StateMachine } from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";
import type { PipelineDefinition } from "../aws/pipeline/definition.js";
import type { StateMachine as MachineDefinition } from "../aws/states/definition.js";
import { type AwsTarget, arnOf, nameOf, tagsOf } from "../aws/target.js";
import { eventRules } from "../aws/watch/event-rules.js";
import { argued } from "./argued.js";
import { functionArn, type FunctionName, functionsOf } from "./functions.js";
import { ingest } from "./ingestion.js";
import { machineArn, machineOf, machinesRole } from "./machine.js";
import { messagesOf } from "./messages.js";
import { endpointsOf } from "./network.js";
import { type References, textReferring, withKey } from "./references.js";
import { groupOf, pipelineOf } from "./registry.js";
import { releaseOf } from "./release.js";
import { roleFor } from "./roles.js";
import { makeRules } from "./rules.js";
import { ChurnStorage, type ChurnStorageProps } from "./storage.js";
import { targetOf } from "./target-of.js";
import { ChurnWatch, type ChurnWatchProps, topicArnOf } from "./watch.js";

/** ARNs of what a loop makes, for its definitions. */
export interface LoopParts {
  /** The function that refuses data which cannot be used. */
  readonly validate: string;
  /** The function that measures a trained model. */
  readonly evaluate: string;
  /** The topic that is told what needs a person. */
  readonly topic: string;
}

/** What {@link ChurnLoop} makes, and from what. */
export interface ChurnLoopProps
  extends Omit<ChurnStorageProps, "key">, Omit<ChurnWatchProps, "target" | "topic" | "key"> {
  /**
   * Where the loop is. Its `role` is made, and its `bucket`. The stack makes the key too: give its ARN, an output of the stack, as
   * `kmsKey` to those who start jobs by hand.
   */
  readonly target: AwsTarget;
  /** The functions: a bundle of a file that exports handlers by the names of {@link ChurnLoop.functions}. */
  readonly code: Code;
  /** The file in the bundle, without its extension. Default `index`. */
  readonly file?: string;
  /** Further environment of the functions. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Makes the definition of the retraining, such as by `retrainingMachine`. The target that it is given has the stack's key. */
  readonly machine: (target: AwsTarget, parts: LoopParts) => MachineDefinition;
  /** Makes the definition of a pipeline of SageMaker, if there is one. */
  readonly pipeline?: (target: AwsTarget, parts: LoopParts) => PipelineDefinition;
  /**
   * Makes what the function `approved` starts: the state machine `churn-dev-release`, which `releaseMachine` defines, and its function
   * `churn-dev-release-step`, the export `releaseStep` of your file. Default false.
   */
  readonly release?: boolean;
  /** Mail addresses that are told what needs a person. */
  readonly mails?: readonly string[];
  /** The model package group of the registry. Default: the target's name, `churn-dev`. */
  readonly group?: string;
  /** Where in the bucket new data arrives. Default `churn-dev/raw/`. */
  readonly arrivals?: string;
  /** Hours between two calls of the monitor. Default 1. */
  readonly monitorHours?: number;
  /** Hours between two looks for a retraining that no alarm asks for again. Default 1. */
  readonly reconcileHours?: number;
  /** `false` makes all event rules without effect: the one switch that stops automation. */
  readonly automation?: false;
  /** The key to use. Default: the stack makes one. It must let logs, CloudWatch and Budgets use it. */
  readonly key?: IKey;
  /** The execution role to use. Default: the stack makes the target's. */
  readonly role?: IRole;
  /** Makes a secret for the API keys of servers, which the execution role may read. Default false. */
  readonly apiKeys?: boolean;
  /** Gets ways to AWS that do not leave it. */
  readonly vpc?: IVpc;
}

/**
 * The whole retraining loop of a model as one construct: data, functions, the state machine, event rules, alarms, dashboard and budget, with
 * a role for each who acts. Models and endpoints are not in it: releases make them.
 *
 * @example
 * ```ts
 * import { App, Stack } from "aws-cdk-lib";
 * import { Code } from "aws-cdk-lib/aws-lambda";
 * import { pipelineDefinition, refs, stateMachine, steps } from "churnkit/deploy/aws";
 * import { ChurnLoop } from "churnkit/deploy/cdk";
 *
 * const target = {
 *   name: "churn",
 *   stage: "dev",
 *   account: "123456789012",
 *   region: "us-east-1",
 *   image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
 *   role: "arn:aws:iam::123456789012:role/churn-dev-execution",
 *   bucket: "churn-dev-data",
 * };
 * const stack = new Stack(new App(), "churn-dev", { env: { account: target.account, region: target.region } });
 * new ChurnLoop(stack, "Loop", {
 *   target,
 *   endpoint: { model: "churn" },
 *   code: Code.fromInline("exports.monitor = async () => undefined;"),
 *   machine: (own, { validate, topic }) =>
 *     stateMachine(
 *       pipelineDefinition({ steps: [steps.lambda("Validate", { function: validate, inputs: { uri: "s3://churn-dev-data/a.csv" } })] }),
 *       own,
 *       { topic },
 *     ),
 *   mails: ["team@example.org"],
 *   budget: { usd: 200 },
 * });
 * ```
 */
export class ChurnLoop extends Construct {
  readonly storage: ChurnStorage;
  readonly topic: Topic;
  readonly deadLetters: Queue;
  /** By the names of the handlers: `ingestion`, `validation`, `evaluation`, `retrain`, `monitor` and `approved`. */
  readonly functions: Readonly<Record<FunctionName, LambdaFunction>>;
  readonly machine: StateMachine;
  /** What SageMaker takes on: the target's `role`. */
  readonly role: IRole;

  constructor(scope: Construct, id: string, props: ChurnLoopProps) {
    super(scope, id);
    const target = withKey(targetOf(this, props.target));
    const { endpoint, group = nameOf(target), logDays = 30, retain = true, vpc } = props;
    this.storage = new ChurnStorage(this, "Storage", props);
    const { key } = this.storage;
    const keyed = { [target.kmsKey]: key.keyArn };
    const messages = messagesOf(this, target, key, props.mails ?? []);
    ({ topic: this.topic, deadLetters: this.deadLetters } = messages);
    this.role = props.role ?? executionRole(this, target, keyed, endpoint.namespace);
    const logs = { days: logDays, retain, key };
    const functions = {
      target,
      references: keyed,
      messages,
      code: props.code,
      file: props.file ?? "index",
      environment: { ...environmentOf(target, keyed), ...props.environment },
      logs,
      namespace: endpoint.namespace,
      group,
    };
    this.functions = functionsOf(this, functions);
    const { validation, evaluation } = this.functions;
    const parts = {
      validate: functionArn(target, "validation"),
      evaluate: functionArn(target, "evaluation"),
      topic: topicArnOf(target),
    };
    const references = {
      ...keyed,
      [target.role]: this.role.roleArn,
      [parts.validate]: validation.functionArn,
      [parts.evaluate]: evaluation.functionArn,
      [parts.topic]: this.topic.topicArn,
    };
    const machines = { target, references, logs, role: machinesRole(this, { target, key, references, group }) };
    const definition = props.machine(target, parts);
    this.machine = machineOf(this, "Machine", { ...machines, name: "retraining", definition });
    if (props.release === true) releaseOf(this, parts.topic, functions, machines);
    groupOf(this, target, group);
    if (props.pipeline !== undefined) pipelineOf(this, target, props.pipeline(target, parts), group, references);
    this.#automate(target, props, group);
    new ChurnWatch(this, "Watch", { ...props, topic: this.topic, key });
    if (props.apiKeys === true) keysOfServers(this, target, key, this.role);
    if (vpc !== undefined) endpointsOf(vpc);
    for (const { Key, Value } of tagsOf(target)) Tags.of(this).add(Key, Value);
    new CfnOutput(this, "KeyArn", { value: key.keyArn, description: "The target's kmsKey" });
  }

  /** The event rules, and what says that one of them failed. */
  #automate(target: AwsTarget, props: ChurnLoopProps, group: string): void {
    const { automation = true, monitorHours, reconcileHours } = props;
    const deadLetters = arnOf(target, "sqs", nameOf(target, "dead-letters"));
    const called = { retrain: "retrain", approved: "approved", monitor: "monitor" } as const;
    const arns = Object.fromEntries(
      Object.entries(called).map(([option, name]) => [option, functionArn(target, name)]),
    );
    const rules = eventRules(target, props.endpoint, {
      ...arns,
      group,
      monitorHours,
      reconcileHours,
      deadLetters,
      ...(!automation && { enabled: false }),
    });
    makeRules(this, rules, {
      [deadLetters]: this.deadLetters.queueArn,
      ...Object.fromEntries(
        Object.values(called).map((name) => [functionArn(target, name), this.functions[name].functionArn]),
      ),
    });
    const prefix = props.arrivals ?? `${nameOf(target)}/raw/`;
    ingest(this, target, this.functions.ingestion, this.deadLetters, { prefix, enabled: automation });
    this.deadLetters
      .metricApproximateNumberOfMessagesVisible({ statistic: "Maximum" })
      .createAlarm(this, "DeadLettersWaiting", {
        alarmName: nameOf(target, "dead-letters"),
        alarmDescription:
          "An event reached no function, or none could handle it. Read the queue, repair, and send it again.",
        threshold: 1,
        evaluationPeriods: 1,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      })
      .addAlarmAction(new SnsAction(this.topic));
  }
}

/** What each function reads from its environment. */
const environmentOf = (target: AwsTarget, references: References): Record<string, string> => ({
  CHURNKIT_TARGET: textReferring(target, references),
  CHURNKIT_MACHINE: machineArn(target),
});

/** The target's role. */
function executionRole(scope: Construct, target: AwsTarget, references: References, namespace?: string): IRole {
  const [, path = "", name = ""] = /:role(\/.*\/|\/)([^/]+)$/.exec(target.role) ?? [];
  return roleFor(scope, "ExecutionRole", {
    target,
    allowed: "execution",
    assumedBy: new ServicePrincipal("sagemaker.amazonaws.com"),
    name,
    path,
    references,
    namespace,
  });
}

function keysOfServers(scope: Construct, target: AwsTarget, key: IKey, role: IRole): void {
  const secret = new Secret(scope, "ApiKeys", {
    secretName: nameOf(target, "api-keys"),
    description: `API keys of the servers of ${nameOf(target)}, as \`churnkit keys\` writes them`,
    encryptionKey: key,
  });
  argued(secret, { "AwsSolutions-SMG4": "Clients hold these keys: people rotate them, two at a time." });
  const allow = (action: string, resource: string, conditions?: Record<string, unknown>): void =>
    void role.addToPrincipalPolicy(
      new PolicyStatement({ actions: [action], resources: [resource], ...(conditions && { conditions }) }),
    );
  allow("secretsmanager:GetSecretValue", secret.secretArn);
  allow("kms:Decrypt", key.keyArn, {
    StringEquals: { "kms:ViaService": `secretsmanager.${target.region}.amazonaws.com` },
  });
}
