import { type IRole, type Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { DefinitionBody, LogLevel, StateMachine } from "aws-cdk-lib/aws-stepfunctions";
import type { Construct } from "constructs";
import type { StateMachine as Definition } from "../aws/states/definition.js";
import { type AwsTarget, arnOf, nameOf } from "../aws/target.js";
import { argued } from "./argued.js";
import { idOf } from "./defined.js";
import { logOf, type LogOptions } from "./logs.js";
import type { References } from "./references.js";
import { roleFor } from "./roles.js";

/** ARN of the state machine of a retraining before it is made. */
export const machineArn = (target: AwsTarget): string =>
  arnOf(target, "states", `stateMachine:${nameOf(target, "retraining")}`);

export interface MachineProps {
  readonly target: AwsTarget;
  /** The end of its name. */
  readonly name: string;
  readonly role: IRole;
  readonly references: References;
  readonly definition: Definition;
  readonly logs: LogOptions;
}

/** The role of a loop's state machines. */
export function machinesRole(
  scope: Construct,
  props: {
    readonly target: AwsTarget;
    readonly key: IKey;
    readonly references: References;
    readonly group: string | undefined;
  },
): Role {
  const { key, ...rest } = props;
  const role = roleFor(scope, "MachineRole", {
    ...rest,
    allowed: "states",
    assumedBy: new ServicePrincipal("states.amazonaws.com"),
    name: nameOf(props.target, "states"),
  });
  // Of the topic's messages.
  key.grant(role, "kms:GenerateDataKey");
  argued(role, { "AwsSolutions-IAM5[Resource::*]": "The delivery of logs, and X-Ray, know no resource." });
  return role;
}

/**
 * A state machine with its log. The template holds the very text of the definition, with `${...}` in the place of each ARN of the stack, so
 * that it can be read, compared and checked.
 */
export function machineOf(scope: Construct, id: string, props: MachineProps): StateMachine {
  const { target, name, role, references, definition } = props;
  const stateMachineName = nameOf(target, name);
  const { text, substitutions } = withPlaceholders(JSON.stringify(definition), references);
  return new StateMachine(scope, id, {
    stateMachineName,
    role,
    definitionBody: DefinitionBody.fromString(text),
    definitionSubstitutions: substitutions,
    tracingEnabled: true,
    logs: {
      destination: logOf(scope, `${id}Logs`, `/aws/vendedlogs/states/${stateMachineName}`, props.logs),
      level: LogLevel.ALL,
      includeExecutionData: true,
    },
  });
}

/** A text with `${Name}` in the place of each ARN that stands in it as a whole text, and what each stands for. */
function withPlaceholders(
  text: string,
  references: References,
): { readonly text: string; readonly substitutions: Record<string, string> } {
  const used = Object.entries(references).filter(([arn]) => text.includes(`"${arn}"`));
  const named = used.map(([arn, token]) => {
    const [, , service = "", , , ...resource] = arn.split(":");
    return { arn, token, name: idOf([service, ...resource].join("-")) };
  });
  return {
    text: named.reduce((rest, { arn, name }) => rest.replaceAll(`"${arn}"`, `"\${${name}}"`), text),
    substitutions: Object.fromEntries(named.map(({ name, token }) => [name, token])),
  };
}
