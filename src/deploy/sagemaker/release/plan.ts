import { policyFor } from "../../aws/access/policy.js";
import { monthlyCost, type MonthlyCost } from "../../aws/cost/monthly-cost.js";
import type { Prices } from "../../aws/cost/prices.js";
import { type ReplayedDecisions, replayDecisions } from "../../replay/replay.js";
import type { Readings } from "../../rollout/ports.js";
import type { ModelRegistry } from "../../../registry/index.js";
import { type EndpointDeployment, plan as planned } from "../endpoints/planned.js";
import type { AwsSession } from "../session.js";
import { type MeasuredLatency, measureLatency } from "./latency.js";
import { versionName } from "./model-archive.js";

/** What a release would change, before it changes anything. */
export interface ReleasePlan {
  readonly endpoint: string;
  /** The version on duty; undefined for the first release. */
  readonly from: number | undefined;
  readonly to: number;
  /** What it will do, in words, one a step. */
  readonly steps: readonly string[];
  /** Decisions that change on the given records; null without records or without a version on duty. */
  readonly decisions: ReplayedDecisions | null;
  /** Milliseconds of a request on this machine, of each version; null unless asked for. */
  readonly latency: { readonly current: MeasuredLatency | null; readonly candidate: MeasuredLatency } | null;
  /** A month's cost in US dollars, with the traffic of the last week. */
  readonly cost: { readonly current: MonthlyCost | null; readonly candidate: MonthlyCost; readonly requests: number };
  /** IAM actions that the release may use. */
  readonly actions: readonly string[];
}

/** What a plan looks at. */
export interface PlanOptions {
  /** Records that the version on duty has answered, such as captured traffic. */
  readonly records?: Iterable<unknown> | AsyncIterable<unknown> | undefined;
  /** Columns whose levels are the segments of the decisions. */
  readonly segments?: readonly string[] | undefined;
  /** Whether both versions are served on this machine and timed. It needs records. Default false. */
  readonly measureLatency?: boolean | undefined;
  readonly prices?: Prices | undefined;
}

interface Planning {
  readonly registry: ModelRegistry;
  readonly from: { readonly number: number; readonly deployment: EndpointDeployment } | undefined;
  readonly to: { readonly number: number; readonly deployment: EndpointDeployment };
  readonly steps: readonly string[];
  readonly readings: Readings;
}

/** Records for decisions and latency, at most. */
const mostRecords = 20_000;
const week = 7 * 24 * 3_600_000;
const weeksPerMonth = 730 / 168;

/** Makes the plan of a release. It writes nothing. */
export async function planRelease(
  session: AwsSession,
  { registry, from, to, steps, readings }: Planning,
  { records, segments, measureLatency: timed = false, prices }: PlanOptions,
): Promise<ReleasePlan> {
  const { endpoint, config } = planned(session.target, to.deployment);
  const { during = <T>(work: () => Promise<T>) => work() } = session.clock;
  const requests = from === undefined ? 0 : await monthlyRequests(session, readings);
  const costOf = (deployment: EndpointDeployment): MonthlyCost =>
    monthlyCost(planned(session.target, deployment).config, { requests }, prices);
  const sample = records === undefined ? [] : await firstOf(records, mostRecords);
  return {
    endpoint,
    from: from?.number,
    to: to.number,
    steps: [...steps, `End with ${config.EndpointConfigName}.`],
    decisions:
      from === undefined || sample.length === 0
        ? null
        : await compared(registry, from.number, to.number, sample, segments),
    latency:
      timed && sample.length > 0
        ? await during(async () => ({
            current: from === undefined ? null : await measureLatency(registry, from.number, sample),
            candidate: await measureLatency(registry, to.number, sample),
          }))
        : null,
    cost: { current: from === undefined ? null : costOf(from.deployment), candidate: costOf(to.deployment), requests },
    actions: [...new Set(policyFor("release", session.target).Statement.flatMap(({ Action }) => Action))].sort(),
  };
}

async function compared(
  registry: ModelRegistry,
  from: number,
  to: number,
  records: readonly unknown[],
  segments: readonly string[] | undefined,
): Promise<ReplayedDecisions> {
  const [current, candidate] = await Promise.all([registry.load(from), registry.load(to)]);
  const { costs } = candidate.artifact.decision;
  return replayDecisions(current.scorer, candidate.scorer, records, { segments, costs });
}

async function monthlyRequests({ clock }: AwsSession, readings: Readings): Promise<number> {
  const now = clock.now();
  const byVersion = await readings.read(now - week, now);
  const requests = Object.values(byVersion).reduce((sum, reading) => sum + reading.requests, 0);
  return Math.round(requests * weeksPerMonth);
}

async function firstOf(records: Iterable<unknown> | AsyncIterable<unknown>, most: number): Promise<unknown[]> {
  const some: unknown[] = [];
  for await (const record of records) {
    some.push(record);
    if (some.length === most) break;
  }
  return some;
}

/**
 * A plan as text, for a person who decides.
 *
 * @example
 * ```ts
 * import { planText, type ReleasePlan } from "churnkit/deploy/sagemaker";
 *
 * function ask(plan: ReleasePlan): boolean {
 *   console.log(planText(plan));
 *   return plan.decisions === null || plan.decisions.changes.share < 0.1;
 * }
 * console.assert(typeof ask === "function");
 * ```
 */
export function planText({ endpoint, from, to, steps, decisions, latency, cost, actions }: ReleasePlan): string {
  const lines = [
    `Release of ${versionName(to)} at ${endpoint}${from === undefined ? "" : `, after ${versionName(from)}`}`,
    ...steps.map((step, i) => `  ${i + 1}. ${step}`),
  ];
  if (decisions !== null) lines.push(...decisionLines(decisions));
  if (latency !== null) {
    const { current, candidate } = latency;
    const was = current === null ? "" : `, before ${ms(current.p50)} and ${ms(current.p99)}`;
    lines.push(`Latency on this machine: p50 ${ms(candidate.p50)}, p99 ${ms(candidate.p99)}${was}`);
  }
  const { current, candidate, requests } = cost;
  lines.push(
    `Cost of a month: ${usd(candidate.total)}${current === null ? "" : `, before ${usd(current.total)}`}, at ${requests.toLocaleString("en-US")} requests (list prices of ${candidate.prices.region}, ${candidate.prices.date})`,
    `IAM actions: ${actions.join(", ")}`,
  );
  return lines.join("\n");
}

const ms = (value: number): string => `${value.toFixed(1)} ms`;
const usd = (value: number): string => `$${value.toFixed(2)}`;
const percent = (share: number): string => `${Number((share * 100).toFixed(1))} %`;
const shownSegments = 5;

function decisionLines({ records, changes, segments, profit, refusedBy }: ReplayedDecisions): string[] {
  const refused =
    refusedBy.candidate === 0 ? "" : `; the candidate refuses ${refusedBy.candidate} that were scored before`;
  return [
    `Decisions on ${records} records: ${changes.toPositive} become positive, ${changes.toNegative} negative (${percent(changes.share)})${refused}`,
    ...segments
      .filter(({ share }) => share > 0)
      .slice(0, shownSegments)
      .map((each) => `  ${each.column} ${each.level}: ${percent(each.share)} of ${each.records}`),
    ...(profit === null
      ? []
      : [`Expected profit on these records: ${profit.candidate.toFixed(0)}, before ${profit.current.toFixed(0)}`]),
  ];
}
