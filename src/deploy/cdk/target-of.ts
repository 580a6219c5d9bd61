import { Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { ChurnkitError } from "../../base/errors.js";
import { type AwsTarget, parseAwsTarget } from "../aws/target.js";

/**
 * Checks a target, and that it is where the stack will be.
 *
 * @throws ChurnkitError OPTION_INVALID.
 */
export function targetOf(scope: Construct, json: AwsTarget): AwsTarget {
  const target = parseAwsTarget(json);
  const { account, region } = Stack.of(scope);
  if (account === target.account && region === target.region) return target;
  throw new ChurnkitError(
    "OPTION_INVALID",
    `The stack of ${scope.node.path} is not in the target's account ${target.account} and region ${target.region}. Give it { env: { account: target.account, region: target.region } }.`,
    { where: { value: scope.node.path } },
  );
}
