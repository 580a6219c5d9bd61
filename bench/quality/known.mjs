import { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
import { auto, evaluateScores, train } from "churnkit/model";

const testRows = 50_000;

/**
 * Trains `auto` on made-up customers whose true probabilities are known, and measures it on others beside those
 * probabilities, which no model can be expected to beat.
 */
export async function known(rows) {
  const { records, probabilities } = syntheticCustomers({ rows: rows + testRows, seed: 1 });
  const test = records.slice(rows);
  const tableOf = (some) => tableFromRecords(syntheticContract, some);
  const started = performance.now();
  const { scorer, artifact } = await train(defineFeatures(syntheticContract), tableOf(records.slice(0, rows)), {
    learner: auto(),
    baseline: false,
  });
  const seconds = (performance.now() - started) / 1000;
  const labels = Uint8Array.from(test, ({ churn }) => Number(churn === "Yes"));
  const figures = (scores) => {
    const { values } = evaluateScores(labels, scores, { threshold: 0.5, bootstrap: false });
    return { auc: values.auc.value, logLoss: values.logLoss.value };
  };
  const { presets } = artifact.provenance.parameters.auto;
  const best = figures(probabilities.slice(rows));
  return { rows, testRows, seconds, presets, ...figures(scorer.score(tableOf(test))), best };
}
