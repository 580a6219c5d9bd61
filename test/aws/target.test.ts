import { describe, expect, it } from "vitest";
import { nameOf, parseAwsTarget, sagemakerArn, tagsOf, uriOf } from "../../src/deploy/aws/target.js";
import { awsTarget, securedTarget } from "../helpers/aws-target.js";

describe("parseAwsTarget", () => {
  it("reads targets with and without their optional members", () => {
    expect(parseAwsTarget(JSON.parse(JSON.stringify(awsTarget)))).toEqual(awsTarget);
    expect(parseAwsTarget(securedTarget)).toEqual(securedTarget);
    expect(
      parseAwsTarget({ ...awsTarget, image: "210987654321.dkr.ecr.us-east-1.amazonaws.com/a/b:1.2" }).image,
    ).toMatch(/^21/);
  });

  it.each([
    [{ account: 123456789012 }, /target\.account must be a text/],
    [{ account: "12345678901" }, /target\.account must be 12 digits, as a text, not "12345678901"/],
    [{ region: "us-east" }, /target\.region must be a region such as "us-east-1"/],
    [{ name: "Churn" }, /target\.name must be at most 24 lowercase letters/],
    [{ name: "churn--eu" }, /target\.name must be/],
    [{ name: "c".repeat(25) }, /target\.name must be a text of at most 24/],
    [{ stage: "production-eu-1" }, /target\.stage must be/],
    [{ image: "churn:1" }, /target\.image must be an ECR image/],
    [{ image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn" }, /with a tag or a digest/],
    [{ image: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/churn:1" }, /is in eu-west-1; SageMaker only pulls images/],
    [{ role: "churn" }, /target\.role must be the ARN of a role/],
    [{ role: "arn:aws:iam::210987654321:role/churn" }, /is of account 210987654321, but the target is account 1234/],
    [{ bucket: "Churn" }, /target\.bucket must be/],
    [{ kmsKey: "alias/churn" }, /target\.kmsKey must be the ARN of a KMS key/],
    [{ kmsKey: "arn:aws:kms:eu-west-1:123456789012:key/1" }, /is in eu-west-1; a volume needs a key of its own region/],
    [{ vpc: { subnets: [], securityGroups: ["sg-1"] } }, /target\.vpc\.subnets must be a list of 1 to 16 ids/],
    [
      { vpc: { subnets: ["net-1"], securityGroups: ["sg-1"] } },
      /target\.vpc\.subnets\[0\] must be an id such as "subnet-/,
    ],
    [{ tags: { stage: "x" } }, /target\.tags must be tags whose keys/],
    [{ tags: { "aws:x": "x" } }, /target\.tags must be/],
    [{ bukket: "x" }, /unknown member "bukket"/],
  ])("refuses %j", (change, message) => {
    expect(() => parseAwsTarget({ ...awsTarget, ...change })).toThrow(message);
  });
});

describe("names of a target", () => {
  it("makes names, tags, ARNs and URIs", () => {
    expect(nameOf(awsTarget)).toBe("churn-dev");
    expect(nameOf(awsTarget, "v12")).toBe("churn-dev-v12");
    expect(sagemakerArn(awsTarget, "endpoint/churn-dev")).toBe(
      "arn:aws:sagemaker:us-east-1:123456789012:endpoint/churn-dev",
    );
    expect(sagemakerArn({ ...awsTarget, region: "cn-north-1" }, "x")).toMatch(/^arn:aws-cn:/);
    expect(tagsOf(securedTarget)).toEqual([
      { Key: "project", Value: "churn" },
      { Key: "stage", Value: "dev" },
      { Key: "team", Value: "retention" },
    ]);
    expect(uriOf(awsTarget, "models")).toBe("s3://churn-data/churn-dev/models");
  });

  it("refuses a name longer than 63 characters, and says how long it may be", () => {
    expect(nameOf(awsTarget, "x".repeat(53))).toHaveLength(63);
    expect(() => nameOf(awsTarget, "x".repeat(54))).toThrow(/at most 63.*at most 53 characters/);
    expect(() => nameOf(awsTarget, "a_b")).toThrow(/letters, digits and hyphens/);
  });
});
