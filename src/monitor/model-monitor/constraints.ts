import {
  flag,
  list,
  number,
  object,
  oneOf,
  optional,
  orEmpty,
  text,
  texts,
  withDefault,
  type Decoder,
  documentError,
  JsonValue,
} from "../../base/json/index.js";
import { countOfValues, isNumericProfile } from "../../data/profile/index.js";
import { driftPolicy, type DriftPolicy, type PolicyChoice } from "../../drift/policy.js";
import type { MonitorBaseline } from "../baseline/baseline.js";
import { featuresOf, inferredType, type InferredType } from "./columns.js";

/** Constraints of a feature, in Model Monitor's form. */
export interface FeatureConstraints {
  readonly name: string;
  readonly inferred_type: InferredType;
  /** Minimum share of values present. */
  readonly completeness?: number | undefined;
  readonly num_constraints?: { readonly is_non_negative?: boolean | undefined } | undefined;
  readonly string_constraints?: { readonly domains?: readonly string[] | undefined } | undefined;
}

/** Model Monitor's switches and thresholds. */
export interface MonitoringConfig {
  readonly evaluate_constraints: "Enabled" | "Disabled";
  readonly emit_metrics: "Enabled" | "Disabled";
  /** Minimum share of values of the right type. */
  readonly datatype_check_threshold: number;
  /** Minimum share of a feature's values in its domains. */
  readonly domain_content_threshold: number;
  readonly distribution_constraints: {
    readonly perform_comparison: "Enabled" | "Disabled";
    /** Largest distance: of distribution functions for numbers, of the shares of levels for texts. */
    readonly comparison_threshold: number;
    /** "Robust" counts a distance only if it is significant for the number of rows. */
    readonly comparison_method: "Simple" | "Robust";
    readonly categorical_comparison_threshold?: number | undefined;
    readonly categorical_drift_method?: "LInfinity" | "ChiSquared" | undefined;
  };
}

/** Model Monitor's `constraints.json`. */
export interface MonitorConstraints {
  readonly version: 0;
  readonly features: readonly FeatureConstraints[];
  readonly monitoring_config: MonitoringConfig;
}

/** Limit on the levels of a feature that are written as its domains. */
const mostDomains = 1_000;

/**
 * Returns constraints from the baseline, as Model Monitor's `constraints.json`. Thresholds come from the policy's
 * warnings: completeness may fall by `missing.warning`, `newLevels.warning` of the values may be outside the domains,
 * and distributions may move by `distribution.warning`.
 *
 * @throws ChurnkitError OPTION_INVALID for a bad policy.
 */
export function constraintsJson(baseline: MonitorBaseline, policy: PolicyChoice = {}): MonitorConstraints {
  const rules: DriftPolicy = driftPolicy(policy);
  const warning = (floors: DriftPolicy["missing"]): number => (floors === false ? 1 : floors.warning);
  return {
    version: 0,
    features: featuresOf(baseline, baseline.profile).map(({ column, profile }): FeatureConstraints => {
      const rows = Math.max(1, countOfValues(profile) + profile.missing);
      const present = 1 - profile.missing / rows;
      const head = {
        name: column.name,
        inferred_type: inferredType(column),
        completeness: column.nullable || column.optional ? Math.max(0, present - warning(rules.missing)) : present,
      };
      // Its profile is of lengths, which are no values of the feature.
      if (column.kind === "text") return head;
      if (isNumericProfile(profile)) return { ...head, num_constraints: { is_non_negative: (profile.min ?? 0) >= 0 } };
      return profile.other > 0 || profile.levels.length > mostDomains
        ? head
        : { ...head, string_constraints: { domains: profile.levels } };
    }),
    monitoring_config: {
      evaluate_constraints: "Enabled",
      emit_metrics: "Enabled",
      datatype_check_threshold: 1 - warning(rules.rejected),
      domain_content_threshold: 1 - warning(rules.newLevels),
      distribution_constraints: {
        perform_comparison: rules.distribution === false ? "Disabled" : "Enabled",
        comparison_threshold: rules.distribution === false ? 0.1 : rules.distribution.warning,
        comparison_method: "Robust",
        categorical_comparison_threshold: rules.distribution === false ? 0.1 : rules.distribution.warning,
        categorical_drift_method: "LInfinity",
      },
    },
  };
}

const share = number(0, 1);
const enabled = withDefault(oneOf(["Enabled", "Disabled"]), "Enabled");

const feature: Decoder<FeatureConstraints> = (json) => {
  const own = json.get("monitoringConfigOverrides");
  if (!own.absent && Object.keys(own.object()).length > 0)
    throw own.not("an empty object, since thresholds of single features are not read,");
  return object({
    name: text(),
    inferred_type: withDefault(oneOf(["Integral", "Fractional", "String", "Unknown"]), "Unknown"),
    completeness: optional(share),
    num_constraints: optional(object({ is_non_negative: optional(flag) })),
    string_constraints: optional(object({ domains: optional(texts(100_000)) })),
  })(json);
};

const comparison: Decoder<MonitorConstraints["monitoring_config"]["distribution_constraints"]> = (json) => {
  const { comparison_threshold = 0.1, ...rest } = object({
    perform_comparison: enabled,
    comparison_threshold: optional(share),
    comparison_method: withDefault(oneOf(["Simple", "Robust"]), "Robust"),
    categorical_comparison_threshold: optional(share),
    categorical_drift_method: withDefault(oneOf(["LInfinity", "ChiSquared"]), "LInfinity"),
  })(json);
  return { categorical_comparison_threshold: comparison_threshold, ...rest, comparison_threshold };
};

const constraints: Decoder<MonitorConstraints> = object({
  version: () => 0 as const,
  features: list(feature, 10_000),
  monitoring_config: orEmpty(
    object({
      evaluate_constraints: enabled,
      emit_metrics: enabled,
      datatype_check_threshold: withDefault(share, 1),
      domain_content_threshold: withDefault(share, 1),
      distribution_constraints: orEmpty(comparison),
    }),
  ),
});

const malformed = documentError("INPUT_MALFORMED", "", "Give the constraints of Model Monitor's data quality monitor.");

/**
 * Reads an existing `constraints.json`, written by Model Monitor, by hand or by {@link constraintsJson}. Missing
 * members take Model Monitor's own defaults. Texts are compared by LInfinity, even if ChiSquared is requested.
 *
 * @throws ChurnkitError INPUT_MALFORMED naming the path of the problem, or of a feature's
 * `monitoringConfigOverrides`, which would have no effect.
 */
export const parseConstraints = (json: unknown, file = "constraints.json"): MonitorConstraints =>
  constraints(JsonValue.of(json, file, malformed));

/**
 * Returns the drift policy closest to existing constraints: their thresholds become the warnings, and twice as much
 * is critical. Completeness is per feature there and is not carried over; {@link constraintViolations} checks it.
 *
 * @example
 * ```ts
 * import { parseConstraints, policyOfConstraints } from "churnkit/monitor";
 *
 * const constraints = parseConstraints({
 *   version: 0,
 *   features: [],
 *   monitoring_config: { distribution_constraints: { perform_comparison: "Disabled" } },
 * });
 * console.assert(JSON.stringify(policyOfConstraints(constraints)).includes('"distribution":false'));
 * ```
 */
export function policyOfConstraints({ monitoring_config: config }: MonitorConstraints): PolicyChoice {
  const { perform_comparison, comparison_threshold } = config.distribution_constraints;
  const floors = (warning: number): { warning: number; critical: number } => ({
    warning,
    critical: Math.min(1, Math.max(2 * warning, 0.05)),
  });
  return {
    ...(perform_comparison === "Disabled"
      ? { distribution: false, psi: false }
      : { distribution: floors(comparison_threshold), psi: false }),
    newLevels: floors(1 - config.domain_content_threshold),
    rejected: floors(1 - config.datatype_check_threshold),
  };
}
