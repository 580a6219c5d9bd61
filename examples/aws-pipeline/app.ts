// The infrastructure as a CDK app: `cdk deploy --app "npx tsx examples/aws-pipeline/app.ts"`. Models and endpoints are not in it.
import { App, Stack } from "aws-cdk-lib";
import { Code } from "aws-cdk-lib/aws-lambda";
import { existsSync } from "node:fs";
import { syntheticContract as contract } from "churnkit/data";
import { pipelineMachine } from "churnkit/deploy/aws";
import { ChurnLoop } from "churnkit/deploy/cdk";
import { pipeline } from "./pipeline.js";
import { target } from "./target.js";

const bundle = "build/functions";

export const app = new App({ builtinCloudFormationValidation: false });
new ChurnLoop(new Stack(app, "churn-dev", { env: target }), "Loop", {
  target,
  code: existsSync(bundle) ? Code.fromAsset(bundle) : Code.fromInline("exports.none = undefined;"),
  endpoint: { model: contract.name },
  pipeline,
  machine: (own, { topic, validate }) =>
    pipelineMachine(pipeline(own), own, { topic, validate: { function: validate, parameter: "CustomersUri" } }),
  release: true,
  retain: false,
});

app.synth();
