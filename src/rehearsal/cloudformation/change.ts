import { arnOf } from "../place.js";
import { kindOf } from "./kinds/index.js";
import type { Kind, Made, Surroundings } from "./kinds/kind.js";
import { Properties } from "./properties.js";
import { resolved, type Standing, type StandingStack } from "./standing.js";
import { inOrder, type Template, unapplied } from "./template.js";

/** Brings a stack to a template; tells what was done. Where a part fails, the stack goes back to its former template. */
export async function changeTo(next: Template, former: Template, stack: StandingStack): Promise<string[]> {
  try {
    for (const [id, { Type }] of Object.entries(next.Resources)) kindOf(id, Type);
    const done: string[] = [];
    for (const id of inOrder(next)) {
      const what = await put(id, next, stack);
      if (what !== undefined) done.push(what);
    }
    const gone = beside(next, stack);
    await removeAll(gone, stack);
    return [...done, ...gone.map((id) => `delete ${id}`)];
  } catch (error) {
    await goBack(former, stack);
    throw error;
  }
}

/** Goes back as CloudFormation does. What that meets is not told: the error that led to it says why. */
async function goBack(former: Template, stack: StandingStack): Promise<void> {
  for (const id of beside(former, stack)) await removeAll([id], stack).catch(() => undefined);
  for (const id of inOrder(former)) await put(id, former, stack).catch(() => undefined);
}

/** Removes resources, except those that are to be retained. */
export async function removeAll(ids: readonly string[], stack: StandingStack): Promise<void> {
  const { standing } = stack;
  for (const id of ids) {
    const found = standing.get(id);
    if (found !== undefined && !found.isRetained)
      await kindOf(id, found.type).remove(found.made, surroundingsOf(id, stack));
    standing.delete(id);
  }
}

/** What stands and is not in a template, the latest first. */
const beside = ({ Resources }: Template, { standing }: StandingStack): string[] =>
  [...standing.keys()].filter((id) => !Object.hasOwn(Resources, id)).reverse();

const surroundingsOf = (logical: string, { name, place, wire }: StandingStack): Surroundings => ({
  ...place,
  wire,
  stack: name,
  logical,
  arn: (service, resource) => arnOf(place, service, resource),
});

/** Brings one resource to a template; tells what was done, if anything. */
async function put(id: string, template: Template, stack: StandingStack): Promise<string | undefined> {
  const resource = template.Resources[id];
  if (resource === undefined) return undefined;
  const { Type: type, DeletionPolicy } = resource;
  const properties = resolved(resource.Properties ?? {}, template, stack) as Record<string, unknown>;
  const isRetained = DeletionPolicy === "Retain" || DeletionPolicy === "RetainExceptOnCreate";
  const keep = (made: Made): void => void stack.standing.set(id, { type, made, properties, isRetained });
  const former = stack.standing.get(id);
  if (former?.type === type && JSON.stringify(former.properties) === JSON.stringify(properties)) {
    keep(former.made);
    return undefined;
  }
  const kind = kindOf(id, type);
  const surroundings = surroundingsOf(id, stack);
  const change = former === undefined ? "create" : changeOf(id, kind, former, type, properties);
  // What has no name of its own makes room first.
  if (change === "replace" && kind.named === undefined) await removeAll([id], stack);
  const given = new Properties(properties);
  keep(
    change === "update" && former !== undefined && kind.update !== undefined
      ? await kind.update(given, surroundings, former.made)
      : await kind.create(given, surroundings),
  );
  const [unread] = given.unread();
  if (unread !== undefined) throw unapplied(`The rehearsal does not read ${unread} of ${id}, a ${type}.`, unread);
  if (change === "replace" && former !== undefined && kind.named !== undefined)
    await kindOf(id, former.type).remove(former.made, surroundings);
  return `${change} ${id}`;
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
