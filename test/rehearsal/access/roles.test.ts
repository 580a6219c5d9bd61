import { expect, it } from "vitest";
import { permissionsOf } from "../../../src/rehearsal/access/permissions.js";

const place = { account: "123456789012", region: "us-east-1" };
const ignore = (): void => undefined;
const read = { Effect: "Allow", Action: ["s3:GetObject", "s3:List*"], Resource: "arn:aws:s3:::churn-data*" } as const;
const write = { Effect: "Allow", Action: "s3:PutObject", Resource: "*" } as const;

it("says what each role used, what it may do besides, and what nothing allows it, by the policies that a stack put", () => {
  const permissions = permissionsOf({ place, policies: undefined, onDenied: ignore, onNote: ignore });
  const iam = (operation: string, input: object): void =>
    permissions.admit("cloudformation", { service: "iam", operation, input: { RoleName: "monitor", ...input } });
  iam("CreateRole", {});
  for (const [PolicyName, Statement] of Object.entries({ read, write }))
    iam("PutRolePolicy", { PolicyName, PolicyDocument: JSON.stringify({ Statement }) });
  const s3 = (operation: string): void => permissions.admit("monitor", { service: "s3", operation, input: undefined });
  s3("GET /churn-data/captured/a.jsonl");
  s3("GET /churn-data/captured/b.jsonl");
  s3("GET /other-data/a.jsonl");
  expect(permissions.roles).toEqual([
    { role: "cloudformation", used: ["iam:CreateRole", "iam:PutRolePolicy"], unused: [], notAllowed: [] },
    // Allowed on one bucket, and used on another too.
    { role: "monitor", used: ["s3:GetObject"], unused: ["s3:List*", "s3:PutObject"], notAllowed: ["s3:GetObject"] },
  ]);
});
