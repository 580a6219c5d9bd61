import { labels, recordOf, type Table } from "../../data/table/index.js";
import { monitorExplainer, monitorBaselineOf } from "../../monitor/baseline/index.js";
import { createMonitor } from "../../monitor/index.js";
import { monitorSignals, type MonitorReport } from "../../monitor/judging/index.js";
import { days } from "../../monitor/performance/index.js";
import {
  decideRetraining,
  type RetrainingDecision,
  retrainingPolicy,
  newRetrainingState,
} from "../../monitor/retraining/index.js";
import type { Artifact } from "../../model/artifact.js";
import type { Scorer } from "../../model/scoring/index.js";

/** All four monitors judge a month of predictions after their outcomes are known. */
export async function watchLater(artifact: Artifact, scorer: Scorer, later: Table): Promise<MonitorReport> {
  const baseline = monitorBaselineOf(artifact);
  const window = days(30);
  const monitor = createMonitor(baseline, {
    labels: { window },
    explainer: await monitorExplainer(artifact, baseline),
  });
  const probabilities = scorer.score(later);
  const at = Date.UTC(2027, 0, 1);
  probabilities.forEach((probability, row) => monitor.add(recordOf(later, row), probability, { at, id: String(row) }));
  monitor.addLabels([...labels(later)].map((label, row) => ({ id: String(row), outcome: label === 1 ? 1 : 0 })));
  monitor.settle();
  return monitor.judge(at + 2 * window);
}

/** Applies the retraining policy to the monitors' report. */
export function retrainingAfter(report: MonitorReport): RetrainingDecision {
  const now = new Date(report.at);
  return decideRetraining(retrainingPolicy({ name: "churn" }), newRetrainingState(now), monitorSignals(report), now);
}
