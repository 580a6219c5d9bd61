import { ChurnkitError } from "../../base/errors.js";
import {
  count,
  list,
  nullable,
  number,
  object,
  optional,
  text,
  version,
  type Decoder,
  documentError,
  JsonValue,
} from "../../base/json/index.js";
import { contractHash, parseContract } from "../../data/contract/index.js";
import { profileDecoder, withMarkedPredictions } from "../../data/profile/index.js";
import type { Artifact } from "../../model/artifact.js";
import { costs, parseMetrics } from "../../model/bundle/index.js";
import { attributionBaselineDecoder } from "../attribution/attribution-baseline.js";
import type { Facet, FacetRange } from "../bias/facets.js";
import { biasCounts, favorable } from "../bias/parse.js";
import { calibrationSummaryDecoder } from "../performance/calibration-summary.js";
import { confidenceCountsDecoder } from "../performance/confidence-counts.js";
import type { MonitorBaseline } from "./baseline.js";

/** The name among a bundle's extras. */
const extra = "monitor";

/**
 * Puts a monitor's baseline into a bundle, where it travels with the model (`extras/monitor.json`). Contract and
 * profile are already in the bundle and are not written twice.
 *
 * @throws ChurnkitError CONTRACT_MISMATCH for the baseline of another model.
 */
export function withMonitorBaseline(artifact: Artifact, baseline: MonitorBaseline): Artifact {
  if (baseline.model.contractHash !== contractHash(artifact.contract)) {
    throw new ChurnkitError(
      "CONTRACT_MISMATCH",
      "The baseline belongs to a model with different columns. Make one with monitorBaseline for this model.",
    );
  }
  const { format, model, rows, quality, bias, attribution } = baseline;
  return { ...artifact, extras: { ...artifact.extras, [extra]: { format, model, rows, quality, bias, attribution } } };
}

/**
 * Returns the monitor's baseline of a bundle. For a bundle without one, it derives profile and held-out metrics from
 * the bundle, but no calibration, bias or attribution.
 *
 * @throws ChurnkitError INPUT_MALFORMED if it is broken.
 */
export function monitorBaselineOf(artifact: Artifact): MonitorBaseline {
  const { contract, baseline: profile } = artifact;
  const kept = artifact.extras?.[extra];
  if (kept !== undefined)
    return parseMonitorBaseline({ ...(kept as object), contract, profile }, "extras/monitor.json");
  const { decision, metrics, provenance } = artifact;
  const { target } = contract;
  return {
    format: 1,
    model: {
      name: contract.name,
      contractHash: contractHash(contract),
      threshold: decision.threshold,
      positive: target?.positive ?? "1",
      negative: target?.classes.find((label) => label !== target.positive) ?? "0",
      costs: decision.costs ?? null,
    },
    contract,
    profile,
    rows: { kept: provenance.rows.train, rejected: 0 },
    quality: {
      heldOut: metrics,
      confidence: { format: 1, threshold: decision.threshold, rows: 0, invalid: 0, cells: [] },
      calibration: null,
    },
    bias: null,
    attribution: null,
  };
}

const range: Decoder<FacetRange> = object({ from: optional(number()), to: optional(number()) });
const group: Decoder<string | FacetRange> = (json) => (typeof json.value === "string" ? text()(json) : range(json));
const facet: Decoder<Facet> = object({ column: text(), groups: list(group, 50), reference: optional(group) });
const importance: Decoder<readonly [string, number]> = (json) => [text()(json.item(0)), number(0)(json.item(1))];

const baseline = object({
  format: version(1),
  model: object({
    name: text(),
    contractHash: text(),
    threshold: number(0, 1),
    positive: text(),
    negative: text(),
    costs: nullable(costs),
  }),
  contract: (json: JsonValue) => parseContract(json.value),
  profile: profileDecoder,
  rows: object({ kept: count(), rejected: count() }),
  quality: object({
    heldOut: parseMetrics,
    confidence: confidenceCountsDecoder,
    calibration: nullable(calibrationSummaryDecoder),
  }),
  bias: nullable(object({ facets: list(facet, 100), favorable, counts: biasCounts })),
  attribution: nullable(
    object({
      settings: object({ backgroundRows: count(), samples: count(), seed: count() }),
      baseline: attributionBaselineDecoder,
      importance: list(importance),
    }),
  ),
});

const malformed = documentError("INPUT_MALFORMED", "", "Make the baseline again with monitorBaseline.");

/**
 * Reads a baseline from untrusted JSON.
 *
 * @param file a name for messages.
 * @throws ChurnkitError INPUT_MALFORMED naming the path of the problem.
 */
export function parseMonitorBaseline(json: unknown, file = "The monitor's baseline"): MonitorBaseline {
  const parsed = baseline(JsonValue.of(json, file, malformed));
  return { ...parsed, profile: withMarkedPredictions(parsed.profile, parsed.contract) };
}
