export { parseConstraints } from "./constraints.js";
