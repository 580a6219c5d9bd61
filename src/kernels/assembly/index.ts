export { score } from "./score";
export { gradients, train } from "./train";

/** The first byte of memory that is free for the caller. */
export function heapBase(): usize {
  return __heap_base;
}
// Exported for no caller: kept out of line, where V8 11 lays its loop out well.
export { weightGradient } from "./weight-gradient";
