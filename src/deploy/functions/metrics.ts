import type { Clock } from "../../base/async/index.js";
import { embeddedMetricSink, type MetricSink } from "../../io/metrics/index.js";

/** Metrics as Lambda takes them, without a call or a permission: lines of CloudWatch's embedded format on stdout. */
export const metricsOnStdout = (clock: Pick<Clock, "now">): MetricSink =>
  embeddedMetricSink((line) => void process.stdout.write(`${line}\n`), {
    namespace: "Churnkit",
    now: () => new Date(clock.now()),
  });
