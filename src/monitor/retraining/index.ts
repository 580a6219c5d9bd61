export type { RunReport } from "./controller.js";
export { decideRetraining, type RetrainingDecision } from "./decide.js";
export { heartbeat } from "./heartbeat.js";
export { retrainingPolicy, type RetrainingPolicy } from "./retraining-policy.js";
export type { RetrainingRunContext } from "./retraining-run.js";
export { readRetrainingState } from "./state-store.js";
export {
  corruptState,
  type FinishedRun,
  newRetrainingState,
  type RetrainingRun,
  type RetrainingState,
  runStatuses,
  stateDocument,
  stateOf,
  time,
} from "./retraining-state.js";
export { decideAndClaim, endRun } from "./transitions.js";
