import { type IPrincipal, PolicyDocument, Role } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { calls } from "../aws/access/calls.js";
import { policyFor } from "../aws/access/policy.js";
import type { AwsTarget } from "../aws/target.js";
import { argued } from "./argued.js";
import { type References, referring } from "./references.js";

/** Who may do what: the name of a role of {@link policyFor}. */
export type RoleName = Parameters<typeof policyFor>[0];

/** A role of the account with the least permissions that {@link policyFor} gives it. */
export function roleFor(
  scope: Construct,
  id: string,
  props: {
    readonly target: AwsTarget;
    readonly allowed: RoleName;
    readonly assumedBy: IPrincipal;
    readonly name: string;
    /** Default `/`. */
    readonly path?: string;
    readonly references: References;
    readonly namespace?: string | undefined;
    readonly group?: string | undefined;
  },
): Role {
  const { target, allowed, assumedBy, name, references, namespace, group, path = "/" } = props;
  const policy = policyFor(allowed, target, { namespace, group });
  const role = new Role(scope, id, {
    roleName: name,
    path,
    assumedBy,
    inlinePolicies: { [allowed]: PolicyDocument.fromJson(referring(policy, references)) },
  });
  argued(role, reasonsOf(policy.Statement));
  return role;
}

/** Why a policy's wildcards are no wider than they must be. */
function reasonsOf(statements: ReturnType<typeof policyFor>["Statement"]): Record<string, string> {
  const wide = statements.flatMap(({ Sid, Resource }) =>
    Resource.filter((arn) => arn.includes("*")).map((arn) => [
      `AwsSolutions-IAM5[Resource::${arn}]`,
      arn === "*" ? reasonFor(Sid) : "It ends where the target's name ends, or the target's tags decide.",
    ]),
  );
  return Object.fromEntries(wide) as Record<string, string>;
}

const reasonFor = (sid: string): string => {
  const { on } = (calls as Readonly<Record<string, { readonly on: unknown }>>)[sid] ?? {};
  return typeof on === "string" ? on : "These calls know no resource.";
};
