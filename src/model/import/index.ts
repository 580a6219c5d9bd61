export { importTrees } from "./import-trees.js";
