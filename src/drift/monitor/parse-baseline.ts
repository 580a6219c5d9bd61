import { ChurnkitError } from "../../base/errors.js";
import { contractHash } from "../../data/contract/contract-hash.js";
import { parseContract } from "../../data/contract/parse.js";
import { parseProfile } from "../../data/profile/parse.js";
import { withMarkedPredictions } from "../../data/profile/predictions.js";
import type { Artefact } from "../../model/artefact.js";
import { JsonValue } from "../../model/bundle/json.js";
import { parseMetrics } from "../../model/bundle/parts.js";
import { parseAttributionBaseline } from "../attribution/baseline.js";
import type { Facet, FacetRange } from "../bias/facets.js";
import { parseBiasCounts } from "../bias/parse.js";
import { parseCalibrationSummary } from "../performance/calibration-summary.js";
import { parseConfidenceCounts } from "../performance/confidence-counts.js";
import type { AttributionSettings, MonitorBaseline } from "./baseline.js";

/** The name among a bundle's extras. */
const extra = "monitor";

/**
 * Puts a monitor's baseline into a bundle, where it travels with the model (`extras/monitor.json`). Contract and profile are
 * in the bundle already and are not written twice.
 *
 * @throws ChurnkitError CONTRACT_MISMATCH for the baseline of another model.
 */
export function withMonitorBaseline(artefact: Artefact, baseline: MonitorBaseline): Artefact {
  if (baseline.model.contractHash !== contractHash(artefact.contract)) {
    throw new ChurnkitError("CONTRACT_MISMATCH", "The baseline was made for a model of other columns. Make one with monitorBaseline for this model.");
  }
  const { format, model, rows, quality, bias, attribution } = baseline;
  return { ...artefact, extras: { ...artefact.extras, [extra]: { format, model, rows, quality, bias, attribution } } };
}

/**
 * The monitor's baseline of a bundle. A bundle without one gives what follows from it alone: profile and held-out metrics,
 * but no calibration, bias or attribution.
 *
 * @throws ChurnkitError INPUT_MALFORMED where it is broken.
 */
export function monitorBaselineOf(artefact: Artefact): MonitorBaseline {
  const { contract, baseline: profile } = artefact;
  const kept = artefact.extras?.[extra];
  if (kept !== undefined) return parseMonitorBaseline({ ...(kept as object), contract, profile }, "extras/monitor.json");
  const { decision, metrics, provenance } = artefact;
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
    quality: { heldOut: metrics, confidence: { format: 1, threshold: decision.threshold, rows: 0, invalid: 0, cells: [] }, calibration: null },
    bias: null,
    attribution: null,
  };
}

/**
 * Reads a baseline from JSON that anybody may have written.
 *
 * @param file a name for messages.
 * @throws ChurnkitError INPUT_MALFORMED naming the path of what is wrong.
 */
export function parseMonitorBaseline(json: unknown, file = "the monitor's baseline"): MonitorBaseline {
  const root = new JsonValue(file, "$", json, malformed);
  if (root.get("format").value !== 1) throw root.get("format").not("1");
  const [model, rows, quality, bias, attribution] = (["model", "rows", "quality", "bias", "attribution"] as const).map((name) => root.get(name)) as [JsonValue, JsonValue, JsonValue, JsonValue, JsonValue];
  const costs = model.get("costs");
  const contract = parseContract(root.get("contract").value);
  const calibration = quality.get("calibration");
  return {
    format: 1,
    model: {
      name: model.get("name").text(),
      contractHash: model.get("contractHash").text(),
      threshold: model.get("threshold").number(0, 1),
      positive: model.get("positive").text(),
      negative: model.get("negative").text(),
      costs: costs.absent ? null : { falseNegative: costs.get("falseNegative").number(0), falsePositive: costs.get("falsePositive").number(0) },
    },
    contract,
    profile: withMarkedPredictions(parseProfile(root.get("profile").value, file), contract),
    rows: { kept: rows.get("kept").count(), rejected: rows.get("rejected").count() },
    quality: {
      heldOut: parseMetrics(quality.get("heldOut")),
      confidence: parseConfidenceCounts(quality.get("confidence").value),
      calibration: calibration.absent ? null : parseCalibrationSummary(calibration.value),
    },
    bias: bias.absent ? null : parseBias(bias),
    attribution: attribution.absent ? null : parseAttribution(attribution),
  };
}

const malformed = (file: string, what: string, path?: string): ChurnkitError =>
  new ChurnkitError("INPUT_MALFORMED", `${file} ${what}${path === undefined ? "" : ` (at ${path})`}. Make the baseline anew with monitorBaseline.`, {
    where: { file, path },
  });

function parseBias(bias: JsonValue): NonNullable<MonitorBaseline["bias"]> {
  return {
    facets: bias.get("facets").list(100).map((facet): Facet => {
      const reference = facet.get("reference");
      return {
        column: facet.get("column").text(),
        groups: facet.get("groups").list(50).map(parseGroup),
        ...(reference.absent ? {} : { reference: parseGroup(reference) }),
      };
    }),
    favourable: bias.get("favourable").oneOf(["positive", "negative"]),
    counts: parseBiasCounts(bias.get("counts").value),
  };
}

function parseGroup(group: JsonValue): string | FacetRange {
  if (typeof group.value === "string") return group.text();
  const [from, to] = [group.get("from"), group.get("to")];
  return { ...(from.absent ? {} : { from: from.number() }), ...(to.absent ? {} : { to: to.number() }) };
}

function parseAttribution(attribution: JsonValue): NonNullable<MonitorBaseline["attribution"]> {
  const settings = attribution.get("settings");
  const setting = (name: keyof AttributionSettings): number => settings.get(name).count();
  return {
    settings: { backgroundRows: setting("backgroundRows"), samples: setting("samples"), seed: setting("seed") },
    baseline: parseAttributionBaseline(attribution.get("baseline").value),
    importance: attribution.get("importance").list().map((entry) => {
      const [column, weight] = entry.list(2);
      if (column === undefined || weight === undefined) throw entry.not("a column and its weight");
      return [column.text(), weight.number(0)] as const;
    }),
  };
}
