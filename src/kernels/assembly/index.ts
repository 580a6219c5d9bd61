export * from "./scoring";
export { gradients, train } from "./train";
// Not for callers, but an exported function isn't inlined, and out of line V8 11 compiles this loop better (3 % of an
// epoch).
export { weightGradient } from "./weight-gradient";
