import { ChurnkitError } from "../../../base/errors.js";
import { countOfValues, isNumericProfile } from "../../../data/profile/profile.js";
import { JsonValue } from "../../../model/bundle/json.js";
import { driftPolicy, type DriftPolicy, type PolicyChoice } from "../../policy.js";
import type { MonitorBaseline } from "../baseline.js";
import { featuresOf, inferredType, type InferredType } from "./columns.js";

/** What a feature must hold to, in Model Monitor's form. */
export interface FeatureConstraints {
  readonly name: string;
  readonly inferred_type: InferredType;
  /** Least share of values that must be there. */
  readonly completeness?: number | undefined;
  readonly num_constraints?: { readonly is_non_negative?: boolean | undefined } | undefined;
  readonly string_constraints?: { readonly domains?: readonly string[] | undefined } | undefined;
}

/** Model Monitor's switches and thresholds. */
export interface MonitoringConfig {
  readonly evaluate_constraints: "Enabled" | "Disabled";
  readonly emit_metrics: "Enabled" | "Disabled";
  /** Least share of values of the right type. */
  readonly datatype_check_threshold: number;
  /** Least share of a feature's values that are among its domains. */
  readonly domain_content_threshold: number;
  readonly distribution_constraints: {
    readonly perform_comparison: "Enabled" | "Disabled";
    /** Largest distance: of distribution functions for numbers, of the shares of levels for texts. */
    readonly comparison_threshold: number;
    /** "Robust" counts a distance only where it is significant for the rows at hand. */
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

/** Levels of a feature that are written as its domains at most. */
const mostDomains = 1_000;

/**
 * What the baseline demands, as Model Monitor's `constraints.json`. Thresholds come from the policy's warnings: completeness
 * may fall by `missing.warning`, domains may be left by `newLevels.warning` of the values, distributions may move by
 * `distribution.warning`.
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
      if (isNumericProfile(profile)) return { ...head, num_constraints: { is_non_negative: (profile.min ?? 0) >= 0 } };
      return profile.other > 0 || profile.levels.length > mostDomains ? head : { ...head, string_constraints: { domains: profile.levels } };
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

/**
 * Reads an existing `constraints.json`, written by Model Monitor, by hand or by {@link constraintsJson}. What it leaves out
 * takes Model Monitor's own defaults. Texts are compared by LInfinity, also where ChiSquared is asked for.
 *
 * @throws ChurnkitError INPUT_MALFORMED naming the path of what is wrong, or of a feature's `monitoringConfigOverrides`, which
 * would go unheard.
 */
export function parseConstraints(json: unknown, file = "constraints.json"): MonitorConstraints {
  const root = new JsonValue(file, "$", json, malformed);
  const config = root.get("monitoring_config");
  const given = config.absent ? new JsonValue(file, "$.monitoring_config", {}, malformed) : config;
  const comparison = given.get("distribution_constraints");
  const distribution = comparison.absent ? new JsonValue(file, comparison.path, {}, malformed) : comparison;
  const share = (value: JsonValue, otherwise: number): number => (value.absent ? otherwise : value.number(0, 1));
  const enabled = (value: JsonValue): "Enabled" | "Disabled" => (value.absent ? "Enabled" : value.oneOf(["Enabled", "Disabled"]));
  const threshold = share(distribution.get("comparison_threshold"), 0.1);
  const method = distribution.get("comparison_method");
  const categorical = distribution.get("categorical_drift_method");
  return {
    version: 0,
    features: root.get("features").list(10_000).map(parseFeature),
    monitoring_config: {
      evaluate_constraints: enabled(given.get("evaluate_constraints")),
      emit_metrics: enabled(given.get("emit_metrics")),
      datatype_check_threshold: share(given.get("datatype_check_threshold"), 1),
      domain_content_threshold: share(given.get("domain_content_threshold"), 1),
      distribution_constraints: {
        perform_comparison: enabled(distribution.get("perform_comparison")),
        comparison_threshold: threshold,
        comparison_method: method.absent ? "Robust" : method.oneOf<"Simple" | "Robust">(["Simple", "Robust"]),
        categorical_comparison_threshold: share(distribution.get("categorical_comparison_threshold"), threshold),
        categorical_drift_method: categorical.absent ? "LInfinity" : categorical.oneOf<"LInfinity" | "ChiSquared">(["LInfinity", "ChiSquared"]),
      },
    },
  };
}

const malformed = (file: string, what: string, path?: string): ChurnkitError =>
  new ChurnkitError("INPUT_MALFORMED", `${file} ${what}${path === undefined ? "" : ` (at ${path})`}. Give the constraints of Model Monitor's data quality monitor.`, {
    where: { file, path },
  });

function parseFeature(feature: JsonValue): FeatureConstraints {
  const completeness = feature.get("completeness");
  const numbers = feature.get("num_constraints");
  const texts = feature.get("string_constraints");
  const nonNegative = numbers.absent ? undefined : numbers.get("is_non_negative").value;
  const domains = texts.absent ? undefined : texts.get("domains");
  const type = feature.get("inferred_type");
  const overrides = feature.get("monitoringConfigOverrides");
  const own = overrides.absent ? [] : Object.keys(overrides.value ?? {});
  if (own.length > 0) throw overrides.not("empty, since thresholds of single features are not read");
  return {
    name: feature.get("name").text(),
    inferred_type: type.absent ? "Unknown" : type.oneOf(["Integral", "Fractional", "String", "Unknown"]),
    ...(completeness.absent ? {} : { completeness: completeness.number(0, 1) }),
    ...(typeof nonNegative === "boolean" ? { num_constraints: { is_non_negative: nonNegative } } : {}),
    ...(domains === undefined || domains.absent ? {} : { string_constraints: { domains: domains.list(100_000).map((level) => level.text()) } }),
  };
}

/**
 * The drift policy that comes nearest to existing constraints: their thresholds become the warnings, and twice as much is
 * critical. Completeness is each feature's own there and is not carried over; {@link constraintViolations} checks it.
 */
export function policyOfConstraints({ monitoring_config: config }: MonitorConstraints): PolicyChoice {
  const { perform_comparison, comparison_threshold } = config.distribution_constraints;
  const floors = (warning: number): { warning: number; critical: number } => ({ warning, critical: Math.min(1, Math.max(2 * warning, 0.05)) });
  return {
    ...(perform_comparison === "Disabled" ? { distribution: false, psi: false } : { distribution: floors(comparison_threshold), psi: false }),
    newLevels: floors(1 - config.domain_content_threshold),
    rejected: floors(1 - config.datatype_check_threshold),
  };
}
