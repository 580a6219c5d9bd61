/**
 * A metric sink that sends to CloudWatch. Needs `@aws-sdk/client-cloudwatch`.
 *
 * @module churnkit/io/cloudwatch
 */
import type * as Sdk from "@aws-sdk/client-cloudwatch";
import { ChurnkitError } from "../../base/errors.js";
import { admitted, batches, checkNamespace, gather, undelivered } from "./cloudwatch-data.js";
import { closedSink, pointCheck, type CheckedPoint } from "./metric-points.js";
import type { MetricSink } from "./metric-sink.js";
import type { MetricTable } from "./metric-table.js";

/** Options of {@link cloudWatchSink}. */
export interface CloudWatchSinkOptions {
  /** Up to 255 letters, digits and `._-/#`, not beginning with `AWS/`. */
  readonly namespace: string;
  /** Your own client, used unchanged and left open; without it the sink makes one, and `close` destroys it. */
  readonly client?: Sdk.CloudWatchClient | undefined;
  /** Default: from the environment. */
  readonly region?: string | undefined;
  /** Another address than AWS's, for tests. */
  readonly endpoint?: string | undefined;
  /** Attempts of a request that is throttled or answered with 5xx, with the SDK's backoff; default 5. */
  readonly maxAttempts?: number | undefined;
  /** Seconds of CloudWatch's periods: 60 (default), or 1, which costs more. */
  readonly resolution?: 1 | 60 | undefined;
  readonly metrics?: MetricTable | undefined;
  /** The current time, for the limits of CloudWatch; default the system's. */
  readonly now?: (() => Date) | undefined;
}

/**
 * A metric sink that sends points to CloudWatch with PutMetricData: labels are dimensions, points of one series and
 * period go as one datum of values and counts, at most 1,000 data and 1 MB in a request. Each different set of labels
 * is a metric that CloudWatch charges for.
 *
 * A write continues after a request that failed, then throws SINK_FAILED; `undeliveredPoints` returns the rest.
 * Points older than 14 days or more than 2 hours ahead are refused in the same way, because CloudWatch drops them. A
 * request whose answer is lost may be counted twice: PutMetricData cannot recognize a repetition.
 *
 * Needs `cloudwatch:PutMetricData`; the condition key `cloudwatch:namespace` can limit it.
 *
 * @throws ChurnkitError PEER_MISSING without the package @aws-sdk/client-cloudwatch, OPTION_INVALID for the namespace.
 * @example
 * ```ts no-run
 * import { cloudWatchSink } from "churnkit/io/cloudwatch";
 *
 * const sink = await cloudWatchSink({ namespace: "Churn/Production", region: "eu-west-1" });
 * await sink.write([{ name: "model_accuracy", value: 0.86, labels: { model: "churn" }, at: new Date() }]);
 * await sink.close?.();
 * ```
 */
export async function cloudWatchSink(options: CloudWatchSinkOptions): Promise<MetricSink> {
  const { namespace, resolution = 60, now = () => new Date() } = options;
  checkNamespace(namespace);
  const check = pointCheck(options.metrics);
  const sdk = await loadSdk();
  const client = options.client ?? new sdk.CloudWatchClient(clientConfig(options));
  const name = `CloudWatch namespace ${namespace}`;
  let closed = false;
  const underWay = new Set<Promise<unknown>>();

  const deliver = async (points: readonly CheckedPoint[]): Promise<void> => {
    const { taken, refused, reason } = admitted(points, now().getTime());
    const lost = [...refused];
    let failure = reason;
    let cause: unknown;
    for (const batch of batches(gather(taken, resolution))) {
      try {
        await client.send(new sdk.PutMetricDataCommand({ Namespace: namespace, MetricData: batch.data }));
      } catch (error) {
        lost.push(...batch.points);
        failure = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
        cause = error;
      }
    }
    if (lost.length > 0) throw undelivered(name, lost, points.length, failure, cause);
  };

  const settled = async (): Promise<void> => {
    await Promise.allSettled(underWay);
  };
  return {
    name,
    capabilities: { durable: true, keeps: "aggregates" },
    async write(points) {
      if (closed) throw closedSink(name);
      const sending = deliver(check(points));
      underWay.add(sending);
      await sending.finally(() => underWay.delete(sending));
    },
    flush: settled,
    async close() {
      closed = true;
      await settled();
      if (options.client === undefined) client.destroy();
    },
  };
}

function clientConfig({ region, endpoint, maxAttempts = 5 }: CloudWatchSinkOptions): object {
  return {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    maxAttempts,
  };
}

async function loadSdk(): Promise<typeof Sdk> {
  try {
    return await import("@aws-sdk/client-cloudwatch");
  } catch (cause) {
    throw new ChurnkitError(
      "PEER_MISSING",
      "The CloudWatch sink needs a package that cannot be loaded here: npm install @aws-sdk/client-cloudwatch",
      {
        where: { value: "@aws-sdk/client-cloudwatch" },
        cause,
      },
    );
  }
}
