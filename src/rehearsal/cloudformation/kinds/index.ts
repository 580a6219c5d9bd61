import { unapplied } from "../template.js";
import { accessKinds } from "./access.js";
import { bucketKinds } from "./buckets.js";
import type { Kind } from "./kind.js";
import { messageKinds } from "./messages.js";
import { networkKinds } from "./network.js";
import { runningKinds } from "./running.js";
import { scalingKinds } from "./scaling.js";
import { watchingKinds } from "./watching.js";

const kinds: Readonly<Record<string, Kind>> = {
  ...accessKinds,
  ...bucketKinds,
  ...messageKinds,
  ...networkKinds,
  ...runningKinds,
  ...scalingKinds,
  ...watchingKinds,
};

/**
 * The kind of a resource, by its type.
 *
 * @throws ChurnkitError OPTION_INVALID for a type that is not applied.
 */
export function kindOf(id: string, type: string): Kind {
  const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (kind !== undefined) return kind;
  throw unapplied(`The rehearsal cannot apply ${id}: it does not know the type ${type}.`, type);
}
