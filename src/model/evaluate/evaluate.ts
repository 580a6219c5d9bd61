import { labels, type Table } from "../../data/table/index.js";
import type { Scorer } from "../scoring/compile.js";
import { evaluateScores, type Evaluation, type EvaluateScoresOptions } from "./evaluate-scores.js";

/**
 * Evaluates a model on labeled rows, at its own threshold unless another is given.
 *
 * @throws ChurnkitError TARGET_INVALID when the table has no target column, CONTRACT_MISMATCH when it was read with
 * another contract.
 */
export function evaluate<Row>(
  model: { readonly scorer: Scorer },
  table: Table<Row>,
  options: Partial<EvaluateScoresOptions> = {},
): Evaluation {
  const { threshold, costs } = model.scorer.decision;
  return evaluateScores(labels(table), model.scorer.score(table), { threshold, costs, ...options });
}
