import { Stack, Tags } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { type AwsTarget, tagsOf } from "../aws/target.js";

/** The stack of a scope's app in another region; made when it is first needed. */
export function stackIn(scope: Construct, target: AwsTarget, region: string): Stack {
  const here = Stack.of(scope);
  const parent = (here.node.scope ?? here) as Construct;
  const id = `${here.node.id}-${region}`;
  const known = parent.node.tryFindChild(id);
  if (known instanceof Stack) return known;
  const made = new Stack(parent, id, { env: { account: target.account, region } });
  for (const { Key, Value } of tagsOf(target)) Tags.of(made).add(Key, Value);
  return made;
}
