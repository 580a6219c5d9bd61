/**
 * HTML reports with SVG plots.
 *
 * @module churnkit/report
 */
export { driftReportHtml, driftSections, type DriftSectionOptions } from "./drift-sections.js";
export { evaluationReportHtml, type EvaluationReportOptions } from "./evaluation-report.js";
export { explanationReportHtml, type ExplanationReportInput } from "./explanation-report.js";
export { evaluationSections, type NamedEvaluation } from "./model-sections.js";
export { drawPlot, type PlotSpec } from "./plot.js";
export { calibrationPlot } from "./plots/calibration.js";
export { confusionPlot } from "./plots/confusion.js";
export { precisionRecallPlot, profitPlot, rocPlot, seriesOf, thresholdPlot } from "./plots/curves.js";
export { distributionPlot } from "./plots/distribution.js";
export { driftHistoryPlot, type DriftPeriod } from "./plots/drift-history.js";
export { gainsPlot, liftPlot, type Ranked } from "./plots/gains.js";
export { historyPlot } from "./plots/history.js";
export { psiPlot } from "./plots/psi.js";
export type { Series } from "./plots/series.js";
export { escapeHtml, renderReport } from "./render.js";
export type { Block, Card, Cell, Command, Gate, Plot, Report, Section, TableColumn, Tone } from "./sections.js";
export { monitorReportHtml } from "./monitor-report.js";
