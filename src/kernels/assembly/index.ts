export { areFinite, placeDense } from "./place";
export { score } from "./score";
export { scoreTrees } from "./score-trees";
export { scoreTreeRow } from "./score-tree-row";
export { gradients, train } from "./train";
// Not for callers, but an exported function isn't inlined, and out of line V8 11 compiles this loop better (3 % of an
// epoch).
export { weightGradient } from "./weight-gradient";

/** The first byte of memory that is free for the caller. */
export function heapBase(): usize {
  return __heap_base;
}
