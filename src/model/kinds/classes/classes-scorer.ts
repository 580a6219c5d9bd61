import type { ClassesModel } from "../../artifact.js";
import type { ModelScorer } from "../model-kind.js";
import { joinClasses } from "./join-classes.js";

/** Scores all classes of a row with a scorer for each, and joins them. */
export function classesScorer(scorers: readonly ModelScorer[], model: Omit<ClassesModel, "members">): ModelScorer {
  const count = scorers.length;
  let one = new Float64Array(0);
  let all = new Float64Array(0);

  function scoreAll(x: Float32Array, rows: number, out: Float64Array): void {
    if (one.length < rows) one = new Float64Array(rows);
    scorers.forEach((scorer, k) => {
      scorer.score(x, rows, one);
      for (let row = 0; row < rows; row++) out[row * count + k] = one[row] as number;
    });
    joinClasses(model, out.subarray(0, rows * count));
  }

  return {
    inputs: scorers[0]?.inputs ?? 0,
    score(x, rows, out) {
      if (all.length < rows * count) all = new Float64Array(rows * count);
      scoreAll(x, rows, all);
      for (let row = 0; row < rows; row++) out[row] = all[row * count + model.positive] as number;
    },
    classes: { count, score: scoreAll },
  };
}
