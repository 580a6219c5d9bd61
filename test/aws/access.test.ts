import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { calls } from "../../src/deploy/aws/access/calls.js";
import { policyFor } from "../../src/deploy/aws/index.js";
import { memoryStore } from "../../src/io/store/index.js";
import { arnLike } from "../../src/rehearsal/access/match.js";
import { fileTracker } from "../../src/tracking/index.js";
import { awsTarget, securedTarget } from "../helpers/aws-target.js";
import { retraining } from "../helpers/state-machines.js";

interface Action {
  /** Kinds of resources that a policy must allow. */
  readonly required: readonly string[];
  /** Pattern of the ARN of each kind of resource that the action knows. */
  readonly arns: Readonly<Record<string, string>>;
  readonly keys: readonly string[];
}
const { actions: known } = JSON.parse(
  readFileSync(resolve(import.meta.dirname, "golden/iam-actions.json"), "utf8"),
) as { actions: Readonly<Record<string, Action>> };

const roles = [
  "execution",
  "pipeline",
  "states",
  "jobs",
  "pipelines",
  "release",
  "ingestion",
  "validation",
  "evaluation",
  "monitor",
  "retrain",
  "approved",
  "tracking",
  "reader",
] as const;
type Statement = ReturnType<typeof policyFor>["Statement"][number];

/** Whether a text exists that fits both patterns, in which `*` stands for anything. */
function canMeet(a: string, b: string): boolean {
  if (a === "" || b === "") return /^\**$/.test(a + b);
  if (a.startsWith("*")) return canMeet(a.slice(1), b) || canMeet(a, b.slice(1));
  if (b.startsWith("*")) return canMeet(b, a);
  return a[0] === b[0] && canMeet(a.slice(1), b.slice(1));
}
/** Partition, service, region, account and resource. */
const partsOf = (arn: string): string[] => {
  const parts = arn.replace(/\$\{\w+\}/g, "*").split(":");
  return [...parts.slice(0, 5), parts.slice(5).join(":")];
};
const fits = (pattern: string, arn: string): boolean => {
  const parts = partsOf(arn);
  return partsOf(pattern).every((part, i) => canMeet(part, parts[i] ?? ""));
};
/** The page lists both kinds as required, but a call is about one of them. */
const alternatives = ["sagemaker:BatchPutMetrics", "states:DescribeExecution", "states:ListExecutions"];
const hasKey = ({ keys }: Action, key: string): boolean =>
  keys.some((each) => (each.includes("${") ? key.startsWith(each.slice(0, each.indexOf("${"))) : each === key));

/** What IAM would never match, or match too widely. */
function problems(statements: readonly Statement[]): string[] {
  const sids = statements.map(({ Sid }) => Sid);
  return [
    ...(new Set(sids).size < sids.length ? ["a Sid occurs two times"] : []),
    ...statements.flatMap(({ Sid, Action, Resource, Condition = {} }) => {
      const used = new Set<string>();
      const keys = Object.values(Condition).flatMap((each) => Object.keys(each));
      const found = Action.flatMap((name) => {
        const action = known[name];
        if (action === undefined) return [`${name} is no action`];
        if (Resource.includes("*"))
          return action.required.length === 0 ? [] : [`${name} has resources, but is allowed on *`];
        const kinds = Object.entries(action.arns).filter(([, arn]) => {
          const fitting = Resource.filter((each) => fits(arn, each));
          for (const each of fitting) used.add(each);
          return fitting.length > 0;
        });
        const lacking = alternatives.includes(name)
          ? []
          : action.required.filter((kind) => !kinds.some(([each]) => each === kind));
        return [
          ...lacking.map((kind) => `${name} lacks a ${kind}`),
          ...(kinds.length === 0 ? [`${name} fits none of the resources`] : []),
          ...keys.filter((key) => !hasKey(action, key)).map((key) => `${name} knows no ${key}`),
        ];
      });
      // AWS's older pages name the group beside the package.
      const idle = Resource.filter(
        (each) => each !== "*" && !used.has(each) && !each.includes(":model-package-group/"),
      );
      return [...found, ...idle.map((each) => `no action uses ${each}`)].map((problem) => `${Sid}: ${problem}`);
    }),
  ];
}

describe.each(roles)("the policy of %s", (role) => {
  it.each([
    ["a target", awsTarget],
    ["a target with keys and a network", securedTarget],
  ])("has only what IAM understands, for %s", (_, target) => {
    expect(problems(policyFor(role, target).Statement)).toEqual([]);
  });

  it("fits into IAM, and is what it was", async () => {
    const policy = policyFor(role, securedTarget);
    // A managed policy has at most so many characters, white space aside.
    expect(JSON.stringify(policy).length).toBeLessThanOrEqual(6144);
    await expect(`${JSON.stringify(policy, null, 1)}\n`).toMatchFileSnapshot(`golden/policy-${role}.json`);
  });

  it("allows everything only where the table says why", () => {
    for (const { Sid, Resource } of policyFor(role, securedTarget).Statement) {
      if (!Resource.includes("*")) continue;
      const row = (calls as Readonly<Record<string, { on: unknown }>>)[Sid];
      expect(typeof row?.on, Sid).toBe("string");
    }
  });

  it("names nothing of another target", () => {
    const own = JSON.stringify(policyFor(role, awsTarget));
    const other = JSON.stringify(policyFor(role, { ...awsTarget, name: "fraud", bucket: "fraud-data" }));
    expect(other).not.toContain("churn-dev");
    expect(own).not.toEqual(other);
  });
});

describe("the table", () => {
  it("gives PassRole for one role to one service only", () => {
    const passing = roles.flatMap((role) =>
      policyFor(role, awsTarget).Statement.filter(({ Action }) => Action.some((name) => name.startsWith("iam:"))),
    );
    expect(passing).toHaveLength(6);
    const pipelineRole = "arn:aws:iam::123456789012:role/churn-dev-pipeline";
    for (const { Sid, Resource, Condition } of passing) {
      expect(Resource).toEqual([Sid === "PassPipelineRole" ? pipelineRole : awsTarget.role]);
      expect(Condition).toEqual({ StringEquals: { "iam:PassedToService": "sagemaker.amazonaws.com" } });
    }
  });

  it("lets Step Functions make its own rules, and no others", () => {
    const { Resource = [] } = policyFor("states", awsTarget).Statement.find(({ Sid }) => Sid === "ManageRules") ?? {};
    expect(Resource).toHaveLength(4);
    for (const arn of Resource) expect(arn).toMatch(/rule\/StepFunctionsGetEventsForSageMaker\w+JobsRule$/);
  });

  it("allows a state machine each call that its tasks make", () => {
    const allowed = policyFor("states", awsTarget).Statement.flatMap(({ Action }) => Action);
    const called = Object.values(retraining().States).flatMap((state) => {
      if (state.Type !== "Task") return [];
      const [, service = "", operation = ""] = /:::(?:aws-sdk:)?(\w+):(\w+)/.exec(state.Resource) ?? [];
      // The action of Lambda's operation has another name.
      const name = operation === "invoke" ? "invokeFunction" : operation;
      return `${service}:${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    });
    expect(called).toContain("sagemaker:CreateTrainingJob");
    expect(called.filter((name) => !allowed.includes(name))).toEqual([]);
  });

  it("lets a tracker show runs by the ids that it gives them, and change no other trial", async () => {
    const run = fileTracker(memoryStore()).start();
    await run.end();
    const { Resource = [] } = policyFor("tracking", awsTarget).Statement.find(({ Sid }) => Sid === "TrackRuns") ?? {};
    const allowed = (thing: string): boolean =>
      Resource.some((arn) => arnLike(arn)(`arn:aws:sagemaker:us-east-1:123456789012:${thing}`));
    for (const kind of ["experiment-trial", "experiment-trial-component"])
      expect([run.id, "churn-dev", "churn-job-aws-training-job"].map((id) => allowed(`${kind}/${id}`))).toEqual([
        true,
        false,
        false,
      ]);
    expect(["churn-dev", "churn-dev-tuning", "churn"].map((name) => allowed(`experiment/${name}`))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("asks for tags that every request of a job has", () => {
    const { Condition = {} } = policyFor("states", awsTarget).Statement.find(({ Sid }) => Sid === "CreateByTags") ?? {};
    const asked = Object.entries(Condition["StringEquals"] ?? {}).map(([key, Value]) => ({
      Key: key.replace("aws:RequestTag/", ""),
      Value,
    }));
    expect(asked).toHaveLength(2);
    for (const state of Object.values(retraining().States))
      if (state.Type === "Task" && /create\w+Job/.test(state.Resource))
        expect((state.Parameters as { Tags?: unknown }).Tags).toEqual(expect.arrayContaining(asked));
  });

  it("reads groups, namespaces and partitions", () => {
    const options = { group: "models", namespace: "Churn/Dev" };
    const reader = JSON.stringify(policyFor("reader", awsTarget, options));
    expect(reader).toContain("model-package/models/*");
    expect(JSON.stringify(policyFor("monitor", awsTarget, options))).toContain('"cloudwatch:namespace":"Churn/Dev"');
    const china = {
      ...awsTarget,
      region: "cn-north-1",
      image: "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/churn:1",
      role: "arn:aws-cn:iam::123456789012:role/churn",
    };
    for (const role of roles) expect(JSON.stringify(policyFor(role, china))).not.toContain("arn:aws:");
  });

  it("refuses what it does not know", () => {
    expect(() => policyFor("admin" as "reader", awsTarget)).toThrow(/role must be one of/);
    expect(() => policyFor("reader", awsTarget, { grup: "x" } as object)).toThrow(/unknown member "grup"/);
  });

  const [pull] = policyFor("execution", awsTarget).Statement.filter(({ Sid }) => Sid === "PullImage");
  it.each([
    ["a misspelled action", { Action: ["ecr:BatchGetImages"] }, "is no action"],
    ["a resource of another kind", { Resource: ["arn:aws:s3:::churn-data/*"] }, "lacks a repository"],
    ["a needless wildcard", { Resource: ["*"] }, "but is allowed on *"],
    [
      "a condition that never holds",
      { Condition: { StringEquals: { "iam:PassedToService": "x" } } },
      "knows no iam:PassedToService",
    ],
    ["an idle resource", { Resource: [...(pull?.Resource ?? []), "arn:aws:s3:::x"] }, "no action uses arn:aws:s3:::x"],
  ])("planted fault: %s", (_, fault, problem) => {
    if (pull === undefined) throw new Error("PullImage is not in the policy");
    expect(problems([{ ...pull, ...fault }]).join()).toContain(problem);
  });
});
