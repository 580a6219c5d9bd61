export { evaluateGate, type Gate, type GateCheck, type GateVerdict } from "./gate.js";
export { gates } from "./gates.js";
export { parseGate } from "./parse-gate.js";
export { type Allowances, type SoundnessDemand, soundVerdict, trainingFactsIn } from "./soundness.js";
