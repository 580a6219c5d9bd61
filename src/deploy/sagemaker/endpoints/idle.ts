import type { DescribeEndpointConfigOutput, EndpointSummary } from "@aws-sdk/client-sagemaker";
import { ChurnkitError } from "../../../base/errors.js";
import { monthlyCost, type MonthlyCost } from "../../aws/cost/monthly-cost.js";
import type { Prices } from "../../aws/cost/prices.js";
import { nameOf } from "../../aws/target.js";
import { allPages } from "../all-pages.js";
import type { AwsSession } from "../session.js";
import { describeConfig, describeEndpoint } from "./standing.js";

/** An endpoint that few or none ask. */
export interface IdleEndpoint {
  readonly endpoint: string;
  /** In the days that were looked at. */
  readonly requests: number;
  /** Of a month with these instances and as many requests a day; null if the prices lack a type of instance. */
  readonly cost: MonthlyCost | null;
}

const day = 86_400;
const daysPerMonth = 730 / 24;

/**
 * Finds endpoints without traffic, and what they cost: the costliest first. One that is younger than the days that are looked at is not idle
 * yet. It changes nothing; `removeEndpoint` removes one.
 *
 * @param options `days` to look back, 7 by default; `atMost` so many requests in these, 0 by default, and Infinity lists all; `prices`, by default
 * `listPrices`; `everywhere` looks at all endpoints of the account, not only at those of the target, and needs the permissions for that.
 * @throws ChurnkitError OPTION_INVALID, AWS_FAILED.
 * @example
 * ```ts
 * import { type AwsSession, idleEndpoints } from "churnkit/deploy/sagemaker";
 *
 * async function report(session: AwsSession) {
 *   for (const { endpoint, requests, cost } of await idleEndpoints(session, { days: 14 }))
 *     console.log(`${endpoint}: ${requests} requests, $${cost?.total.toFixed(0) ?? "?"} a month`);
 * }
 * console.assert(typeof report === "function");
 * ```
 */
export async function idleEndpoints(
  session: AwsSession,
  options: {
    readonly days?: number | undefined;
    readonly atMost?: number | undefined;
    readonly prices?: Prices | undefined;
    readonly everywhere?: boolean | undefined;
  } = {},
): Promise<IdleEndpoint[]> {
  const { days = 7, atMost = 0, prices, everywhere = false } = options;
  if (!(days >= 1))
    throw new ChurnkitError("OPTION_INVALID", `The option days must be a number from 1, not ${days}.`, {
      where: { path: "days", value: days },
    });
  const until = session.clock.now();
  const since = until - days * day * 1000;
  const own = nameOf(session.target);
  const isAsked = ({ EndpointName = "", CreationTime }: EndpointSummary): boolean =>
    (everywhere || EndpointName === own || EndpointName.startsWith(`${own}-`)) &&
    (CreationTime?.getTime() ?? 0) <= since;
  const pages = await allPages((NextToken) =>
    session.call("sagemaker", "ListEndpoints", { StatusEquals: "InService", MaxResults: 100, NextToken }),
  );
  const idle: IdleEndpoint[] = [];
  for (const { EndpointName: endpoint = "" } of pages.flatMap(({ Endpoints = [] }) => Endpoints.filter(isAsked))) {
    const standing = await describeEndpoint(session, endpoint);
    const config = standing && (await describeConfig(session, standing.EndpointConfigName ?? ""));
    if (standing === undefined || config === undefined) continue;
    const variants = standing.ProductionVariants ?? [];
    const requests = await requestsOf(session, endpoint, variants, since, until);
    if (requests > atMost) continue;
    const instances = variants.flatMap(({ VariantName = "", CurrentInstanceCount: count }) =>
      count === undefined ? [] : [[VariantName, count] as const],
    );
    const usage = { requests: (requests / days) * daysPerMonth, instances: Object.fromEntries(instances) };
    idle.push({ endpoint, requests, cost: costOf(config, usage, prices) });
  }
  return idle.sort((a, b) => (b.cost?.total ?? Infinity) - (a.cost?.total ?? Infinity));
}

async function requestsOf(
  session: AwsSession,
  EndpointName: string,
  variants: readonly { readonly VariantName?: string | undefined }[],
  since: number,
  until: number,
): Promise<number> {
  const MetricDataQueries = variants.map(({ VariantName = "" }, i) => {
    const Dimensions = Object.entries({ EndpointName, VariantName }).map(([Name, Value]) => ({ Name, Value }));
    const Metric = { Namespace: "AWS/SageMaker", MetricName: "Invocations", Dimensions };
    return { Id: `requests${i}`, MetricStat: { Metric, Period: day, Stat: "Sum" } };
  });
  const window = { StartTime: new Date(since), EndTime: new Date(until) };
  const pages = await allPages((NextToken) =>
    session.call("cloudwatch", "GetMetricData", { MetricDataQueries, ...window, NextToken }),
  );
  const values = pages.flatMap(({ MetricDataResults = [] }) => MetricDataResults.flatMap(({ Values = [] }) => Values));
  return values.reduce((sum, value) => sum + value, 0);
}

function costOf(
  config: DescribeEndpointConfigOutput,
  usage: Parameters<typeof monthlyCost>[1],
  prices: Prices | undefined,
): MonthlyCost | null {
  try {
    return monthlyCost(config, usage, prices);
  } catch (error) {
    if (ChurnkitError.isInstance(error) && error.code === "OPTION_INVALID") return null;
    throw error;
  }
}
