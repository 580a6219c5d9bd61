import { count, optional, strictObject } from "../../../base/json/index.js";
import { decodeWith } from "../../aws/decode.js";
import { suffix } from "../../aws/requests/decoders.js";
import { nameOf } from "../../aws/target.js";
import { orMissing } from "../call-failed.js";
import type { AwsSession } from "../session.js";
import { readHistory } from "./history.js";
import { configsInUse, madeFor, modelsOf } from "./made.js";
import { deleteMade, type Removed } from "./remove.js";
import { describeEndpoint } from "./standing.js";

const options = strictObject({ name: optional(suffix), keep: optional(count(0, 1000)) });
/** A configuration that nobody serves yet, and a model that no configuration names yet, may be those of a deployment under way. */
const youngMs = 3_600_000;

/**
 * Deletes what deployments of an endpoint left behind, but for the newest configurations and their models. What serves, what is on
 * its way, and what a rollback may return to always stays: SageMaker patches running endpoints from their configuration and models.
 *
 * @throws ChurnkitError OPTION_INVALID, AWS_FAILED.
 * @example
 * ```ts
 * import { type AwsSession, pruneEndpoint } from "churnkit/deploy/sagemaker";
 *
 * const tidy = (session: AwsSession) => pruneEndpoint(session, { keep: 5 });
 * console.assert(typeof tidy === "function");
 * ```
 */
export async function pruneEndpoint(
  session: AwsSession,
  which: {
    /** The endpoint's name, after the target's. */
    readonly name?: string | undefined;
    /** How many of the newest configurations stay in any case, one less than an hour old even with 0. Default 3. */
    readonly keep?: number | undefined;
  } = {},
): Promise<Pick<Removed, "configs" | "models">> {
  const { name, keep = 3 } = decodeWith(options, which, "What to prune", "which", "docs/aws-endpoints.md");
  const endpoint = nameOf(session.target, name);
  const made = await madeFor(session, endpoint);
  const inUse = await configsInUse(session);
  // Old and new instances serve side by side, and SageMaker does not name both configurations.
  if ((await describeEndpoint(session, endpoint))?.EndpointStatus === "UpdateRollbackFailed")
    return { configs: [], models: [] };
  const history = await orMissing(readHistory(session, endpoint));
  const old = session.clock.now() - youngMs;
  const kept = new Set([
    ...made.configs.filter(({ created }, i) => i < keep || (i === 0 && created >= old)).map((each) => each.name),
    ...inUse.configs,
    ...(history?.previous ?? []),
  ]);
  const configs = made.configs.map((each) => each.name).filter((config) => !kept.has(config));
  const keptModels = await modelsOf(session, kept);
  const named = await modelsOf(session, configs);
  const models = made.models
    .filter(({ name: model, created }) => !keptModels.has(model) && (named.has(model) || created < old))
    .map((each) => each.name);
  await deleteMade(session, configs, models);
  return { configs, models };
}
