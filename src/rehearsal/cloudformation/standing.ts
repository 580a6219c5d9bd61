import type { AwsPlace } from "../place.js";
import type { Made } from "./kinds/kind.js";
import { type Template, unapplied } from "./template.js";
import { valueOf } from "./values.js";
import type { Wire } from "./wire.js";

/** A resource of a stack. */
export interface Standing {
  readonly type: string;
  readonly made: Made;
  /** With all references in place. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly isRetained: boolean;
}

/** A stack while it is brought to a template. */
export interface StandingStack {
  readonly name: string;
  readonly place: AwsPlace;
  readonly wire: Wire;
  /** Values of the template's parameters. */
  readonly parameters: Readonly<Record<string, string>>;
  /** By their ids in the template, in the order in which they were made. */
  readonly standing: Map<string, Standing>;
}

/**
 * A value of a template, with its references in place.
 *
 * @throws ChurnkitError OPTION_INVALID for a reference to what has no value.
 */
export function resolved(
  value: unknown,
  { Parameters }: Template,
  { name, place, parameters, standing }: StandingStack,
): unknown {
  const pseudo: Readonly<Record<string, unknown>> = {
    "AWS::AccountId": place.account,
    "AWS::NoValue": undefined,
    "AWS::Partition": "aws",
    "AWS::Region": place.region,
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
