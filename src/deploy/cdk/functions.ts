import { Duration } from "aws-cdk-lib";
import { TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { type Code, Function as LambdaFunction, Runtime, Tracing } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import { type AwsTarget, arnOf, nameOf } from "../aws/target.js";
import { argued } from "./argued.js";
import { idOf } from "./defined.js";
import { logOf, type LogOptions } from "./logs.js";
import type { Messages } from "./messages.js";
import { type References, withKey } from "./references.js";
import { roleFor, type RoleName } from "./roles.js";

/** The functions of a loop: what each does is in `churnkit/deploy/functions`, what it may do in `policyFor`. */
export const functionNames = ["ingestion", "validation", "evaluation", "retrain", "monitor", "approved"] as const;
export type FunctionName = (typeof functionNames)[number];

/** The function that `releaseMachine` calls, with its export; its role is that of releases. */
const releaseStep: Part = { name: "release-step", handler: "releaseStep", allowed: "release" };

/** A function: the end of its name, the export that it is, and its role of {@link policyFor}. */
interface Part {
  readonly name: string;
  readonly handler: string;
  readonly allowed: RoleName;
}

/** Megabytes of those that read data or load a model; the others only call services. */
const memory: Partial<Record<string, number>> = {
  ingestion: 1024,
  validation: 1024,
  evaluation: 2048,
  monitor: 2048,
  "release-step": 1024,
};

export interface FunctionsProps {
  readonly target: AwsTarget;
  readonly references: References;
  readonly messages: Messages;
  readonly code: Code;
  /** The file in the code whose exports are the handlers. */
  readonly file: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly logs: LogOptions;
  readonly namespace: string | undefined;
  readonly group: string | undefined;
}

/** ARN of a function before it is made. */
export const functionArn = (target: AwsTarget, name: string): string =>
  arnOf(target, "lambda", `function:${nameOf(target, name)}`);

export function functionsOf(scope: Construct, props: FunctionsProps): Readonly<Record<FunctionName, LambdaFunction>> {
  const made = functionNames.map(
    (name) => [name, functionOf(scope, { name, handler: name, allowed: name }, props)] as const,
  );
  return Object.fromEntries(made) as Record<FunctionName, LambdaFunction>;
}

/** The function of a release's machine. */
export const releaseStepOf = (scope: Construct, props: FunctionsProps): LambdaFunction =>
  functionOf(scope, releaseStep, props);

function functionOf(scope: Construct, { name, handler, allowed }: Part, props: FunctionsProps): LambdaFunction {
  const { messages, namespace, group } = props;
  const target = withKey(props.target);
  const functionName = nameOf(target, name);
  const id = idOf(name);
  const role = roleFor(scope, `${id}Role`, {
    target,
    allowed,
    assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
    name: functionName,
    references: props.references,
    namespace,
    group,
  });
  const made = new LambdaFunction(scope, id, {
    functionName,
    role,
    runtime: Runtime.NODEJS_24_X,
    handler: `${props.file}.${handler}`,
    code: props.code,
    memorySize: memory[name] ?? 512,
    timeout: Duration.minutes(15),
    environment: { ...props.environment },
    tracing: Tracing.ACTIVE,
    deadLetterQueue: messages.deadLetters,
    logGroup: logOf(scope, `${id}Logs`, `/aws/lambda/${functionName}`, props.logs),
  });
  argued(role, { "AwsSolutions-IAM5[Resource::*]": "X-Ray, tokens and metrics know no resource." });
  made
    .metricErrors({ period: Duration.minutes(5), statistic: "Sum" })
    .createAlarm(scope, `${id}Errors`, {
      alarmName: `${functionName}-errors`,
      alarmDescription: `The function ${functionName} failed. Its log says why; events that it could not handle are in ${nameOf(target, "dead-letters")}.`,
      threshold: 1,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    })
    .addAlarmAction(new SnsAction(messages.topic));
  return made;
}
