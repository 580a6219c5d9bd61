export { score } from "./score";
export { gradients, train } from "./train";

/** The first byte of memory that is free for the caller. */
export function heapBase(): usize {
  return __heap_base;
}
