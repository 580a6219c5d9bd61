export { spooledTargets } from "./spool.js";
