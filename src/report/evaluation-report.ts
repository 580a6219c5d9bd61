import type { Evaluation } from "../model/evaluate/index.js";
import { evaluationSections } from "./model-sections.js";
import { renderReport } from "./render.js";

/** Texts of an evaluation page, in addition to its figures. */
export interface EvaluationReportOptions {
  /** The model's name. */
  readonly name: string;
  /** The rows that it was evaluated on. */
  readonly rows: string;
  /** Warnings for the reader before the figures. */
  readonly notes?: readonly string[] | undefined;
  /** The reliability curve of the same rows before calibration, to plot beside the one after it. */
  readonly uncalibrated?: Evaluation["reliability"] | undefined;
}

/**
 * An evaluation as one HTML page: metrics with their intervals, curves, calibration, gains and the confusion matrix; with
 * costs also the profit.
 *
 * @example
 * ```ts
 * import { evaluateScores } from "churnkit/model";
 * import { evaluationReportHtml } from "churnkit/report";
 *
 * const evaluation = evaluateScores(Uint8Array.of(1, 0, 1, 0), Float64Array.of(0.9, 0.2, 0.6, 0.7), { threshold: 0.5 });
 * const page = await evaluationReportHtml(evaluation, { name: "churn", rows: "customers.csv" });
 * console.assert(page.startsWith("<!doctype html>"));
 * ```
 */
export function evaluationReportHtml(
  evaluation: Evaluation,
  { name, rows, notes = [], uncalibrated }: EvaluationReportOptions,
): Promise<string> {
  const known = { title: "Before you read on", blocks: notes.map((text) => ({ kind: "text", text }) as const) };
  return renderReport({
    title: `Evaluation of ${name}`,
    subtitle: rows,
    sections: [...(notes.length === 0 ? [] : [known]), ...evaluationSections([{ name, evaluation }], { uncalibrated })],
  });
}
