import { ChurnkitError } from "../base/errors.js";
import { embeddedMetricSink } from "../io/metrics/index.js";
import { createMonitor, days, monitorBaselineOf, monitorExplainer } from "../monitor/index.js";
import type { HandlerOptions } from "../serving/handler.js";
import type { Models } from "../serving/models/index.js";
import { type MonitoredHandler, withMonitor } from "../serving/monitor.js";
import type { Host } from "./host.js";

/**
 * A handler that watches its model, if CHURNKIT_METRICS asks for that: the monitors' figures go to the log in CloudWatch's embedded
 * metric format, of which CloudWatch makes metrics. Undefined otherwise.
 *
 * @throws ChurnkitError OPTION_INVALID for another format, a wrong namespace, or many models.
 */
export async function watchedHandler(
  models: Models,
  { env, print }: Host,
  options: HandlerOptions,
): Promise<MonitoredHandler | undefined> {
  const { CHURNKIT_METRICS: format = "", CHURNKIT_NAMESPACE: namespace = "Churnkit" } = env;
  if (format === "") return undefined;
  const model = models.find();
  if (format !== "emf" || model?.artifact === undefined)
    throw new ChurnkitError(
      "OPTION_INVALID",
      format === "emf"
        ? "CHURNKIT_METRICS watches one model, and a multi-model endpoint has many. Remove the variable."
        : `CHURNKIT_METRICS is ${JSON.stringify(format.slice(0, 80))}. Set it to emf, or remove it.`,
    );
  const { artifact, name, version } = model;
  const baseline = monitorBaselineOf(artifact);
  const explainer = await monitorExplainer(artifact, baseline);
  // The window of outcomes is that of `churnkit serve`.
  const monitor = createMonitor(baseline, { explainer, labels: { window: days(30) }, version });
  return withMonitor(models, monitor, {
    ...options,
    sink: embeddedMetricSink(print, { namespace }),
    labels: { model: name },
  });
}
