import { awaitQuietly, quietly, unref } from "../base/async/index.js";
import { ChurnkitError } from "../base/errors.js";
import type { MetricPoint, MetricSink } from "../io/metrics/index.js";
import type { CaptureWriter } from "../monitor/capture/index.js";
import type { Monitor } from "../monitor/index.js";
import { monitorPoints, type MonitorReport } from "../monitor/judging/index.js";
import { createHandler, type HandlerOptions } from "./handler.js";
import { modelsOf, type Models, type ServedModel } from "./models/index.js";
import type { Handler } from "./http.js";
import { scoredQueue, type MonitorTraffic } from "./monitor-queue.js";

/** Options of a server that watches its own model, with its handler's. `onError` also gets the monitor's failures. */
export interface WithMonitorOptions extends HandlerOptions {
  /** Share of the requests that are monitored, above 0 and up to 1 (the default). */
  readonly sample?: number | undefined;
  /** Takes a report's figures. */
  readonly sink?: MetricSink | undefined;
  /** Milliseconds from one report to the next; 60,000 by default. */
  readonly every?: number | undefined;
  /** Store of the sampled predictions. */
  readonly capture?: CaptureWriter | undefined;
  /** Gets every report. */
  readonly onReport?: ((report: MonitorReport) => void) | undefined;
  /**
   * Limit on the waiting requests, and on their approximate bytes of memory: twice the body and 128 for each record.
   * More are dropped and counted. 1,000 and 16 MiB by default.
   */
  readonly queue?: { readonly requests?: number | undefined; readonly bytes?: number | undefined } | undefined;
  /** Added to every point, such as `{ model: "churn" }`. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** The clock, milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
  /** Seed of the sampling. 0 by default. */
  readonly seed?: number | undefined;
}

/** A handler with a monitored model. */
export interface MonitoredHandler extends Handler {
  /** The monitor on watch. */
  readonly monitor: Monitor;
  /** Sets another monitor on watch, as for a new version of the model; what waits is counted by the former one. */
  watch(monitor: Monitor): void;
  traffic(): MonitorTraffic;
  /** Processes everything that waits, reports, and writes the points. */
  flush(): Promise<MonitorReport>;
  /** Stops the timer and flushes. */
  close(): Promise<void>;
}

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
  const { sample = 1, sink, every = 60_000, capture, onReport, labels = {}, now = Date.now, seed = 0 } = options;
  const { requests: mostRequests = 1_000, bytes: mostBytes = 16 * 2 ** 20 } = options.queue ?? {};
  const positive = (name: string, value: number, most: number): void => {
    if (!(value > 0 && value <= most))
      throw new ChurnkitError(
        "OPTION_INVALID",
        `withMonitor's ${name} is ${value}. Give a number above 0 and up to ${most}.`,
      );
  };
  positive("sample", sample, 1);
  positive("every", every, 2 ** 31 - 1);
  positive("queue.requests", mostRequests, 1e9);
  positive("queue.bytes", mostBytes, 1e12);

  const failed = (error: unknown): void => quietly(() => options.onError?.(error));
  const models = modelsOf(given);
  let monitor = first;
  const queue = scoredQueue(() => monitor, { sample, seed, mostRequests, mostBytes, capture, now, failed });
  let hour = hourOf(now());
  let told: MonitorTraffic = queue.traffic();
  const handler = createHandler(models, {
    ...options,
    feedback(given) {
      const at = now();
      for (const { predictionId, id, label, treated } of given) {
        const known = id ?? (predictionId === undefined ? undefined : (queue.idOf(predictionId) ?? predictionId));
        if (known === undefined) continue;
        if (label !== undefined) monitor.addLabels([{ ...label, id: known }]);
        if (treated !== undefined) monitor.addTreatments([{ id: known, time: at, treated }]);
      }
      return options.feedback?.(given);
    },
    onScored: (records, results, context) => {
      // A monitor knows one model: requests for others are not its own.
      if (context.model.name === models.names()[0]) queue.offer(records, results, context);
      return options.onScored?.(records, results, context);
    },
  });

  /** Counts since the previous points. */
  const trafficPoints = (): MetricPoint[] => {
    const before = told;
    told = queue.traffic();
    const outcomes = ["sampled", "dropped", "uncaptured"] as const;
    return outcomes.map((outcome) => ({
      name: "monitored_requests_total",
      value: told[outcome] - before[outcome],
      labels: { ...labels, outcome },
      at: new Date(now()),
    }));
  };
  const report = async (): Promise<MonitorReport> => {
    const at = now();
    const made = monitor.advance(at);
    quietly(() => onReport?.(made), failed);
    const heartbeat = { name: "monitor_heartbeat_timestamp_seconds", value: at / 1000, labels, at: new Date(at) };
    const points = [...monitorPoints(made, { at: new Date(at), labels }), ...trafficPoints(), heartbeat];
    await awaitQuietly(() => sink?.write(points), failed);
    return made;
  };
  const clock = setInterval(() => {
    // An hour's captures are written soon after the hour ends, even if few requests come.
    const before = hour;
    hour = hourOf(now());
    if (hour !== before) quietly(() => capture?.flush(), failed);
    quietly(report, failed);
  }, every);
  unref(clock);

  const flush = async (): Promise<MonitorReport> => {
    queue.drain();
    await awaitQuietly(() => capture?.flush(), failed);
    return report();
  };
  const own: Omit<MonitoredHandler, keyof Handler> = {
    get monitor() {
      return monitor;
    },
    watch(next) {
      queue.drain();
      monitor = next;
    },
    traffic: queue.traffic,
    flush,
    async close() {
      clearInterval(clock);
      queue.stop();
      await flush();
    },
  };
  return Object.defineProperties(handler, Object.getOwnPropertyDescriptors(own)) as MonitoredHandler;
}

const hourOf = (time: number): number => Math.floor(time / 3_600_000);
