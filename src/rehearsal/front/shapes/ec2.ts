import type { Member, ServiceModel } from "./model.js";

/** The name of a member in a form of EC2. */
function nameIn(name: string, { queryName, locationName = name }: Member): string {
  return queryName ?? locationName.charAt(0).toUpperCase() + locationName.slice(1);
}

/**
 * Reads the tree of a form of EC2 by the model: members have names of their own in it, and lists are numbered without a word.
 * Its values are texts still.
 */
export function fromEc2(model: ServiceModel, name: string, value: unknown): unknown {
  const shape = model.shapes[name];
  if (shape === undefined || typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  if (shape.type === "list") {
    const inOrder = entries.sort(([a], [b]) => Number(a) - Number(b));
    return inOrder.map(([, item]) => fromEc2(model, shape.member?.shape ?? "", item));
  }
  const members = Object.entries(shape.members ?? {}).map(
    ([own, member]) => [nameIn(own, member), own, member] as const,
  );
  return Object.fromEntries(
    entries.map(([key, item]) => {
      const [, own = key, member] = members.find(([inForm]) => inForm === key) ?? [];
      return [own, fromEc2(model, member?.shape ?? "", item)];
    }),
  );
}
