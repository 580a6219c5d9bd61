import type { RollbackOptions } from "../../../registry/registry.js";
import { rollBackEndpoint } from "../endpoints/roll-back.js";
import { describeEndpoint } from "../endpoints/standing.js";
import type { WaitOptions } from "../endpoints/wait.js";
import type { AwsSession } from "../session.js";
import { versionName } from "./model-archive.js";
import { writeReleasedBaseline } from "./released-baseline.js";
import { type ReleasedEndpoint, releaseStatus } from "./status.js";

/** What a rollback came to. */
export interface RollbackOutcome {
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** Where registry, endpoint and monitors name different versions at the end; empty if they agree. */
  readonly disagreements: readonly string[];
}

/** How to roll a release back. */
export interface RollbackReleaseOptions extends WaitOptions, RollbackOptions {
  /** The version to leave. Default: the alias's. With it the call can be repeated after a kill. */
  readonly from?: number | undefined;
}

/**
 * Returns an endpoint to the version that served before, in one call: first the traffic, then the registry's alias and the monitors'
 * baseline. The version that it leaves is quarantined unless `quarantine` is false. From a canary the endpoint returns to the version on
 * duty, to which alias and baseline point already.
 *
 * @throws ChurnkitError DEPLOY_FAILED when there is no former configuration, or the endpoint does not arrive at it; AWS_FAILED,
 * STORE_FAILED.
 * @example
 * ```ts
 * import { type AwsSession, rollBackRelease } from "churnkit/deploy/sagemaker";
 * import type { ModelRegistry } from "churnkit/registry";
 *
 * const leave = (session: AwsSession, registry: ModelRegistry, from: number) =>
 *   rollBackRelease(session, { registry }, { from, reason: "complaints since noon" });
 * console.assert(typeof leave === "function");
 * ```
 */
export async function rollBackRelease(
  session: AwsSession,
  released: ReleasedEndpoint,
  { maxSeconds, onProgress, from: given, ...note }: RollbackReleaseOptions = {},
): Promise<RollbackOutcome> {
  const { registry, name, alias = "champion" } = released;
  const store = released.store ?? (await session.store());
  const before = await releaseStatus(session, { ...released, store });
  const from = given ?? before.alias;
  const serves = from === undefined || before.serving === undefined || (before.serving[versionName(from)] ?? 0) > 0;
  if (serves) {
    const standing = (await describeEndpoint(session, before.endpoint))?.EndpointConfigName;
    await rollBackEndpoint(session, { name, from: standing }, { maxSeconds, onProgress });
  }
  await session.check();
  // What it left may have been a trial, after which the alias's version serves as before.
  const now = serves ? (await releaseStatus(session, { ...released, store })).serving : before.serving;
  const isLeft = from !== undefined && (now?.[versionName(from)] ?? 0) === 0;
  const result = isLeft && before.alias === from ? await registry.rollback(alias, note) : undefined;
  const to = (await registry.aliases()).get(alias);
  if (to !== undefined && to !== from) await writeReleasedBaseline(store, before.endpoint, registry, to);
  const { disagreements } = await releaseStatus(session, { ...released, store });
  return { from, to, disagreements: [...(result?.rolledBack === false ? result.reasons : []), ...disagreements] };
}
