// Where everything is. In a rehearsal any account will do; on AWS it is yours, and nothing else in this example changes.
import { parseAwsTarget } from "churnkit/deploy/aws";

const { CHURN_ACCOUNT: account = "123456789012", AWS_REGION: region = "us-east-1" } = process.env;

export const target = parseAwsTarget({
  name: "churn",
  stage: "dev",
  account,
  region,
  image: `${account}.dkr.ecr.${region}.amazonaws.com/churn:1`,
  role: `arn:aws:iam::${account}:role/churn-dev-execution`,
  bucket: `churn-dev-${account}`,
});

/** Places in the target's folder of the bucket. */
export const home = `s3://${target.bucket}/churn-dev`;
export const rows = `${home}/ingested/rows/`;
