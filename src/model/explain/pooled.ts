import type { AttributionTask, Attributor } from "../kinds/attributor.js";

/** An attributor with the weight of its model. */
interface Weighted {
  readonly attributor: Attributor;
  readonly weight: number;
}

/**
 * Attributes a weighted mean of log odds: attributions are linear in the model, so each member is explained in the best
 * way for its kind and the results are added. The errors are added too, because members may share their samples.
 */
export function pooledAttributor(members: readonly Weighted[], { groups }: AttributionTask): Attributor {
  const own = new Float64Array(groups);
  const ownErrors = new Float64Array(groups);
  return {
    method: "pooled",
    base: members.reduce((sum, { attributor, weight }) => sum + weight * attributor.base, 0),
    samples: Math.max(0, ...members.map(({ attributor }) => attributor.samples)),
    attribute(x, at, values, errors) {
      values.fill(0);
      errors.fill(0);
      let output = 0;
      for (const { attributor, weight } of members) {
        output += weight * attributor.attribute(x, at, own, ownErrors);
        for (let c = 0; c < groups; c++) {
          values[c] = (values[c] as number) + weight * (own[c] as number);
          errors[c] = (errors[c] as number) + weight * (ownErrors[c] as number);
        }
      }
      return output;
    },
  };
}
