/**
 * Deployments that switch without downtime.
 *
 * @module churnkit/deploy
 */
export type { Deployer, DeployRequest, Deployment } from "./deployer.js";
export { localDeployer } from "./local.js";
export { replayDecisions, type ReplayedDecisions } from "./replay/replay.js";
