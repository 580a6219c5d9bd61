import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { actsOf } from "../../../src/rehearsal/access/acts.js";
import { arnLike } from "../../../src/rehearsal/access/match.js";

const { actions: known } = JSON.parse(
  readFileSync(resolve(import.meta.dirname, "../../aws/golden/iam-actions.json"), "utf8"),
) as { actions: Readonly<Record<string, { readonly arns: Readonly<Record<string, string>> }>> };

const place = { account: "123456789012", region: "us-east-1" };
const acts = (
  service: string,
  operation: string,
  input: object = {},
  tags = new Map<string, Record<string, string>>(),
) => actsOf({ service, operation, input }, place, tags);
const brief = (...asked: Parameters<typeof acts>): string[] =>
  acts(...asked).map(
    ({ action, resource }) => `${action} ${resource.replace("arn:aws:", "").replace(":us-east-1:123456789012:", "::")}`,
  );

/** An input with every name that an operation could be about. */
const everything = {
  ...Object.fromEntries(
    [
      ...["TrainingJob", "ProcessingJob", "TransformJob", "HyperParameterTuningJob", "Model", "Pipeline"],
      ...["Endpoint", "EndpointConfig", "ModelPackage", "ModelPackageGroup", "Dashboard", "Function"],
      ...["Experiment", "Trial", "TrialComponent"],
    ].map((kind) => [`${kind}Name`, "churn"]),
  ),
  PipelineExecutionArn: "arn:aws:sagemaker:us-east-1:123456789012:pipeline/churn/execution/1",
  ResourceArn: "arn:aws:sagemaker:us-east-1:123456789012:model/churn",
  ResourceId: "endpoint/churn/variant/a",
  AlarmNames: ["churn"],
  ResourceARN: "arn:aws:cloudwatch:us-east-1:123456789012:alarm:churn",
  KeyId: "0a1b",
  logGroupName: "/aws/lambda/churn",
  logStreamName: "1",
  repositoryName: "churn",
  stateMachineArn: "arn:aws:states:us-east-1:123456789012:stateMachine:churn",
  executionArn: "arn:aws:states:us-east-1:123456789012:execution:churn:1",
  TopicArn: "arn:aws:sns:us-east-1:123456789012:churn",
  QueueUrl: "http://sqs/123456789012/churn",
  Name: "churn",
};

describe("the resources of actions", () => {
  const ours = Object.entries(known).filter(([action]) => !/^(s3|ec2|iam):|^sts:/.test(action));
  it.each(ours)("%s: as in AWS's Service Authorization Reference", (action, { arns }) => {
    const [service = "", operation = ""] = action.split(":");
    const made = acts(service, operation, everything);
    expect(made[0]?.action).toBe(action);
    const patterns = Object.entries(arns)
      .filter(([kind]) => kind !== "dataset")
      .map(([, arn]) => arnLike(arn.replace("${Partition}", "aws").replace(/\$\{\w+\}/g, "*")));
    for (const { resource } of made)
      if (patterns.length === 0) expect(resource).toBe("*");
      else
        expect(
          patterns.some((fits) => fits(resource)),
          resource,
        ).toBe(true);
  });

  it.each([
    ["GET", "/b/a/key%20x", "s3:GetObject", "/a/key x"],
    ["HEAD", "/b/key", "s3:GetObject", "/key"],
    ["PUT", "/b/key?partNumber=1&uploadId=u", "s3:PutObject", "/key"],
    ["POST", "/b/key?uploads", "s3:PutObject", "/key"],
    ["GET", "/b/key?uploadId=u", "s3:ListMultipartUploadParts", "/key"],
    ["DELETE", "/b/key?uploadId=u", "s3:AbortMultipartUpload", "/key"],
    ["DELETE", "/b/key", "s3:DeleteObject", "/key"],
    ["GET", "/b/key?versionId=v&x-id=GetObject", "s3:GetObjectVersion", "/key"],
    ["DELETE", "/b/key?versionId=v", "s3:DeleteObjectVersion", "/key"],
    ["POST", "/b?delete", "s3:DeleteObject", "/*"],
    ["GET", "/b?list-type=2&prefix=a%2F", "s3:ListBucket", ""],
    ["HEAD", "/b", "s3:ListBucket", ""],
    ["PUT", "/b", "s3:CreateBucket", ""],
    ["GET", "/b?location", "s3:GetBucketLocation", ""],
  ])("%s %s is %s", (method, url, action, path) =>
    expect(acts("s3", `${method} ${url}`)).toMatchObject([{ action, resource: `arn:aws:s3:::b${path}` }]),
  );

  it("a list of objects says its prefix", () =>
    expect(acts("s3", "GET /b?list-type=2&prefix=a%2F")[0]?.context).toEqual({ "s3:prefix": ["a/"] }));

  it("everybody may ask who they are", () => expect(acts("sts", "GetCallerIdentity")).toEqual([]));

  it("some services have another name in their actions, and some operations", () => {
    expect(brief("lambda", "Invoke", { FunctionName: "f" })).toEqual(["lambda:InvokeFunction lambda::function:f"]);
    expect(brief("monitoring", "PutMetricData", { Namespace: "Churnkit" })).toEqual(["cloudwatch:PutMetricData *"]);
    expect(acts("monitoring", "PutMetricData", { Namespace: "Churnkit" })[0]?.context).toEqual({
      "cloudwatch:namespace": ["Churnkit"],
    });
  });
});

describe("what a call needs besides its own action", () => {
  const Tags = [
    { Key: "project", Value: "churn" },
    { Key: "stage", Value: "dev" },
  ];
  const RoleArn = "arn:aws:iam::123456789012:role/churn";

  it("is passing a role, and tagging what it makes", () => {
    const made = acts("sagemaker", "CreateTrainingJob", { TrainingJobName: "a", RoleArn, Tags });
    expect(made.map(({ action }) => action)).toEqual([
      "sagemaker:CreateTrainingJob",
      "sagemaker:AddTags",
      "iam:PassRole",
    ]);
    expect(made[0]?.context).toEqual({
      "aws:requesttag/project": ["churn"],
      "aws:requesttag/stage": ["dev"],
      "aws:tagkeys": ["project", "stage"],
    });
    expect(made[1]?.context["sagemaker:taggingaction"]).toEqual(["CreateTrainingJob"]);
    expect(made[2]).toMatchObject({
      resource: RoleArn,
      context: { "iam:passedtoservice": ["sagemaker.amazonaws.com"] },
    });
  });

  it("finds roles of any member, and of lists", () => {
    const Targets = [
      { Id: "1", Arn: "a", RoleArn },
      { Id: "2", Arn: "b", RoleArn },
    ];
    expect(brief("events", "PutTargets", { Rule: "r", Targets })).toEqual([
      "events:PutTargets events::rule/r",
      "iam:PassRole iam::123456789012:role/churn",
    ]);
    expect(brief("lambda", "CreateFunction", { FunctionName: "f", Role: RoleArn })[1]).toMatch(/^iam:PassRole/);
    expect(brief("sagemaker", "CreateModel", { ModelName: "m", ExecutionRoleArn: RoleArn })[1]).toMatch(
      /^iam:PassRole/,
    );
    expect(brief("sts", "AssumeRole", { RoleArn })).toEqual(["sts:AssumeRole *"]);
  });

  it("knows the tags of what is there", () => {
    const tags = new Map([["arn:aws:sagemaker:us-east-1:123456789012:model/m", { project: "churn" }]]);
    expect(acts("sagemaker", "DescribeModel", { ModelName: "m" }, tags)[0]?.context).toEqual({
      "aws:resourcetag/project": ["churn"],
    });
  });
});
