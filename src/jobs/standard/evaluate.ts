import { strictObject } from "../../base/json/index.js";
import { version } from "../../base/version.js";
import { labels, type Table } from "../../data/table/index.js";
import { compareScores, evaluate as evaluateModel, metrics, type MetricValue } from "../../model/evaluate/index.js";
import type { Scorer } from "../../model/scoring/index.js";
import { defineJob } from "../job.js";
import { reportOf } from "./report.js";

/** Metrics by which a model is compared with the champion. */
const compared = ["auc", "averagePrecision", "logLoss", "brier", "accuracy", "f1"] as const;
/** Enough for an interval of a gate. */
const resamples = 400;

/** Evaluates a model on labeled rows, and compares it with a champion on the same rows. */
export const evaluate = defineJob({
  name: "evaluate",
  version,
  inputs: { model: "bundle", rows: "table", champion: "bundle?" },
  outputs: { report: "json" },
  params: strictObject({}),
  run({ inputs: { model, rows, champion } }) {
    const report = reportOf(evaluateModel(model, rows));
    return Promise.resolve({
      report: champion ? { ...report, improvement: improvementOver(champion, model, rows) } : report,
    });
  },
});

/** How much better the model is, in each metric's own direction, with 95 % intervals paired by row. */
function improvementOver(
  champion: { readonly scorer: Scorer },
  model: { readonly scorer: Scorer },
  rows: Table,
): Readonly<Record<string, MetricValue>> {
  const truth = labels(rows, { everyClass: false });
  const scoredBy = ({ scorer }: { readonly scorer: Scorer }) => ({
    scores: scorer.score(rows),
    threshold: scorer.decision.threshold,
  });
  const [own, theirs] = [scoredBy(model), scoredBy(champion)];
  return Object.fromEntries(
    compared.map((metric) => {
      const [a, b] = metrics[metric].better === "higher" ? [own, theirs] : [theirs, own];
      const thresholds = { thresholdA: a.threshold, thresholdB: b.threshold };
      return [metric, compareScores(truth, a.scores, b.scores, metric, { ...thresholds, resamples }).difference];
    }),
  );
}
