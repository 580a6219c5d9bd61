import { CfnPermission } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import { parseJson } from "../../base/json/index.js";
import type { eventRules } from "../aws/watch/event-rules.js";
import { defined, idOf } from "./defined.js";
import { type References, referring } from "./references.js";

/** Event rules with what they call, and the permission to call it. */
export function makeRules(scope: Construct, rules: ReturnType<typeof eventRules>, references: References): void {
  for (const { PutRule, PutTargets, AddPermission } of rules) {
    const { EventPattern, ...when } = PutRule;
    // CloudFormation takes the pattern as JSON, not as a text.
    const pattern = EventPattern === undefined ? {} : { EventPattern: parseJson(EventPattern) };
    const properties = { ...when, ...pattern, Targets: PutTargets.Targets };
    const rule = defined(scope, idOf(PutRule.Name), "AWS::Events::Rule", properties, references);
    new CfnPermission(scope, `${idOf(PutRule.Name)}Permission`, {
      functionName: referring(AddPermission.FunctionName, references),
      action: AddPermission.Action,
      principal: AddPermission.Principal,
      sourceArn: rule.getAtt("Arn").toString(),
    });
  }
}
