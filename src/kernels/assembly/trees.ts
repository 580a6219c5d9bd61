export { addToRows, drawRows, measureDistances, packDerivatives, packWeighted, sumLogLoss, sumWeighted } from "./tree-derivatives";
export { gatherDerivatives, partRows, subtract, sumByBin } from "./tree-histogram";
export { findBoundedSplit, findSplit } from "./tree-split";

/** The first byte of memory that is free for the caller. */
export function heapBase(): usize {
  return __heap_base;
}
