import { ChurnkitError } from "../../../base/errors.js";
import { mainVariant, type Variant } from "../../aws/requests/variants.js";
import type { EndpointDeployment } from "./planned.js";

/**
 * Two deployments of one endpoint, between which traffic is moved; each serves one version by one variant.
 *
 * @example
 * ```ts
 * import type { EndpointDeployment, TrafficBetween } from "churnkit/deploy/sagemaker";
 *
 * const serving = (version: string): EndpointDeployment => ({
 *   models: { [version]: { data: `s3://churn-data/models/${version}/model.tar.gz` } },
 *   config: { kind: "real-time", variants: [{ model: version, instanceType: "ml.m5.large", instances: 2 }] },
 * });
 * const between: TrafficBetween = { stable: serving("v11"), candidate: serving("v12") };
 * ```
 */
export interface TrafficBetween {
  readonly stable: EndpointDeployment;
  readonly candidate: EndpointDeployment;
}

/** Variant of the candidate while both versions serve. */
export const candidateVariant = "candidate";
/** Variant of a candidate that gets copies of the requests. */
export const shadowVariant = "shadow";

/** What is deployed while traffic moves, and the versions. */
export interface Trial {
  readonly versions: { readonly stable: string; readonly candidate: string };
  /** The stable version's variant. */
  readonly main: string;
  /** Both versions, the candidate without traffic. */
  readonly both: EndpointDeployment;
  /** The stable version, with the candidate in its shadow. */
  readonly mirrored: EndpointDeployment;
}

/**
 * Joins two deployments. The names of the variants stay the same from trial to trial, and so do the weights in the configuration, so
 * that a trial that goes on is found again by its name.
 *
 * @throws ChurnkitError OPTION_INVALID for deployments that cannot be joined.
 */
export function trialOf({ stable, candidate }: TrafficBetween): Trial {
  const before = only(stable, "stable");
  const after = only(candidate, "candidate");
  if (stable.name !== candidate.name) throw refused("stable and candidate must be of one endpoint");
  if (before.variant.model === after.variant.model)
    throw refused(`stable and candidate must be two versions, but both are ${after.variant.model}`);
  const main = before.variant.name ?? mainVariant;
  if (main === candidateVariant || main === shadowVariant)
    throw refused(`the variant of stable must not be named ${main}, which is a trial's own`);
  const { name } = stable;
  const models = { ...stable.models, ...candidate.models };
  const scaled = candidate.scaling?.map((each) => ({ ...each, variant: candidateVariant }));
  const scaling = [...(stable.scaling ?? []), ...(scaled ?? [])];
  return {
    versions: { stable: before.variant.model, candidate: after.variant.model },
    main,
    both: {
      name,
      models,
      scaling,
      config: {
        ...before.config,
        variants: [
          { ...before.variant, weight: 1 },
          { ...after.variant, name: candidateVariant, weight: 0 },
        ],
      },
    },
    mirrored: {
      name,
      models,
      scaling: stable.scaling,
      config: {
        ...before.config,
        variants: [{ ...before.variant, weight: 1 }],
        shadow: { ...after.variant, name: shadowVariant, weight: 1 },
      },
    },
  };
}

/** The only variant of a deployment. */
function only({ config }: EndpointDeployment, what: string) {
  if (config.kind !== "real-time") throw refused(`${what} must be real-time; a ${config.kind} endpoint has no weights`);
  const [variant, ...others] = config.variants;
  if (variant === undefined || others.length > 0 || config.shadow !== undefined)
    throw refused(`${what} must serve one version by one variant`);
  return { config, variant: variant satisfies Variant };
}

const refused = (message: string): ChurnkitError =>
  new ChurnkitError("OPTION_INVALID", `Traffic cannot be moved: ${message}. See docs/aws-endpoints.md.`);
