import { labels, type Table } from "../../data/table/index.js";
import type { Scorer } from "../scoring/compile.js";
import { evaluateClasses } from "./evaluate-classes.js";
import { evaluateScores, type Evaluation, type EvaluateScoresOptions } from "./evaluate-scores.js";

/**
 * Evaluates a model on labeled rows, at its own threshold unless another is given; with more than two classes also all of
 * them. Rows may lack a class: what it takes to measure then has no value.
 *
 * @throws ChurnkitError TARGET_INVALID when the table has no target column, CONTRACT_MISMATCH when it was read with
 * another contract.
 */
export function evaluate<Row>(
  model: { readonly scorer: Scorer },
  table: Table<Row>,
  options: Partial<EvaluateScoresOptions> = {},
): Evaluation {
  const { scorer } = model;
  const { threshold, costs } = scorer.decision;
  const several = (scorer.contract.target?.classes.length ?? 2) > 2;
  return {
    ...evaluateScores(labels(table, { everyClass: false }), scorer.score(table), { threshold, costs, ...options }),
    ...(several && { classes: evaluateClasses(model, table) }),
  };
}
