export { days } from "./labeled/join.js";
export { millisecondsOf } from "./labeled/records.js";
