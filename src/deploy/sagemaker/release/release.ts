import { Paused, pausing } from "../../../base/async/index.js";
import { ChurnkitError } from "../../../base/errors.js";
import { isUsable, type VersionRef } from "../../../registry/versions/index.js";
import type { Guardrails } from "../../aws/requests/guardrails.js";
import { mainVariant } from "../../aws/requests/variants.js";
import { checkPlan } from "../../rollout/check-plan.js";
import type { RolloutPlan } from "../../rollout/plan.js";
import type { Readings, Traffic } from "../../rollout/ports.js";
import { readRollout } from "../../rollout/record.js";
import { type RolloutOptions, runRollout } from "../../rollout/run.js";
import type { RolloutState } from "../../rollout/state.js";
import { deployEndpoint } from "../endpoints/deploy.js";
import { guardedTraffic } from "../endpoints/guarded-traffic.js";
import type { EndpointDeployment } from "../endpoints/planned.js";
import { endpointReadings } from "../endpoints/readings.js";
import { candidateVariant, type TrafficBetween, trialOf } from "../endpoints/trial.js";
import { variantTraffic } from "../endpoints/variant-traffic.js";
import type { WaitOptions } from "../endpoints/wait.js";
import type { AwsSession } from "../session.js";
import { targetStore } from "../target-store.js";
import { archiveUri, numberOf, putArchive, versionName } from "./model-archive.js";
import { planRelease, type PlanOptions, type ReleasePlan } from "./plan.js";
import { writeReleasedBaseline } from "./released-baseline.js";
import { type ReleasedEndpoint, releaseStatus, type ReleaseStatus } from "./status.js";

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
}

/** How a release ended. */
export interface ReleaseOutcome {
  /**
   * `released`: the version is on duty. `unchanged`: it was already. `returned`: the former version is on duty again, or still.
   * `declined`: the plan was refused. `stopped`: somebody else changed the traffic, and there was nobody to ask.
   */
  readonly outcome: "released" | "unchanged" | "returned" | "declined" | "stopped";
  readonly version: number;
  /** The version on duty before. */
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
  const { registry, name, alias = "champion" } = asked;
  checkPlan(asked.rollout);
  const store = asked.store ?? (await targetStore(session));
  const version = await registry.get(asked.version);
  const { number } = version;
  const status = await releaseStatus(session, { ...asked, store });
  const ended = async (how: Pick<ReleaseOutcome, "outcome" | "reason" | "rollout">): Promise<ReleaseOutcome> => {
    const { disagreements } = await releaseStatus(session, { ...asked, store });
    return { ...how, version: number, former: stable, disagreements };
  };
  const stable = onDuty(status, number);
  if (status.alias === number && status.disagreements.length === 0)
    return ended({ outcome: "unchanged", reason: `Version ${number} is on duty.` });
  const key = `releases/${status.endpoint}.json`;
  if (!isUsable(version.status) && !isUnderWay(await readRollout(store, key), number))
    throw new ChurnkitError(
      "REGISTRY_REFUSED",
      `Version ${number} of ${registry.name} is ${version.status}${version.statusNote.reason === undefined ? "" : ` (${version.statusNote.reason})`}. Release another version, or approve this one first.`,
      { where: { value: number } },
    );

  const deploymentOf = async (of: number): Promise<EndpointDeployment> => {
    const found = of === number ? version : await registry.get(of);
    return { ...asked.serve(versionName(of), archiveUri(session.target, found)), name };
  };
  const candidate = await deploymentOf(number);
  const between = stable === undefined ? undefined : { stable: await deploymentOf(stable), candidate };
  const readings =
    options.readings ??
    endpointReadings(session, {
      name,
      versions: variantsOf(between, asked.guardrails !== undefined, versionName(number)),
    });
  if (options.onPlan !== undefined) {
    const plan = await planRelease(
      session,
      {
        registry,
        from: between && stable !== undefined ? { number: stable, deployment: between.stable } : undefined,
        to: { number, deployment: candidate },
        steps: stepsOf(asked, stable),
        readings,
      },
      options,
    );
    if (!(await options.onPlan(plan))) return ended({ outcome: "declined", reason: "The plan was refused." });
  }

  await session.check();
  await putArchive(store, registry, version);
  let rollout: RolloutState | undefined;
  if (between === undefined || stable === undefined) await deployEndpoint(session, candidate, options);
  else {
    rollout = await runRollout({
      ...options,
      plan: asked.rollout,
      candidate: versionName(number),
      stable: versionName(stable),
      traffic: trafficOf(session, between, asked.guardrails, options),
      readings,
      store,
      key,
      clock: session.clock,
      quarantine: (_, reason) => registry.setStatus(number, "quarantined", { reason }),
    });
    const { phase, end, reason } = rollout;
    if (phase !== "ended") return ended({ outcome: "stopped", reason, rollout });
    if (end?.winner !== "candidate") return ended({ outcome: "returned", reason, rollout });
  }
  const refused = await takeOver();
  if (refused !== undefined) return ended({ outcome: "released", reason: refused, rollout });
  await writeReleasedBaseline(store, status.endpoint, registry, number);
  return ended({ outcome: "released", reason: rollout?.reason ?? `Version ${number} is on duty.`, rollout });

  /** Points the alias to the version; says why it does not. */
  async function takeOver(): Promise<string | undefined> {
    if (status.alias === number) return undefined;
    const result = await registry.promote(number, alias, { expected: status.alias ?? null, reason: "released" });
    return result.promoted ? undefined : `The registry refused the alias: ${result.reasons.join(" ")}`;
  }
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

/** Whether a rollout of the version has begun and not ended: its end may have quarantined the version already. */
const isUnderWay = (state: RolloutState | undefined, number: number): boolean =>
  state?.candidate === versionName(number) && state.phase !== "ended";

/**
 * The version that the candidate follows: the one of the alias, or the one that serves where the alias has moved on already.
 *
 * @throws ChurnkitError DEPLOY_FAILED when somebody else changed what serves.
 */
function onDuty({ endpoint, alias, serving, disagreements }: ReleaseStatus, candidate: number): number | undefined {
  if (serving === undefined) return undefined;
  const others = Object.keys(serving).filter((each) => each !== versionName(candidate));
  const isKnown = (each: string): boolean => alias === undefined || alias === candidate || each === versionName(alias);
  const [other] = others;
  // A canary of this candidate, or the candidate alone: a release that was killed.
  if (other === undefined) return alias === candidate ? undefined : alias;
  const number = numberOf(other);
  if (others.length === 1 && number !== undefined && alias !== undefined && isKnown(other)) return number;
  throw new ChurnkitError(
    "DEPLOY_FAILED",
    `${disagreements.join(" ")} Nothing was changed. Somebody changed the endpoint ${endpoint} by hand or another tool did: point the alias to what serves, or roll the endpoint back, before a release.`,
    { where: { value: serving } },
  );
}

const trafficOf = (
  session: AwsSession,
  between: TrafficBetween,
  guardrails: Guardrails | undefined,
  { maxSeconds, onProgress }: WaitOptions,
): Traffic =>
  guardrails === undefined
    ? variantTraffic(session, between, { maxSeconds, onProgress })
    : guardedTraffic(session, between, { guardrails, maxSeconds, onProgress });

/** Guardrails keep one variant, in which both versions follow each other. */
function variantsOf(
  between: TrafficBetween | undefined,
  isGuarded: boolean,
  candidate: string,
): Record<string, string> {
  if (between === undefined || isGuarded) return { [mainVariant]: candidate };
  const { main, versions } = trialOf(between);
  return { [main]: versions.stable, [candidateVariant]: versions.candidate };
}

function stepsOf({ rollout, guardrails }: Release, stable: number | undefined): string[] {
  if (stable === undefined) return ["Create the endpoint."];
  const { strategy, guards = [], approval = [] } = rollout;
  return [
    guardrails === undefined
      ? strategyText(strategy)
      : `SageMaker's guardrails move the traffic (${guardrails.strategy}).`,
    `Guards: ${guards.map(({ kind }) => kind).join(", ") || "none"}.`,
    ...(approval.length > 0 ? [`Wait for an approval before ${approval.map(percent).join(", ")}.`] : []),
  ];
}

function strategyText(strategy: RolloutPlan["strategy"]): string {
  switch (strategy.kind) {
    case "canary":
      return `Deploy both versions side by side, and give the candidate ${strategy.steps.map(percent).join(", ")} of the traffic.`;
    case "linear":
      return `Deploy both versions side by side, and give the candidate ${percent(strategy.by)} more at each step.`;
    case "allAtOnce":
      return "Deploy both versions side by side, and give the candidate all traffic.";
    case "ab":
      return `Deploy both versions side by side, and give the candidate ${percent(strategy.share)} of the traffic until one wins.`;
    case "shadow":
      return "Send the candidate copies of the requests.";
  }
}

const percent = (share: number): string => `${Number((share * 100).toFixed(2))} %`;
