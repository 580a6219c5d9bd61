export { sequentialStart, sequentialStep } from "./monitor.js";
export { sequentialDecoder } from "./parse-sequential.js";
export { allowanceOfLook, hourlyPlan, type SequentialPlan, sequentialPlan } from "./plan.js";
export type { SequentialState } from "./state.js";
export { addPart, noPeriods, recent, skipPeriods, type Windows } from "./windows.js";
