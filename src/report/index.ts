/**
 * HTML reports with SVG plots.
 *
 * @module churnkit/report
 */
export { driftReportHtml } from "./drift-sections.js";
export { evaluationReportHtml } from "./evaluation-report.js";
export { explanationReportHtml } from "./explanation-report.js";
export { monitorReportHtml } from "./monitor-report.js";
