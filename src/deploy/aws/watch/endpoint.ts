import { list, optional, strictObject, text, where, withDefault, type Decoder } from "../../../base/json/index.js";
import { checkNamespace, metricTable, type MonitorMetric } from "../../../io/metrics/index.js";
import { decodeWith } from "../decode.js";
import { suffix } from "../requests/decoders.js";
import { mainVariant } from "../requests/variants.js";
import { type AwsTarget, nameOf, parseAwsTarget } from "../target.js";

export const page = "docs/aws-alarms.md";

/**
 * What is watched: an endpoint, and the model in it.
 *
 * @example
 * ```ts
 * import type { WatchedEndpoint } from "churnkit/deploy/aws";
 *
 * const endpoint: WatchedEndpoint = { model: "churn", variants: ["main", "candidate"] };
 * ```
 */
export interface WatchedEndpoint {
  /** The endpoint's name, as given to `endpointRequest`. */
  readonly name?: string | undefined;
  /** The model's name in the monitors' metrics: that of its contract. */
  readonly model: string;
  /** Names of the variants. Default `main` alone. */
  readonly variants?: readonly string[] | undefined;
  /** Namespace of the monitors' metrics. Default `Churnkit`, as in the container. */
  readonly namespace?: string | undefined;
}

const variantNames = where(
  list(suffix, 10),
  (names) => names.length > 0 && new Set(names).size === names.length,
  "a list of 1 to 10 names, each only once",
);

const namespace: Decoder<string> = (json) => {
  const name = text(255)(json);
  checkNamespace(name);
  return name;
};

const decoder = strictObject({
  name: optional(suffix),
  model: text(1024),
  variants: withDefault(variantNames, [mainVariant]),
  namespace: withDefault(namespace, "Churnkit"),
});

/** An endpoint with the names of all that watches it. */
export interface Watched {
  readonly target: AwsTarget;
  readonly endpoint: string;
  readonly variants: readonly string[];
  /** Name of an alarm, a rule or a dashboard, of the endpoint or of one of its variants. */
  readonly nameFor: (what: string, variant?: string) => string;
  /** A metric that SageMaker has of a variant: of its requests, or of its instances. */
  readonly metricOf: (variant: string, name: string, namespace?: SagemakerNamespace) => WatchedMetric;
  /** A metric of churnkit's monitors. */
  readonly monitored: (name: MonitorMetric) => WatchedMetric;
}

/** A metric with its dimensions. */
export interface WatchedMetric {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: { Name: string; Value: string }[];
}

type SagemakerNamespace = "AWS/SageMaker" | "/aws/sagemaker/Endpoints";

/** Checks both descriptions, which may come from JSON. */
export function watchedEndpoint(json: AwsTarget, description: WatchedEndpoint): Watched {
  const target = parseAwsTarget(json);
  const { name, model, variants, namespace: own } = decodeWith(decoder, description, "The endpoint", "endpoint", page);
  const endpoint = nameOf(target, name);
  return {
    target,
    endpoint,
    variants,
    nameFor: (what, variant = mainVariant) => [endpoint, what, ...(variant === mainVariant ? [] : [variant])].join("-"),
    metricOf: (variant, MetricName, Namespace = "AWS/SageMaker") => ({
      Namespace,
      MetricName,
      Dimensions: [
        { Name: "EndpointName", Value: endpoint },
        { Name: "VariantName", Value: variant },
      ],
    }),
    monitored: (metric) => ({
      Namespace: own,
      MetricName: metricTable[metric].cloudwatch,
      Dimensions: [{ Name: "model", Value: model }],
    }),
  };
}
