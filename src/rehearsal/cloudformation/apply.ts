import { AwsError } from "../front/aws-error.js";
import type { Rehearsal } from "../rehearse.js";
import { changeTo, removeAll } from "./change.js";
import { resolved, type Standing, type StandingStack } from "./standing.js";
import { readTemplate, type Template } from "./template.js";
import { wireTo } from "./wire.js";

/** Settings of {@link applyTemplate}. */
export interface StackOptions {
  /** Name of the stack, which begins the names of what has none. Default `rehearsal`. */
  readonly name?: string;
  /** Values of the template's parameters that have no default. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** A stack in a rehearsal. */
export interface RehearsedStack {
  /** The ids that `Ref` gives, by the resources' ids in the template, in the order in which they were made. */
  readonly resources: () => Readonly<Record<string, string>>;
  readonly outputs: () => Readonly<Record<string, string>>;
  /**
   * Applies another template: makes, changes and removes what differs.
   *
   * @returns what was done, such as `update LoopTopic`.
   * @throws AwsError ValidationError if nothing differs, as CloudFormation does.
   */
  readonly update: (template: unknown) => Promise<readonly string[]>;
  /** Removes everything, except what is to be retained. */
  readonly remove: () => Promise<void>;
}

/**
 * Applies a template of CloudFormation in a rehearsal: each resource by its service's own call, after those that it refers to. If one
 * fails, what was made before is removed again.
 *
 * It is strict where it does not know better: an unknown type, function or property is an error that names it.
 *
 * @param template such as `Template.fromStack(stack).toJSON()` of the CDK.
 * @throws ChurnkitError OPTION_INVALID, PEER_MISSING; what a service answers.
 *
 * @example
 * ```ts
 * import { applyTemplate, rehearse } from "churnkit/rehearsal";
 *
 * const rehearsal = await rehearse();
 * const rule = { Name: "hourly", ScheduleExpression: "rate(1 hour)" };
 * const stack = await applyTemplate(rehearsal, { Resources: { Hourly: { Type: "AWS::Events::Rule", Properties: rule } } });
 * console.assert(stack.resources()["Hourly"] === "hourly");
 * await stack.remove();
 * await rehearsal.close();
 * ```
 */
export async function applyTemplate(
  rehearsal: Rehearsal,
  template: unknown,
  { name = "rehearsal", parameters = {} }: StackOptions = {},
): Promise<RehearsedStack> {
  const { account, region, url } = rehearsal;
  const standing = new Map<string, Standing>();
  const stack: StandingStack = { name, place: { account, region }, wire: wireTo(url, region), parameters, standing };
  let current: Template = { Resources: {}, Parameters: {}, Outputs: {} };
  const change = async (json: unknown): Promise<string[]> => {
    const next = readTemplate(json);
    const done = await changeTo(next, current, stack);
    current = next;
    return done;
  };
  await change(template);
  return {
    resources: () => Object.fromEntries([...standing].map(([id, { made }]) => [id, made.id])),
    outputs: () =>
      Object.fromEntries(
        Object.entries(current.Outputs).map(([id, { Value }]) => [id, String(resolved(Value, current, stack))]),
      ),
    async update(json) {
      const done = await change(json);
      if (done.length === 0) throw new AwsError("ValidationError", "No updates are to be performed.");
      return done;
    },
    remove: () => removeAll([...standing.keys()].reverse(), stack),
  };
}
