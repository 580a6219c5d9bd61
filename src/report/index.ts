/**
 * HTML reports with SVG plots, and model cards.
 *
 * @module churnkit/report
 */
export { modelCard, modelCardHtml, modelCardMarkdown, modelCardSageMaker } from "./card/index.js";
export { driftReportHtml } from "./drift-sections.js";
export { evaluationReportHtml } from "./evaluation-report.js";
export { explanationReportHtml } from "./explanation-report.js";
export { monitorReportHtml } from "./monitor-report.js";
