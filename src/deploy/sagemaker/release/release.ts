import { Paused, pausing } from "../../../base/async/index.js";
import { ChurnkitError } from "../../../base/errors.js";
import type { ModelRegistry, ModelVersion } from "../../../registry/index.js";
import { isUsable, type VersionRef } from "../../../registry/versions/index.js";
import type { Guardrails } from "../../aws/requests/guardrails.js";
import { checkPlan } from "../../rollout/check-plan.js";
import type { RolloutPlan } from "../../rollout/plan.js";
import type { Readings } from "../../rollout/ports.js";
import { readRollout } from "../../rollout/record.js";
import { type RolloutOptions, runRollout } from "../../rollout/run.js";
import type { RolloutState } from "../../rollout/state.js";
import { deployEndpoint } from "../endpoints/deploy.js";
import { guardedTraffic } from "../endpoints/guarded-traffic.js";
import type { EndpointDeployment } from "../endpoints/planned.js";
import type { ReadingsOf } from "../endpoints/readings.js";
import type { TrafficBetween } from "../endpoints/trial.js";
import { variantTraffic } from "../endpoints/variant-traffic.js";
import type { WaitOptions } from "../endpoints/wait.js";
import { followed, isUnderWay } from "./followed.js";
import type { AwsSession } from "../session.js";
import { archiveUri, putArchive, versionName } from "./model-archive.js";
import { planRelease, type PlanOptions, type ReleasePlan } from "./plan.js";
import { readingsOf } from "./readings.js";
import { writeReleasedBaseline } from "./released-baseline.js";
import { type ReleasedEndpoint, releaseStatus } from "./status.js";
import { stepsOf } from "./steps.js";

/** A version that shall come on duty, and how. */
export interface Release extends ReleasedEndpoint {
  readonly version: VersionRef;
  /** What the endpoint should be with a version, named as `v12`, whose bundle is the archive at `data`. */
  readonly serve: (version: string, data: string) => Omit<EndpointDeployment, "name">;
  readonly rollout: RolloutPlan;
  /** Lets SageMaker move the traffic by steps and alarms of its own; the rollout's strategy is then `allAtOnce`. */
  readonly guardrails?: Guardrails | undefined;
}

/** Who decides about a release, and who is told. */
export interface ReleaseOptions
  extends
    Pick<RolloutOptions, "owner" | "lease" | "every" | "approvals" | "onChange" | "signal" | "again">,
    PlanOptions,
    WaitOptions {
  /** Is shown the plan before anything is written; false ends the release. */
  readonly onPlan?: ((plan: ReleasePlan) => boolean | Promise<boolean>) | undefined;
  /** Default: CloudWatch's metrics of the endpoint. */
  readonly readings?: Readings | undefined;
  /**
   * The name under which monitors of your own measure the candidate, and the namespace of their metrics: where a guard `scoreDrift` finds the
   * score drift then. Default: it compares the scores that the endpoint captured of both versions, if its configuration captures into the
   * target's folder.
   */
  readonly monitored?: Omit<NonNullable<ReadingsOf["monitored"]>, "version"> | undefined;
}

/** How a release ended. */
export interface ReleaseOutcome {
  /**
   * `released`: the version is on duty. `unchanged`: it was already. `returned`: the former version is on duty again, or still.
   * `declined`: the plan was refused. `stopped`: somebody else changed the traffic, and there was nobody to ask. `unfinished`: the version has
   * all traffic, but not the alias.
   */
  readonly outcome: "released" | "unchanged" | "returned" | "declined" | "stopped" | "unfinished";
  readonly version: number;
  /** The version that it follows; undefined for the first one, and where nothing changes. */
  readonly former: number | undefined;
  readonly reason: string;
  /** The rollout's last state; undefined where there was none. */
  readonly rollout?: RolloutState | undefined;
  /** Where registry, endpoint and monitors name different versions at the end; empty if they agree. */
  readonly disagreements: readonly string[];
}

/**
 * Brings a version of the registry on duty at an endpoint: shows a plan, puts the bundle where SageMaker reads it, moves the traffic
 * in steps while guards watch, and points the registry's alias and the monitors' baseline to the version in the end. A candidate
 * that fails a guard is sent back and quarantined. The first release of an endpoint creates it.
 *
 * It may be killed at any moment: the same call continues. Called again after its end, it changes nothing.
 *
 * @throws ChurnkitError REGISTRY_REFUSED for a version that must not be released, STORE_CONFLICT while another release is at work,
 * OPTION_INVALID for a plan that does not fit or the account of others, DEPLOY_FAILED when registry and endpoint do not name the same version
 * before it begins, or the endpoint does not take a change; AWS_FAILED, STORE_FAILED.
 * @example
 * ```ts
 * import { type AwsSession, planText, release } from "churnkit/deploy/sagemaker";
 * import type { ModelRegistry } from "churnkit/registry";
 *
 * const toProduction = (session: AwsSession, registry: ModelRegistry, version: number) =>
 *   release(
 *     session,
 *     {
 *       registry,
 *       version,
 *       serve: (name, data) => ({
 *         models: { [name]: { data } },
 *         config: { kind: "real-time", variants: [{ model: name, instanceType: "ml.m5.large", instances: 2 }] },
 *       }),
 *       rollout: {
 *         strategy: { kind: "canary", steps: [0.1, 0.5, 1], bake: 600_000 },
 *         guards: [{ kind: "errorRate", above: 0.01 }, { kind: "latency", statistic: "p99", above: 200 }],
 *       },
 *     },
 *     { onPlan: (plan) => (console.log(planText(plan)), true) },
 *   );
 * console.assert(typeof toProduction === "function");
 * ```
 */
export async function release(
  session: AwsSession,
  asked: Release,
  options: ReleaseOptions = {},
): Promise<ReleaseOutcome> {
  checkPlan(asked.rollout);
  const store = asked.store ?? (await session.store());
  const version = await asked.registry.get(asked.version);
  const status = await releaseStatus(session, { ...asked, store });
  const { number } = version;
  const ended = async (how: Ended): Promise<ReleaseOutcome> => {
    const { disagreements } = await releaseStatus(session, { ...asked, store });
    return { former: undefined, ...how, version: number, disagreements };
  };
  if (status.alias === number && status.disagreements.length === 0)
    return ended({ outcome: "unchanged", reason: `Version ${number} is on duty.` });
  const key = `releases/${status.endpoint}.json`;
  const begun = await readRollout(store, key);
  const former = followed(status, number, begun);
  if (!isUnderWay(begun, number)) checkUsable(asked.registry, version);
  const moves = await movesOf(session, asked, { version, former });
  const readings = readingsOf(session, { ...asked, store }, options, moves);
  if (options.onPlan !== undefined) {
    const plan = await planRelease(session, { ...asked, ...moves, steps: stepsOf(asked, former), readings }, options);
    if (!(await options.onPlan(plan))) return ended({ outcome: "declined", former, reason: "The plan was refused." });
  }

  await session.check();
  await putArchive(store, asked.registry, version);
  const rollout = await moveTraffic(session, asked, options, { ...moves, readings, store, key });
  if (rollout !== undefined) {
    const { phase, end, reason } = rollout;
    if (phase !== "ended") return ended({ outcome: "stopped", former, reason, rollout });
    if (end?.winner !== "candidate") return ended({ outcome: "returned", former, reason, rollout });
  }
  const refused = await takeOver(asked, number, status.alias);
  if (refused !== undefined) return ended({ outcome: "unfinished", former, reason: refused, rollout });
  await writeReleasedBaseline(store, status.endpoint, asked.registry, number);
  return ended({ outcome: "released", former, reason: rollout?.reason ?? `Version ${number} is on duty.`, rollout });
}

type Ended = Pick<ReleaseOutcome, "outcome" | "reason"> & Partial<Pick<ReleaseOutcome, "rollout" | "former">>;

/** A version and what the endpoint is with it. */
export interface Deployed {
  readonly number: number;
  readonly deployment: EndpointDeployment;
}

/** From which version to which; without `from` there is no endpoint yet, or nobody to compare with. */
export interface Moves {
  readonly from: Deployed | undefined;
  readonly to: Deployed;
}

function checkUsable({ name }: ModelRegistry, { number, status, statusNote: { reason } }: ModelVersion): void {
  if (isUsable(status)) return;
  throw new ChurnkitError(
    "REGISTRY_REFUSED",
    `Version ${number} of ${name} is ${status}${reason === undefined ? "" : ` (${reason})`}. Release another version, or approve this one first.`,
    { where: { value: number } },
  );
}

async function movesOf(
  { target }: AwsSession,
  { registry, name, serve }: Release,
  { version, former }: { readonly version: ModelVersion; readonly former: number | undefined },
): Promise<Moves> {
  const deployed = (of: ModelVersion): Deployed => ({
    number: of.number,
    deployment: { ...serve(versionName(of.number), archiveUri(target, of)), name },
  });
  return {
    from: former === undefined ? undefined : deployed(await registry.get(former)),
    to: deployed(version),
  };
}

/** Gives the candidate all traffic, in steps unless it is the first version. */
async function moveTraffic(
  session: AwsSession,
  { registry, rollout, guardrails }: Release,
  options: ReleaseOptions,
  { from, to, ...record }: Moves & Pick<RolloutOptions, "readings" | "store" | "key">,
): Promise<RolloutState | undefined> {
  const { maxSeconds, onProgress } = options;
  if (from === undefined) {
    await deployEndpoint(session, to.deployment, { maxSeconds, onProgress });
    return undefined;
  }
  const between: TrafficBetween = { stable: from.deployment, candidate: to.deployment };
  const withdrawn = new AbortController();
  const readings: Readings = {
    async read(...window) {
      if (!isUsable((await registry.get(to.number)).status)) withdrawn.abort();
      return record.readings.read(...window);
    },
  };
  return runRollout({
    ...options,
    ...record,
    readings,
    // Somebody may reject or quarantine the candidate meanwhile.
    signal: AbortSignal.any([withdrawn.signal, ...(options.signal ? [options.signal] : [])]),
    plan: rollout,
    candidate: versionName(to.number),
    stable: versionName(from.number),
    traffic:
      guardrails === undefined
        ? variantTraffic(session, between, { maxSeconds, onProgress })
        : guardedTraffic(session, between, { guardrails, maxSeconds, onProgress }),
    clock: session.clock,
    quarantine: (_, reason) => registry.setStatus(to.number, "quarantined", { reason }),
  });
}

/** Points the alias to the version; says why it does not. */
async function takeOver(
  { registry, alias = "champion" }: Release,
  number: number,
  current: number | undefined,
): Promise<string | undefined> {
  if (current === number) return undefined;
  const result = await registry.promote(number, alias, { expected: current ?? null, reason: "released" });
  if (result.promoted) return undefined;
  return `Version ${number} has all traffic, but the registry refused the alias ${alias}: ${result.reasons.join(" ")} Remove the cause and release again, or roll back.`;
}

/**
 * Takes a release as far as it can go without waiting. Call it again, a minute or more later, until it is no longer `under way`; that is
 * what the function of `releaseMachine` does, since a Lambda function cannot wait for hours.
 *
 * @throws ChurnkitError as {@link release}.
 * @example
 * ```ts
 * import { type AwsSession, type Release, releaseStep } from "churnkit/deploy/sagemaker";
 *
 * const handlerFor = (session: AwsSession, asked: Release) => () => releaseStep(session, asked);
 * console.assert(typeof handlerFor === "function");
 * ```
 */
export async function releaseStep(
  session: AwsSession,
  asked: Release,
  options: ReleaseOptions = {},
): Promise<ReleaseOutcome | { readonly outcome: "under way"; readonly reason: string }> {
  try {
    // One owner, so that each step continues at once what the one before it left.
    return await release({ ...session, clock: pausing(session.clock) }, asked, { owner: "release-step", ...options });
  } catch (error) {
    if (!(error instanceof Paused)) throw error;
    return { outcome: "under way", reason: error.message };
  }
}
