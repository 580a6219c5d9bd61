// The infrastructure as a CDK app: `cdk deploy --app "npx tsx examples/aws-pipeline/app.ts"`. Models and endpoints are not in it.
import { App, Duration, Stack } from "aws-cdk-lib";
import { PolicyDocument, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Code, Function as LambdaFunction, Runtime } from "aws-cdk-lib/aws-lambda";
import { DefinitionBody, StateMachine } from "aws-cdk-lib/aws-stepfunctions";
import { existsSync } from "node:fs";
import { syntheticContract as contract } from "churnkit/data";
import { pipelineMachine, policyFor, releaseMachine } from "churnkit/deploy/aws";
import { ChurnLoop } from "churnkit/deploy/cdk";
import { pipeline } from "./pipeline.js";
import { target } from "./target.js";

const { account, region } = target;
const bundle = "build/functions";
const code = existsSync(bundle) ? Code.fromAsset(bundle) : Code.fromInline("exports.none = undefined;");

export const app = new App({ builtinCloudFormationValidation: false });
const stack = new Stack(app, "churn-dev", { env: { account, region } });
new ChurnLoop(stack, "Loop", {
  target,
  code,
  retain: false,
  endpoint: { model: contract.name },
  pipeline,
  machine: (own, { topic, validate }) =>
    pipelineMachine(pipeline(own), own, { topic, validate: { function: validate, parameter: "CustomersUri" } }),
});

const roleOf = (id: string, roleName: string, service: string, allowed: Parameters<typeof policyFor>[0]) =>
  new Role(stack, id, {
    roleName,
    assumedBy: new ServicePrincipal(service),
    inlinePolicies: { [allowed]: PolicyDocument.fromJson(policyFor(allowed, target)) },
  });
new LambdaFunction(stack, "ReleaseStep", {
  functionName: "churn-dev-release-step",
  role: roleOf("ReleaseStepRole", "churn-dev-release-step", "lambda.amazonaws.com", "release"),
  runtime: Runtime.NODEJS_24_X,
  handler: "index.releaseStep",
  code,
  timeout: Duration.minutes(15),
  environment: { CHURNKIT_TARGET: JSON.stringify(target) },
});
new StateMachine(stack, "Release", {
  stateMachineName: "churn-dev-release",
  role: roleOf("ReleaseRole", "churn-dev-release", "states.amazonaws.com", "states"),
  definitionBody: DefinitionBody.fromString(
    JSON.stringify(releaseMachine(target, { topic: `arn:aws:sns:${region}:${account}:churn-dev` })),
  ),
});

app.synth();
