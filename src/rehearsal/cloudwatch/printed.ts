import type { PutMetricDataInput } from "@aws-sdk/client-cloudwatch";
import { parseJson } from "../../base/json/index.js";
import { embeddedMetricSink, type MetricSink } from "../../io/metrics/index.js";
import type { VirtualClock } from "../clock.js";

/** What a line of CloudWatch's embedded metric format says, as far as our sink writes it. */
interface Line extends Record<string, unknown> {
  readonly _aws: {
    readonly Timestamp: number;
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string }[];
    }[];
  };
}

/** Metrics that functions print, taken as CloudWatch Logs does: no permission is needed. */
export const printedMetrics = (clock: VirtualClock, put: (input: PutMetricDataInput) => unknown): MetricSink =>
  embeddedMetricSink(
    (text) => {
      const line = parseJson(text) as Line;
      const { Timestamp, CloudWatchMetrics } = line._aws;
      for (const { Namespace, Dimensions, Metrics } of CloudWatchMetrics) {
        const named = (names: readonly string[]) => names.map((Name) => ({ Name, Value: String(line[Name]) }));
        const MetricData = Dimensions.flatMap((names) =>
          Metrics.map(({ Name }) => ({
            MetricName: Name,
            Dimensions: named(names),
            Values: [line[Name]].flat() as number[],
            // Seconds, as on the wire.
            Timestamp: (Timestamp / 1000) as unknown as Date,
          })),
        );
        put({ Namespace, MetricData });
      }
    },
    { namespace: "Churnkit", now: () => new Date(clock.now()) },
  );
