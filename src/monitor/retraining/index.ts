export { decideRetraining, type RetrainingDecision } from "./decide.js";
export { heartbeat } from "./heartbeat.js";
export { retrainingPolicy, type RetrainingPolicy } from "./policy.js";
export type { RetrainingRunContext } from "./run.js";
export { readRetrainingState } from "./state-store.js";
export {
  corruptState,
  type FinishedRun,
  newRetrainingState,
  type RetrainingState,
  runStatuses,
  stateDocument,
  stateOf,
  time,
} from "./state.js";
export { decideAndClaim, endRun } from "./transitions.js";
