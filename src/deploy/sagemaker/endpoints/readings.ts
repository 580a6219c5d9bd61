import type { GetMetricDataCommandOutput, MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import { ChurnkitError } from "../../../base/errors.js";
import { watchedEndpoint } from "../../aws/watch/endpoint.js";
import type { Readings, VersionReadings } from "../../rollout/ports.js";
import type { AwsSession } from "../session.js";
import { type Captured, capturedScores } from "./captured-scores.js";

/** Which versions are read, and how. */
export interface ReadingsOf {
  /** The endpoint's name, after the target's. */
  readonly name?: string | undefined;
  /** The version that each variant serves, such as `{ main: "v11", candidate: "v12" }`. */
  readonly versions: Readonly<Record<string, string>>;
  /** Whose score drift the monitors measure: the version, and the model's name in their metrics. */
  readonly monitored?:
    | { readonly version: string; readonly model: string; readonly namespace?: string | undefined }
    | undefined;
  /** Where the endpoint captures: the scores of each version are read there. */
  readonly captured?: Captured | undefined;
}

const minute = 60_000;
const day = 86_400;

/**
 * What CloudWatch knows of the versions of an endpoint: requests, 5xx, latency, and the score drift that churnkit's monitors measured;
 * with `captured`, the scores that it captured too. SageMaker counts by variant and minute. So the two fleets of guardrails, which share a variant, cannot be told apart, and the
 * window begins with a whole minute.
 *
 * @example
 * ```ts
 * import { type AwsSession, endpointReadings } from "churnkit/deploy/sagemaker";
 *
 * async function lastHour(session: AwsSession) {
 *   const readings = endpointReadings(session, { versions: { main: "v11", candidate: "v12" } });
 *   const now = session.clock.now();
 *   return readings.read(now - 3_600_000, now);
 * }
 * console.assert(typeof lastHour === "function");
 * ```
 */
export function endpointReadings(session: AwsSession, { name, versions, monitored, captured }: ReadingsOf): Readings {
  const { model = "none", namespace } = monitored ?? {};
  if (new Set(Object.values(versions)).size < Object.keys(versions).length)
    throw new ChurnkitError(
      "OPTION_INVALID",
      "Two variants serve one version, so that readings cannot compare versions.",
    );
  const watched = watchedEndpoint(session.target, { name, model, namespace, variants: Object.keys(versions) });

  return {
    async read(since, until) {
      const StartTime = new Date(Math.floor(since / minute) * minute);
      const EndTime = new Date(Math.max(Math.ceil(until / minute), StartTime.getTime() / minute + 1) * minute);
      const seconds = (EndTime.getTime() - StartTime.getTime()) / 1000;
      // Few points, but each within the window; one percentile over all of it, because percentiles cannot be added.
      const period = seconds > 3 * 3600 ? 300 : 60;
      const whole = Math.min(seconds, day);
      const stat = (Id: string, Metric: ReturnType<typeof watched.metricOf>, Stat: string, Period = period) => ({
        Id,
        MetricStat: { Metric, Stat, Period },
      });
      const queries: MetricDataQuery[] = Object.keys(versions).flatMap((variant, i) => [
        stat(`requests${i}`, watched.metricOf(variant, "Invocations"), "Sum"),
        stat(`errors${i}`, watched.metricOf(variant, "Invocation5XXErrors"), "Sum"),
        stat(`time${i}`, watched.metricOf(variant, "ModelLatency"), "Sum"),
        stat(`timed${i}`, watched.metricOf(variant, "ModelLatency"), "SampleCount"),
        stat(`slow${i}`, watched.metricOf(variant, "ModelLatency"), "p99", whole),
      ]);
      if (monitored !== undefined) queries.push(stat("drift", watched.monitored("prediction_drift_score"), "Maximum"));
      const values = await valuesOf(session, queries, StartTime, EndTime);
      const readings: Record<string, VersionReadings> = {};
      for (const [i, [variant, version]] of Object.entries(versions).entries()) {
        const total = (id: string): number => sum(values(`${id}${i}`));
        const timed = total("timed");
        const slow = values(`slow${i}`);
        const drift = version === monitored?.version ? values("drift") : [];
        readings[version] = {
          requests: total("requests"),
          errors: total("errors"),
          ...(timed > 0 &&
            slow.length > 0 && { latency: { average: toMs(total("time") / timed), p99: toMs(Math.max(...slow)) } }),
          ...(drift.length > 0 && { scorePsi: Math.max(...drift) }),
          ...(captured && {
            scores: await capturedScores(captured, { endpoint: watched.endpoint, variant }, since, until),
          }),
        };
      }
      return readings;
    },
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0);
/** ModelLatency is in microseconds. */
const toMs = (microseconds: number): number => microseconds / 1000;

/** The values of each query, in a window. */
async function valuesOf(
  session: AwsSession,
  MetricDataQueries: MetricDataQuery[],
  StartTime: Date,
  EndTime: Date,
): Promise<(id: string) => readonly number[]> {
  const found = new Map<string, number[]>();
  for (let NextToken: string | undefined; ;) {
    const page: GetMetricDataCommandOutput = await session.call("cloudwatch", "GetMetricData", {
      ...{ MetricDataQueries, StartTime, EndTime, NextToken },
    });
    for (const { Id = "", Values = [] } of page.MetricDataResults ?? [])
      found.set(Id, [...(found.get(Id) ?? []), ...Values]);
    NextToken = page.NextToken;
    if (NextToken === undefined || NextToken === "") return (id) => found.get(id) ?? [];
  }
}
