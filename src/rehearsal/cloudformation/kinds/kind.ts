import type { Properties } from "../properties.js";
import type { Wire } from "../wire.js";

/** What stands for a resource that was made. */
export interface Made {
  /** What `Ref` gives. */
  readonly id: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** What a removal needs to know besides. */
  readonly parts?: readonly string[];
}

/** A stack as its resources see it. */
export interface Surroundings {
  readonly wire: Wire;
  readonly account: string;
  readonly region: string;
  readonly stack: string;
  /** The resource's id in the template. */
  readonly logical: string;
  readonly arn: (service: string, resource: string) => string;
}

/** A type of resources. */
export interface Kind {
  /** The property that names a resource, which cannot change in place. */
  readonly named?: string;
  /** Makes a resource by its service's own calls. */
  readonly create: (properties: Properties, surroundings: Surroundings) => Promise<Made>;
  /** Changes one under the same id; without it, CloudFormation replaces the resource. */
  readonly update?: (properties: Properties, surroundings: Surroundings, made: Made) => Promise<Made>;
  readonly remove: (made: Made, surroundings: Surroundings) => Promise<unknown>;
}

/** A kind whose service takes the same call for a new and for a changed resource. */
export const putKind = (kind: Omit<Kind, "update">): Kind => ({ ...kind, update: kind.create });

/** Name of a resource that has none in the template. */
export const generated = ({ stack, logical }: Surroundings): string => `${stack}-${logical}`;

interface Tag {
  readonly Key: string;
  readonly Value: string;
}
/** Tags of a resource as services of three habits take them. */
export const tagsIn = (properties: Properties): readonly Tag[] => (properties.take("Tags") ?? []) as Tag[];
export const tagMap = (properties: Properties): Record<string, string> =>
  Object.fromEntries(tagsIn(properties).map(({ Key, Value }) => [Key, Value]));

/** JSON whose members begin with small letters, as services of that habit take them. */
export function lowered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowered);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name.charAt(0).toLowerCase() + name.slice(1), lowered(member)]),
  );
}
