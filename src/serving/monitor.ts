import type { Monitor } from "../monitor/index.js";
import { createHandler, type HandlerOptions } from "./handler.js";
import { modelsOf, type Models, type ServedModel } from "./models/index.js";
import type { Handler } from "./http.js";
import { monitoring, type Monitoring, type MonitoringOptions } from "./monitoring.js";

export { monitoring, type Monitoring };

/** Options of a server that watches its own model, with its handler's. `onError` also gets the monitor's failures. */
export interface WithMonitorOptions extends HandlerOptions, Omit<MonitoringOptions, "onError"> {}

/** A handler with a monitored model. */
export interface MonitoredHandler extends Handler, Omit<Monitoring, "offer" | "take" | "feedback"> {}

/**
 * Returns a handler that monitors its own predictions: a sample of the scored requests goes to the monitor after the
 * answer is on its way, in slices of a few milliseconds (one may be longer: 256 records are counted at once), from a
 * bounded queue. It never changes or fails an answer. The monitor reports at regular intervals, and its figures go to
 * the sink.
 *
 * @throws ChurnkitError OPTION_INVALID for an option out of range.
 *
 * @example
 * ```ts
 * import { createMonitor, monitorBaselineOf } from "churnkit/monitor";
 * import { prometheusSink } from "churnkit/io";
 * import { loadBundle } from "churnkit/model";
 * import { prometheusMetrics, withMonitor, withSink } from "churnkit/serving";
 *
 * const { artifact, scorer, manifest } = await loadBundle("model");
 * const sink = prometheusSink();
 * const metrics = withSink(prometheusMetrics("1.0.0"), sink);
 * const model = { scorer, name: "churn", version: manifest.contentHash, source: "local" };
 * const watched = withMonitor(model, createMonitor(monitorBaselineOf(artifact)), { metrics, sample: 0.1, sink, every: 60_000 });
 * // listen(watched, { port: 8080 });
 * await watched.close();
 * ```
 */
export function withMonitor(
  given: ServedModel | Models,
  first: Monitor,
  options: WithMonitorOptions = {},
): MonitoredHandler {
  const models = modelsOf(given);
  const work = monitoring(first, options);
  const handler = createHandler(models, {
    ...options,
    feedback(given) {
      work.feedback(given);
      return options.feedback?.(given);
    },
    onScored: (records, results, context) => {
      // A monitor knows one model: requests for others are not its own.
      if (context.model.name === models.names()[0]) work.offer(records, results, context);
      return options.onScored?.(records, results, context);
    },
  });
  const own: Omit<MonitoredHandler, keyof Handler> = {
    get monitor() {
      return work.monitor;
    },
    watch: work.watch,
    traffic: work.traffic,
    flush: work.flush,
    close: work.close,
  };
  return Object.defineProperties(handler, Object.getOwnPropertyDescriptors(own)) as MonitoredHandler;
}
