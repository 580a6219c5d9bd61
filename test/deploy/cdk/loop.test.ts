import { Stack } from "aws-cdk-lib";
import { Template as Assertions } from "aws-cdk-lib/assertions";
import { Topic } from "aws-cdk-lib/aws-sns";
import { beforeAll, describe, expect, it } from "vitest";
import { checkStateMachine, policyFor, type StateMachine } from "../../../src/deploy/aws/index.js";
import { ChurnStorage, ChurnWatch } from "../../../src/deploy/cdk/index.js";
import { devStack, devTarget, prodStack, prodTarget, testApp } from "../../helpers/churn-stack.js";
import { statementsOf, type Template } from "../../helpers/cloudformation.js";
import { validator } from "../../helpers/state-machines.js";

const templates: Record<string, Template> = {};
beforeAll(() => {
  const app = testApp();
  devStack(app);
  prodStack(app);
  for (const { stackName, template } of app.synth().stacks) templates[stackName] = template as Template;
}, 60_000);

const stacks = ["churn-dev", "churn-prod", "churn-prod-eu-central-1", "churn-prod-us-east-1"];
const templateOf = (stack: string): Template => templates[stack] ?? { Resources: {} };
const ofType = (stack: string, type: string) =>
  Object.values(templateOf(stack).Resources).filter(({ Type }) => Type === type);
const list = (value: unknown): readonly string[] => [value].flat() as string[];

describe("the stacks of two stages", () => {
  it("hold the resources that they always held", async () => {
    expect(Object.keys(templates).sort()).toEqual([...stacks].sort());
    const names = Object.entries(templates).map(([stack, { Resources }]) => [
      stack,
      Object.entries(Resources)
        .map(([id, { Type }]) => `${Type} ${id}`)
        .sort(),
    ]);
    await expect(`${JSON.stringify(Object.fromEntries(names), null, 1)}\n`).toMatchFileSnapshot(
      "../../aws/golden/cdk-resources.json",
    );
  });

  it("leave models, configurations and endpoints to releases, and jobs to pipelines", () => {
    const types = Object.values(templates).flatMap(({ Resources }) => Object.values(Resources).map(({ Type }) => Type));
    const sagemaker = types.filter((type) => type.startsWith("AWS::SageMaker::"));
    expect([...new Set(sagemaker)].sort()).toEqual(["AWS::SageMaker::ModelPackageGroup", "AWS::SageMaker::Pipeline"]);
    expect(types.filter((type) => type.startsWith("Custom::"))).toEqual([]);
  });

  it("keep what holds data, unless the stage says otherwise", () => {
    const kept = (stack: string) =>
      ["AWS::S3::Bucket", "AWS::KMS::Key"].flatMap((type) => ofType(stack, type).map((each) => each.DeletionPolicy));
    expect(new Set(kept("churn-prod"))).toEqual(new Set(["Retain"]));
    expect(new Set(kept("churn-dev"))).toEqual(new Set(["Delete"]));
  });

  it("have the tags of their target on everything that can bear them", () => {
    for (const { Type, Properties } of Object.values(templateOf("churn-prod").Resources)) {
      if (Array.isArray(Properties["Tags"]))
        expect(Properties["Tags"], Type).toEqual(
          expect.arrayContaining([
            { Key: "project", Value: "churn" },
            { Key: "stage", Value: "prod" },
            { Key: "team", Value: "retention" },
          ]),
        );
    }
  });
});

describe("a bucket", () => {
  it("is encrypted, versioned, closed, and tells EventBridge", () => {
    const [data] = ofType("churn-prod", "AWS::S3::Bucket").filter(
      ({ Properties }) => Properties["BucketName"] === "churn-prod-data",
    );
    expect(data?.Properties).toMatchObject({
      BucketEncryption: { ServerSideEncryptionConfiguration: [{ BucketKeyEnabled: true }] },
      VersioningConfiguration: { Status: "Enabled" },
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
      LoggingConfiguration: { LogFilePrefix: "access/" },
      ReplicationConfiguration: {
        Rules: [
          {
            Destination: {
              Bucket: { "Fn::Join": ["", expect.arrayContaining([":s3:::churn-prod-data-eu-central-1"])] },
            },
          },
        ],
      },
    });
    const [replica] = ofType("churn-prod-eu-central-1", "AWS::S3::Bucket");
    // An erased customer must not live on in old versions there.
    expect(replica?.Properties["LifecycleConfiguration"]).toEqual(data?.Properties["LifecycleConfiguration"]);
    for (const stack of stacks)
      for (const { Properties } of ofType(stack, "AWS::S3::Bucket"))
        expect(Properties["PublicAccessBlockConfiguration"]).toEqual({
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        });
  });

  it.each(["S3", "SNS", "SQS"])("of %s and the like refuse requests without TLS", (service) => {
    const [resource = "", policy = ""] = {
      S3: ["AWS::S3::Bucket", "AWS::S3::BucketPolicy"],
      SNS: ["AWS::SNS::Topic", "AWS::SNS::TopicPolicy"],
      SQS: ["AWS::SQS::Queue", "AWS::SQS::QueuePolicy"],
    }[service] as string[];
    const policies = ofType("churn-prod", policy);
    expect(policies).toHaveLength(ofType("churn-prod", resource).length);
    for (const { Properties } of policies)
      expect(JSON.stringify(Properties)).toContain(
        '"Condition":{"Bool":{"aws:SecureTransport":"false"}},"Effect":"Deny"',
      );
  });
});

describe("permissions", () => {
  const own = ["execution", "ingestion", "validation", "evaluation", "retrain", "monitor", "approved"] as const;

  it.each([...own, "states"] as const)("of %s are those of policyFor, and what its service needs", (role) => {
    const id = Object.keys(templateOf("churn-dev").Resources).find(
      (each) =>
        templateOf("churn-dev").Resources[each]?.Properties["RoleName"] ===
        (role === "execution" ? "churn-dev-execution" : `churn-dev-${role}`),
    );
    const statements = statementsOf(templateOf("churn-dev")).get(id ?? "") ?? [];
    const key = "arn:aws:kms:us-east-1:123456789012:key/own";
    const policy = policyFor(role, { ...devTarget, kmsKey: key }).Statement;
    const sids = statements.flatMap(({ Sid }) => Sid ?? []);
    expect(sids.sort()).toEqual(policy.map(({ Sid }) => Sid).sort());
    const added = statements.filter(({ Sid }) => Sid === undefined).flatMap(({ Action }) => list(Action));
    const needed = {
      execution: [],
      states: ["kms:GenerateDataKey", "logs:", "xray:"],
    }[role as string] ?? ["sqs:SendMessage", "xray:"];
    expect(added.filter((action) => !needed.some((each) => action.startsWith(each)))).toEqual([]);
  });

  it("never allow all actions, nor all resources of a call that knows some", () => {
    const open = ["xray:", "logs:", "cloudwatch:PutMetricData", "ecr:GetAuthorizationToken", "sts:", "ec2:"];
    const describing = /^(cloudwatch:GetMetricData|application-autoscaling:Describe\w+|sagemaker:List\w+)$/;
    for (const stack of stacks)
      for (const statement of [...statementsOf(templateOf(stack)).values()].flat()) {
        expect(list(statement.Action).filter((action) => action.includes("*"))).toEqual([]);
        if (list(statement.Resource).includes("*"))
          expect(
            list(statement.Action).filter(
              (action) => !describing.test(action) && !open.some((each) => action.startsWith(each)),
            ),
          ).toEqual([]);
      }
  });

  it("let no role be taken on by another service than its own", () => {
    for (const { Properties } of ofType("churn-prod", "AWS::IAM::Role")) {
      const trust = JSON.stringify(Properties["AssumeRolePolicyDocument"]);
      expect(trust.match(/[a-z0-9]+\.amazonaws\.com/g), String(Properties["RoleName"])).toHaveLength(1);
    }
  });
});

describe("the functions", () => {
  it("have a dead-letter queue, a log that ends, an alarm, and know the target", () => {
    const functions = ofType("churn-dev", "AWS::Lambda::Function");
    expect(functions.map(({ Properties }) => Properties["Handler"]).sort()).toEqual(
      ["approved", "evaluation", "ingestion", "monitor", "retrain", "validation"].map((name) => `index.${name}`),
    );
    const logs = ofType("churn-dev", "AWS::Logs::LogGroup");
    expect(logs.every(({ Properties }) => Properties["RetentionInDays"] === 30 && Properties["KmsKeyId"])).toBe(true);
    const alarms = ofType("churn-dev", "AWS::CloudWatch::Alarm").map(({ Properties }) => Properties["AlarmName"]);
    for (const { Properties } of functions) {
      const name = String(Properties["FunctionName"]);
      expect(Properties).toMatchObject({ DeadLetterConfig: {}, TracingConfig: { Mode: "Active" } });
      expect(JSON.stringify(Properties["Environment"])).toContain('\\"stage\\":\\"dev\\"');
      expect(logs.some((log) => log.Properties["LogGroupName"] === `/aws/lambda/${name}`)).toBe(true);
      expect(alarms).toContain(`${name}-errors`);
    }
  });

  it("are called by rules that have a dead-letter queue and the permission", () => {
    const rules = ofType("churn-dev", "AWS::Events::Rule");
    expect(rules.map(({ Properties }) => Properties["Name"]).sort()).toEqual(
      ["approved", "arrived", "monitor", "reconcile", "retrain"].map((name) => `churn-dev-${name}`),
    );
    for (const { Properties } of rules)
      expect(Properties["Targets"]).toEqual([
        expect.objectContaining({ DeadLetterConfig: expect.anything() as unknown }),
      ]);
    expect(ofType("churn-dev", "AWS::Lambda::Permission")).toHaveLength(4);
    const off = Assertions.fromStack(devStack(testApp(), { automation: false }));
    off.resourcePropertiesCountIs("AWS::Events::Rule", { State: "DISABLED" }, 5);
  });
});

describe("the state machine", () => {
  it("is the text of the definition, with names in the place of ARNs", () => {
    const [machine] = ofType("churn-dev", "AWS::StepFunctions::StateMachine");
    const text = machine?.Properties["DefinitionString"];
    expect(text).toBeTypeOf("string");
    const names = Object.keys(machine?.Properties["DefinitionSubstitutions"] as object).sort();
    expect(names).toEqual([
      "IamRoleChurnDevExecution",
      "KmsKeyOwn",
      "LambdaFunctionChurnDevEvaluation",
      "LambdaFunctionChurnDevValidation",
      "SnsChurnDev",
    ]);
    for (const name of names) expect(text).toContain(`"\${${name}}"`);
    const definition = JSON.parse(String(text)) as StateMachine;
    expect(() => checkStateMachine(definition)).not.toThrow();
    expect(validator(definition)).toEqual([]);
    expect(machine?.Properties).toMatchObject({
      TracingConfiguration: { Enabled: true },
      LoggingConfiguration: { Level: "ALL", IncludeExecutionData: true },
    });
  });
});

describe("a release", () => {
  const named = (stack: string, type: string, property: string, name: string) =>
    ofType(stack, type).find(({ Properties }) => Properties[property] === name);

  it("is made where the stage asks for it: a machine, and the function that it calls", () => {
    expect(named("churn-dev", "AWS::Lambda::Function", "FunctionName", "churn-dev-release-step")).toBeUndefined();
    expect(ofType("churn-dev", "AWS::StepFunctions::StateMachine")).toHaveLength(1);
    const step = named("churn-prod", "AWS::Lambda::Function", "FunctionName", "churn-prod-release-step");
    expect(step?.Properties).toMatchObject({ Handler: "index.releaseStep", DeadLetterConfig: {} });
    const machine = named("churn-prod", "AWS::StepFunctions::StateMachine", "StateMachineName", "churn-prod-release");
    const definition = JSON.parse(String(machine?.Properties["DefinitionString"])) as StateMachine;
    expect(() => checkStateMachine(definition)).not.toThrow();
    expect(validator(definition)).toEqual([]);
    expect(Object.keys(machine?.Properties["DefinitionSubstitutions"] as object).sort()).toEqual([
      "LambdaFunctionChurnProdReleaseStep",
      "SnsChurnProd",
    ]);
    expect(definition.States["Step"]).toMatchObject({
      Parameters: { FunctionName: "${LambdaFunctionChurnProdReleaseStep}" },
    });
  });

  it("steps with the permissions of a release, and no more", () => {
    const { Resources } = templateOf("churn-prod");
    const [id = ""] =
      Object.entries(Resources).find(([, each]) => each.Properties["RoleName"] === "churn-prod-release-step") ?? [];
    const statements = statementsOf(templateOf("churn-prod")).get(id) ?? [];
    const kmsKey = "arn:aws:kms:eu-west-1:210987654321:key/own";
    const policy = policyFor("release", { ...prodTarget, kmsKey }).Statement;
    expect(statements.flatMap(({ Sid }) => Sid ?? []).sort()).toEqual(policy.map(({ Sid }) => Sid).sort());
    const added = statements.filter(({ Sid }) => Sid === undefined).flatMap(({ Action }) => list(Action));
    expect(added.filter((action) => !/^(sqs:SendMessage|xray:)/.test(action))).toEqual([]);
  });
});

describe("a stage", () => {
  it("in another region has its cost alarm in us-east-1, and its copies where it says", () => {
    const [alarm] = ofType("churn-prod-us-east-1", "AWS::CloudWatch::Alarm");
    expect(JSON.stringify(alarm?.Properties)).toContain('"EstimatedCharges"');
    expect(ofType("churn-prod-eu-central-1", "AWS::S3::Bucket")).toHaveLength(1);
  });

  it("keeps its template when the target is given the key that the stack made", () => {
    const [before, after] = [{}, { kmsKey: "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d" }].map((key) => {
      const stack = devStack(testApp(), { target: { ...devTarget, ...key } });
      return JSON.stringify(Assertions.fromStack(stack).toJSON()).replaceAll(/KmsKey\w+/g, "KmsKey");
    });
    expect(after).toBe(before);
  });

  it("is refused in a stack of another account or region", () => {
    const stack = new Stack(testApp(), "other", { env: { account: "111111111111", region: "us-east-1" } });
    expect(() => new ChurnStorage(stack, "Storage", { target: devTarget })).toThrow(/not in the target's account/);
    expect(() => new ChurnStorage(new Stack(testApp(), "any"), "Storage", { target: devTarget })).toThrow(/env/);
  });

  it("can take its watch alone, without a budget, dashboards' costs or scaling", () => {
    const { account, region } = devTarget;
    const stack = new Stack(testApp(), "watch", { env: { account, region } });
    new ChurnWatch(stack, "Watch", {
      target: devTarget,
      endpoint: { model: "churn" },
      topic: new Topic(stack, "Topic"),
    });
    const template = Assertions.fromStack(stack);
    template.resourceCountIs("AWS::CloudWatch::CompositeAlarm", 1);
    template.resourceCountIs("AWS::Budgets::Budget", 0);
    template.allResourcesProperties("AWS::CloudWatch::CompositeAlarm", { AlarmActions: [{ Ref: "TopicBFC7AF6E" }] });
  });
});
