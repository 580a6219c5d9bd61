import { type App, Stack, Validations } from "aws-cdk-lib";
import { Topic } from "aws-cdk-lib/aws-sns";
import { AwsSolutionsChecks } from "cdk-nag";
import { beforeAll, describe, expect, it } from "vitest";
import { app as example } from "../../../examples/aws-pipeline/app.js";
import { cfnLint } from "../../helpers/cfn-lint.js";
import { devStack, prodStack, testApp } from "../../helpers/churn-stack.js";
import { type Template, templateValidator } from "../../helpers/cloudformation.js";
import { awsPython } from "../../helpers/moto.js";

const ready = await awsPython("cfn-lint of the stacks");

/** An app under cdk-nag, whose findings make its synthesis throw. */
function nagged(app: App): App {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return app;
}

/** Templates by their stacks; the example's stack has the name of another one. */
const templates: Record<string, Template> = {};
beforeAll(() => {
  const app = nagged(testApp());
  devStack(app);
  prodStack(app);
  for (const { stackName, template } of app.synth().stacks) templates[stackName] = template as Template;
  for (const { template } of nagged(example).synth({ force: true }).stacks) templates["example"] = template as Template;
}, 60_000);

/** A template with a resource of a type, one property of which is wrong. */
function planted(stack: string, type: string, fault: object): Template {
  const { Resources } = templates[stack] ?? { Resources: {} };
  const [id = "", resource] = Object.entries(Resources).find(([, { Type }]) => Type === type) ?? [];
  const Properties = { ...resource?.Properties, ...fault };
  return { Resources: { ...Resources, [id]: { Type: type, ...resource, Properties } } };
}

/** Said of our templates, and why that is right. */
const argued: Readonly<Record<string, string>> = {
  W3005: "the CDK names a role beside its policy, which only the policy needs",
  W9013: "a target names its account, and a stack of another one is refused",
};
const unargued = (found: readonly string[]): string[] =>
  found.filter((each) => !Object.keys(argued).some((rule) => each.includes(` ${rule} `)));

describe("checkers of the stacks of two stages and of the example", () => {
  it("cdk-nag finds nothing that is not argued", () => {
    expect(Object.keys(templates).sort()).toEqual([
      "churn-dev",
      "churn-prod",
      "churn-prod-eu-central-1",
      "churn-prod-us-east-1",
      "example",
    ]);
    const app = nagged(testApp());
    new Topic(new Stack(app, "planted"), "Topic");
    expect(() => app.synth()).toThrow(/AwsSolutions-SNS3/);
  }, 60_000);

  it("AWS's validator of templates finds nothing that is not argued", () => {
    const findings = templateValidator();
    for (const template of Object.values(templates)) expect(unargued(findings(template))).toEqual([]);
    expect(findings(planted("churn-dev", "AWS::CloudWatch::Alarm", { Treshold: 1 })).join()).toContain("Treshold");
  }, 120_000);

  it.skipIf(!ready)(
    "cfn-lint finds nothing that is not argued",
    () => {
      const faults = {
        queue: planted("churn-prod-eu-central-1", "AWS::S3::Bucket", { VersioningConfiguration: { Status: "On" } }),
      };
      const found = cfnLint({ ...templates, ...faults });
      expect(unargued(found.filter((each) => !each.startsWith("queue: ")))).toEqual([]);
      expect(found.filter((each) => each.startsWith("queue: ")).join()).toMatch(/Error E3030 .*Status/);
    },
    120_000,
  );
});
