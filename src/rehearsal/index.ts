/**
 * AWS on this machine: the definitions that churnkit makes, run on a virtual clock.
 *
 * @module churnkit/rehearsal
 */
export { virtualClock, type VirtualClock } from "./clock.js";
export type { State, StateMachine } from "./states/definition.js";
export { StateFault } from "./states/fault.js";
export { runStateMachine, type StateEvent, type StateServices } from "./states/interpreter.js";
