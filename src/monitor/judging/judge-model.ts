import { worst } from "../../drift/compare/index.js";
import { minimumSample } from "../../drift/policy.js";
import type { DriftVerdict, Severity } from "../../drift/report.js";
import { calibrationDrift } from "../performance/calibration-drift.js";
import { estimateFromCounts } from "../performance/estimate.js";
import { modelQuality } from "../performance/quality.js";
import { realizedPerformance } from "../performance/realized.js";
import type { MonitorBaseline } from "../baseline/baseline.js";
import { lackOf, type Finding, type ModelQualityFinding, type MonitorPolicies } from "./findings.js";
import { unjoinedCauses, type UnjoinedLabels } from "../counting/joins.js";
import type { Outcomes } from "../counting/labels.js";
import type { Tally } from "../counting/tally.js";

/**
 * Expected labels of the rarer class before metrics are judged: F1 and AUC of fewer are far from normal (with 15,
 * 0.07 % are off by as much as should happen to 0.005 %). Calibration needs only `minimumSample`.
 */
const leastOfClass = 50;
/** With fewer rows, expected metrics are not judged: their error would be as uncertain as they are. */
const leastExpected = 100;
/** Minimum share of closed predictions with a label. */
const leastCoverage = 0.8;

/**
 * Judges whether the model is as good as before: by mature labels, and by the performance that the probabilities
 * predict.
 */
export function judgeModel(
  { quality, model }: MonitorBaseline,
  tally: Tally | null,
  outcomes: Outcomes,
  policies: MonitorPolicies,
): ModelQualityFinding {
  const { mature, counts, basis, coverage } = outcomes;
  const costs = model.costs ?? undefined;
  const estimated =
    tally === null || tally.confidence.rows === 0 ? null : estimateFromCounts(tally.confidence, { costs });
  const expected =
    estimated === null || Math.min(estimated.rows, quality.confidence.rows) < leastExpected
      ? null
      : modelQuality(estimateFromCounts(quality.confidence).values, estimated.values, { policy: policies.quality });
  const enough = mature.length >= minimumSample && (coverage ?? 0) >= leastCoverage;
  const labels = Uint8Array.from(mature, ({ outcome }) => outcome);
  const probabilities = Float64Array.from(mature, ({ probability }) => probability);
  const realized =
    mature.length === 0 ? null : realizedPerformance(labels, probabilities, { threshold: model.threshold, costs });
  const { heldOut } = quality;
  const rarer = Math.min(heldOut.positives, heldOut.rows - heldOut.positives) / heldOut.rows;
  const rows = { baseline: heldOut.rows, current: mature.length };
  const compared =
    realized === null || !enough || mature.length * rarer < leastOfClass
      ? null
      : modelQuality(heldOut.values, realized.values, { policy: policies.quality, rows });
  const baseline = quality.calibration ?? undefined;
  const calibration = enough
    ? calibrationDrift(labels, probabilities, { baseline, policy: policies.calibration })
    : null;
  const parts: Finding[] = [
    ...(compared === null ? [] : [compared]),
    ...(calibration === null ? [] : [calibration]),
    // An expected loss is not certain: the labels will decide.
    ...(expected === null
      ? []
      : [
          {
            ...expected,
            severity: atMostWarning(expected.severity),
            message: `Expected without labels: ${expected.message}`,
          },
        ]),
  ];
  const told = parts.filter(({ verdict }) => verdict === "drift");
  return {
    verdict: verdictOfParts(parts),
    severity: worst(parts.map(({ severity }) => severity)),
    ...(parts.every(({ verdict }) => verdict === "insufficient") ? lackOf("labels", mature.length, minimumSample) : {}),
    message: messageOf(
      (told.length > 0 ? told : parts).map(({ message }) => message),
      enough ? undefined : waiting(outcomes),
      outcomes,
    ),
    outcomes: counts,
    unjoined: outcomes.unjoined ?? null,
    basis,
    realized,
    quality: compared,
    calibration,
    estimated,
    expected,
  };
}

/** Labels that join nothing come first, because nothing else is known until that is fixed. */
function messageOf(found: readonly string[], lacking: string | undefined, { unjoined, counts }: Outcomes): string {
  const told = unjoined ?? null;
  if (told !== null && told.labels === told.of) return [unjoinedWords(told), ...found].join(" ");
  // Labels of predictions that were never captured, or long ago, are not an error; differently spelled ids are.
  const mend = told === null || told.causes.length === 0 ? [] : [unjoinedWords(told)];
  const both =
    counts.conflicting === 0
      ? []
      : [`${counts.conflicting} predictions have labels of both outcomes and are left out.`];
  return [...found, ...(lacking === undefined ? [] : [lacking]), ...mend, ...both].join(" ");
}

const shownId = (id: string): string => JSON.stringify(id.slice(0, 40));

function unjoinedWords({ labels, of, label, prediction, causes }: UnjoinedLabels): string {
  const what =
    labels === of
      ? `No label joins a prediction: ${labels} labels arrived`
      : `${labels} of ${of} labels join no prediction:`;
  const pairs = causes.map(
    (each) =>
      `${each.labels} are ${unjoinedCauses[each.cause]}: ${shownId(each.label)} for ${shownId(each.prediction)}.`,
  );
  const told = `with ids such as ${shownId(label)}, the predictions have ids such as ${shownId(prediction)}.`;
  return [
    what,
    ...(labels === of ? [told] : []),
    ...pairs,
    "Write both the same way: ids join as texts, character by character.",
  ].join(" ");
}

const atMostWarning = (severity: Severity): Severity => (severity === "none" ? "none" : "warning");

function verdictOfParts(parts: readonly Finding[]): DriftVerdict {
  if (parts.some(({ verdict }) => verdict === "drift")) return "drift";
  return parts.some(({ verdict }) => verdict === "stable") ? "stable" : "insufficient";
}

function waiting({ counts, mature, coverage }: Outcomes): string {
  if (counts.predictions === 0) return "No outcome can be joined. Joining needs predictions with an id, and labels.";
  if (coverage !== null && coverage < leastCoverage && mature.length >= minimumSample) {
    return `Only ${mature.length} of ${Math.round(mature.length / coverage)} closed predictions have a label.`;
  }
  return `${mature.length} mature labels, ${counts.immature} predictions still open: ${minimumSample} labels are needed to judge.`;
}
