import { App, Stack } from "aws-cdk-lib";
import { Vpc } from "aws-cdk-lib/aws-ec2";
import { Code } from "aws-cdk-lib/aws-lambda";
import { compilePipeline, refs, retrainingMachine } from "../../src/deploy/aws/index.js";
import { ChurnLoop, type ChurnLoopProps } from "../../src/deploy/cdk/index.js";
import { awsTarget } from "./aws-target.js";

/** The target of a stage, in an account of its own. */
const targetOf = (stage: string, account: string, region: string) => ({
  ...awsTarget,
  stage,
  account,
  region,
  image: `${account}.dkr.ecr.${region}.amazonaws.com/churn:1`,
  role: `arn:aws:iam::${account}:role/churn-${stage}-execution`,
  bucket: `churn-${stage}-data`,
});
export const devTarget = targetOf("dev", "123456789012", "us-east-1");
export const prodTargetIn = (account: string) => ({
  ...targetOf("prod", account, "eu-west-1"),
  tags: { team: "retention" },
});
export const prodTarget = prodTargetIn("210987654321");

/** A network of two zones. */
export interface Network {
  readonly vpcId: string;
  readonly subnets: readonly string[];
  readonly routeTables: readonly string[];
}
const network: Network = {
  vpcId: "vpc-0a1b2c3d",
  subnets: ["subnet-0a1b2c3d", "subnet-0a1b2c3e"],
  routeTables: ["rtb-0a1b2c3d", "rtb-0a1b2c3e"],
};

const ingest = {
  id: "ingest",
  job: "ingest",
  params: { target: "churn", positive: "Yes" },
  inputs: { file: "input.customers" },
};
export const graph = {
  inputs: { customers: "file" },
  steps: [ingest, { id: "train", job: "train", inputs: { rows: "ingest.rows" } }],
};

/** What both stages have. */
const shared: Pick<ChurnLoopProps, "code" | "endpoint" | "machine"> = {
  endpoint: { model: "churn" },
  code: Code.fromInline("exports.monitor = async () => undefined;"),
  machine: (target, parts) =>
    retrainingMachine(target, {
      ...parts,
      data: `s3://${target.bucket}/churn-${target.stage}/raw/customers.csv`,
      prepare: {
        entrypoint: ["churnkit-container", "process", "ingest"],
        inputs: { file: { uri: refs.parameter("DataUri") } },
        outputs: {
          rows: {
            uri: refs.join("/", [
              `s3://${target.bucket}/churn-${target.stage}/runs`,
              refs.execution("PipelineExecutionId"),
            ]),
          },
        },
        instanceType: "ml.m5.large",
        maxSeconds: 3600,
      },
      train: {
        channels: { train: { uri: refs.output("Prepare", "rows") } },
        instanceType: "ml.m5.xlarge",
        maxSeconds: 7200,
      },
      register: { realTimeInstances: ["ml.m5.large"] },
    }),
};

/** An app without the validator of the library, which takes ten seconds a time; tests call it once. */
export const testApp = (): App => new App({ builtinCloudFormationValidation: false });

export function devStack(app = testApp(), props: Partial<ChurnLoopProps> = {}): Stack {
  const stack = new Stack(app, "churn-dev", { env: { account: devTarget.account, region: devTarget.region } });
  new ChurnLoop(stack, "Loop", { ...shared, target: devTarget, retain: false, ...props });
  return stack;
}

export const prodScaling: NonNullable<ChurnLoopProps["scaling"]>[number] = {
  config: { kind: "real-time", name: "v1", variants: [{ model: "v1", instanceType: "ml.m5.large" }] },
  variant: { hold: 600, schedule: [{ name: "night", at: "cron(0 20 * * ? *)", min: 1, max: 2 }] },
};

/** Everything that a loop can have. */
export function prodStack(
  app = testApp(),
  { within = network, ...props }: Partial<ChurnLoopProps> & { readonly within?: Network } = {},
): Stack {
  const { account, region } = props.target ?? prodTarget;
  const stack = new Stack(app, "churn-prod", { env: { account, region } });
  new ChurnLoop(stack, "Loop", {
    ...shared,
    target: prodTarget,
    pipeline: (target) =>
      compilePipeline(graph, target, { inputs: { customers: `s3://${target.bucket}/churn-prod/raw/customers.csv` } }),
    release: true,
    mails: ["team@example.org"],
    alarms: { dailyUsd: 50, anomalies: 2 },
    dashboard: { hourlyUsd: 0.115 },
    budget: { usd: 500 },
    scaling: [prodScaling],
    replicaRegion: "eu-central-1",
    repository: true,
    trail: true,
    apiKeys: true,
    vpc: Vpc.fromVpcAttributes(stack, "Vpc", {
      vpcId: within.vpcId,
      vpcCidrBlock: "10.0.0.0/16",
      availabilityZones: ["eu-west-1a", "eu-west-1b"],
      privateSubnetIds: [...within.subnets],
      privateSubnetRouteTableIds: [...within.routeTables],
    }),
    ...props,
  });
  return stack;
}
