/**
 * Models as JavaScript, SQL and ONNX, to score where churnkit does not run.
 *
 * @module churnkit/export
 */
export { type SqlOptions, toSql } from "./sql/sql.js";
export { toJavaScript } from "./javascript/javascript.js";
