/**
 * Deployments that switch without downtime, and versions that come on duty in steps.
 *
 * @module churnkit/deploy
 */
export type { Deployer, DeployRequest, Deployment } from "./deployer.js";
export { localDeployer } from "./local.js";
export { replayDecisions, type ReplayedDecisions } from "./replay/replay.js";
export { localRouter, type LocalRouter } from "./router/router.js";
export type { RolloutGuard, RolloutPlan, RolloutStrategy } from "./rollout/plan.js";
export type { Readings, Shares, Traffic, VersionReadings } from "./rollout/ports.js";
export { runRollout, type RolloutOptions } from "./rollout/run.js";
export type { RolloutState } from "./rollout/state.js";
