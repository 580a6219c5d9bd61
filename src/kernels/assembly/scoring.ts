// All that scores; index.ts adds what trains.
export { areFinite, placeDense } from "./place";
export { score } from "./score";
export { scoreTrees } from "./score-trees";
export { scoreTreeRow } from "./score-tree-row";
// Not for callers, but what is exported isn't inlined: so the same instructions score in both modules.
export { outputForward } from "./output";
export { gather } from "./rows";

/** The first byte of memory that is free for the caller. */
export function heapBase(): usize {
  return __heap_base;
}
