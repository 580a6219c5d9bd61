import type { AwsTarget } from "../../src/deploy/aws/target.js";

/** The target of the tests of AWS. */
export const awsTarget: AwsTarget = {
  name: "churn",
  stage: "dev",
  account: "123456789012",
  region: "us-east-1",
  image: `123456789012.dkr.ecr.us-east-1.amazonaws.com/churn@sha256:${"0".repeat(64)}`,
  role: "arn:aws:iam::123456789012:role/churn",
  bucket: "churn-data",
};

/** The same, with keys and a network of its own. */
export const securedTarget: AwsTarget = {
  ...awsTarget,
  kmsKey: "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000000",
  vpc: { subnets: ["subnet-0a1b2c3d", "subnet-0a1b2c3e"], securityGroups: ["sg-0a1b2c3d"] },
  tags: { team: "retention" },
};
