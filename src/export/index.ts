/**
 * Models as JavaScript, SQL and ONNX, to score where churnkit does not run.
 *
 * @module churnkit/export
 */
export { type SqlOptions, toSql } from "./sql/sql.js";
export { toOnnx } from "./onnx/onnx.js";
export { toJavaScript } from "./javascript/javascript.js";
