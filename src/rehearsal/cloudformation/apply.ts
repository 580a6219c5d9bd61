import { AwsError } from "../front/aws-error.js";
import type { Rehearsal } from "../rehearse.js";
import { arnOf } from "../place.js";
import { accessKinds } from "./kinds/access.js";
import { bucketKinds } from "./kinds/buckets.js";
import type { Kind, Made, Surroundings } from "./kinds/kind.js";
import { messageKinds } from "./kinds/messages.js";
import { runningKinds } from "./kinds/running.js";
import { watchingKinds } from "./kinds/watching.js";
import { Properties } from "./properties.js";
import { inOrder, readTemplate, type Template, unapplied } from "./template.js";
import { valueOf } from "./values.js";
import { wireTo } from "./wire.js";

const kinds: Readonly<Record<string, Kind>> = {
  ...accessKinds,
  ...bucketKinds,
  ...messageKinds,
  ...runningKinds,
  ...watchingKinds,
};

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

/** A resource of the stack. */
interface Standing {
  readonly type: string;
  readonly made: Made;
  /** With all references in place. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly isRetained: boolean;
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
  const { account, region } = rehearsal;
  const standing = new Map<string, Standing>();
  const wire = wireTo(rehearsal.url, region);
  let current: Template = { Resources: {}, Parameters: {}, Outputs: {} };

  const surroundingsOf = (logical: string): Surroundings => ({
    wire,
    account,
    region,
    stack: name,
    logical,
    arn: (service, resource) => arnOf(rehearsal, service, resource),
  });

  /** A value of a template, with its references in place. */
  function resolved(value: unknown, { Parameters }: Template): unknown {
    const pseudo: Readonly<Record<string, unknown>> = {
      "AWS::AccountId": account,
      "AWS::NoValue": undefined,
      "AWS::Partition": "aws",
      "AWS::Region": region,
      "AWS::StackName": name,
      "AWS::URLSuffix": "amazonaws.com",
    };
    return valueOf(value, {
      ref: (id) => {
        if (Object.hasOwn(pseudo, id)) return pseudo[id];
        const made = standing.get(id)?.made.id ?? parameters[id] ?? Parameters[id]?.Default;
        if (made === undefined) throw unapplied(`The template refers to ${id}, which has no value.`, id);
        return made;
      },
      attribute: (id, attribute) => {
        const found = standing.get(id)?.made.attributes?.[attribute];
        if (found === undefined) throw unapplied(`The rehearsal does not know ${id}.${attribute}.`, attribute);
        return found;
      },
    });
  }

  async function put(id: string, next: Template): Promise<string | undefined> {
    const resource = next.Resources[id];
    if (resource === undefined) return undefined;
    const { Type: type, DeletionPolicy } = resource;
    const properties = resolved(resource.Properties ?? {}, next) as Record<string, unknown>;
    const former = standing.get(id);
    const isRetained = DeletionPolicy === "Retain" || DeletionPolicy === "RetainExceptOnCreate";
    const keep = (made: Made): void => void standing.set(id, { type, made, properties, isRetained });
    if (
      former !== undefined &&
      former.type === type &&
      JSON.stringify(former.properties) === JSON.stringify(properties)
    ) {
      keep(former.made);
      return undefined;
    }
    const kind = kindOf(id, type);
    const given = new Properties(properties);
    const surroundings = surroundingsOf(id);
    const change = former === undefined ? "create" : changeOf(id, kind, former, type, properties);
    // What has no name of its own makes room first.
    if (change === "replace" && kind.named === undefined) await removeAll([id]);
    const made =
      change === "update" && former !== undefined && kind.update !== undefined
        ? await kind.update(given, surroundings, former.made)
        : await kind.create(given, surroundings);
    keep(made);
    const [unread] = given.unread();
    if (unread !== undefined) throw unapplied(`The rehearsal does not read ${unread} of ${id}, a ${type}.`, unread);
    if (change === "replace" && former !== undefined && kind.named !== undefined)
      await kindOf(id, former.type).remove(former.made, surroundings);
    return `${change} ${id}`;
  }

  async function removeAll(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const found = standing.get(id);
      if (found !== undefined && !found.isRetained) await kindOf(id, found.type).remove(found.made, surroundingsOf(id));
      standing.delete(id);
    }
  }

  const beside = ({ Resources }: Template): string[] =>
    [...standing.keys()].filter((id) => !Object.hasOwn(Resources, id)).reverse();

  /** Brings everything to a template; tells what was done. */
  async function bringTo(next: Template): Promise<string[]> {
    for (const [id, { Type }] of Object.entries(next.Resources)) kindOf(id, Type);
    const done: string[] = [];
    for (const id of inOrder(next)) {
      const what = await put(id, next);
      if (what !== undefined) done.push(what);
    }
    const gone = beside(next);
    await removeAll(gone);
    return [...done, ...gone.map((id) => `delete ${id}`)];
  }

  /** Goes back as CloudFormation does. What that meets is not told: the error that led to it says why. */
  async function goBack(): Promise<void> {
    for (const id of beside(current)) await removeAll([id]).catch(() => undefined);
    for (const id of inOrder(current)) await put(id, current).catch(() => undefined);
  }

  const change = async (next: Template): Promise<string[]> => {
    const done = await bringTo(next).catch(async (error: unknown) => {
      await goBack();
      throw error;
    });
    current = next;
    return done;
  };

  await change(readTemplate(template));
  return {
    resources: () => Object.fromEntries([...standing].map(([id, { made }]) => [id, made.id])),
    outputs: () =>
      Object.fromEntries(
        Object.entries(current.Outputs).map(([id, { Value }]) => [id, String(resolved(Value, current))]),
      ),
    async update(json) {
      const done = await change(readTemplate(json));
      if (done.length === 0) throw new AwsError("ValidationError", "No updates are to be performed.");
      return done;
    },
    remove: () => removeAll([...standing.keys()].reverse()),
  };
}

function kindOf(id: string, type: string): Kind {
  const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (kind !== undefined) return kind;
  throw unapplied(`The rehearsal cannot apply ${id}: it does not know the type ${type}.`, type);
}

/** How CloudFormation brings a resource from its former properties to others. */
function changeOf(
  id: string,
  { named, update }: Kind,
  former: Standing,
  type: string,
  properties: Readonly<Record<string, unknown>>,
): "update" | "replace" {
  if (former.type !== type) return "replace";
  if (named !== undefined && former.properties[named] !== properties[named]) return "replace";
  if (update !== undefined) return "update";
  if (named === undefined) return "replace";
  throw unapplied(`CloudFormation would replace ${id}, a ${type}: give it another ${named}.`, id);
}
