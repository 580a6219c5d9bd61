import { ChurnkitError } from "../base/errors.js";
import type { MetricPoint, MetricSink } from "../io/metrics/metric-sink.js";
import type { CaptureWriter } from "../monitor/capture/write.js";
import type { Monitor } from "../monitor/monitor.js";
import { monitorPoints } from "../monitor/judging/points.js";
import type { MonitorReport } from "../monitor/judging/report.js";
import type { Handler } from "./handler.js";
import { exchangeQueue, unref, type MonitorTraffic } from "./monitor-queue.js";

/** How a server watches its own model. */
export interface WithMonitorOptions {
  /** Share of the requests that are looked at, above 0 and up to 1 (the default). */
  readonly sample?: number | undefined;
  /** Takes a report's figures. */
  readonly sink?: MetricSink | undefined;
  /** Milliseconds from one report to the next; 60,000 by default. */
  readonly every?: number | undefined;
  /** Keeps the sampled predictions. */
  readonly capture?: CaptureWriter | undefined;
  /** Gets every report. */
  readonly onReport?: ((report: MonitorReport) => void) | undefined;
  /** Told of what fails; answers are never touched by it. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Most requests and bytes that wait to be looked at; more are dropped and counted. 1,000 and 16 MiB by default. */
  readonly queue?: { readonly requests?: number | undefined; readonly bytes?: number | undefined } | undefined;
  /** Go with every point, such as `{ model: "churn" }`. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** The clock, milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
  /** Of the sampling. 0 by default. */
  readonly seed?: number | undefined;
}

/** A handler that is watched. */
export interface MonitoredHandler extends Handler {
  readonly monitor: Monitor;
  traffic(): MonitorTraffic;
  /** Looks at all that waits, reports, and writes the points. */
  flush(): Promise<MonitorReport>;
  /** Stops the clock and flushes. */
  close(): Promise<void>;
}

/**
 * Watches a handler's own predictions: a sample of requests and their answers goes to the monitor after the answer is on its
 * way, in slices of a few milliseconds (one may be longer: 256 records are counted at once, and a batch's JSON is read at once),
 * from a bounded queue. No answer is changed or failed by it. Every so often
 * the monitor reports, and its figures go to the sink.
 *
 * @throws ChurnkitError OPTION_INVALID for an option out of range.
 *
 * @example
 * ```ts
 * import { createMonitor, monitorBaselineOf } from "churnkit/monitor";
 * import { prometheusSink } from "churnkit/io";
 * import { loadBundle } from "churnkit/model";
 * import { createHandler, prometheusMetrics, withMonitor, withSink } from "churnkit/serving";
 *
 * const { artifact, scorer, manifest } = await loadBundle("model");
 * const sink = prometheusSink();
 * const metrics = withSink(prometheusMetrics("1.0.0"), sink);
 * const handler = createHandler({ scorer, name: "churn", version: manifest.contentHash, source: "local" }, { metrics });
 * const watched = withMonitor(handler, createMonitor(monitorBaselineOf(artifact)), { sample: 0.1, sink, every: 60_000 });
 * // listen(watched, { port: 8080 });
 * await watched.close();
 * ```
 */
export function withMonitor(handler: Handler, monitor: Monitor, options: WithMonitorOptions = {}): MonitoredHandler {
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

  const failed = (error: unknown): void => {
    try {
      options.onError?.(error);
    } catch {
      // Whoever listens for errors must not cause one.
    }
  };

  const queue = exchangeQueue(monitor, { sample, seed, mostRequests, mostBytes, capture, now, failed });
  let hour = hourOf(now());
  let told: MonitorTraffic = queue.traffic();

  const watched: Handler = async (request) => {
    let body: Uint8Array | undefined;
    const response = await handler({
      ...request,
      body: async () => (body = await request.body()),
    });
    try {
      if (body !== undefined && isScoring(request.path) && (response.status === 200 || response.status === 422))
        queue.offer(request.path, body, response);
    } catch (error) {
      failed(error);
    }
    return response;
  };

  /** What has come since the points before. */
  const trafficPoints = (): MetricPoint[] => {
    const before = told;
    told = queue.traffic();
    const outcomes = ["sampled", "dropped", "unreadable", "uncaptured"] as const;
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
    try {
      onReport?.(made);
      await sink?.write([
        ...monitorPoints(made, { at: new Date(at), labels }),
        ...trafficPoints(),
        { name: "monitor_heartbeat_timestamp_seconds", value: at / 1000, labels, at: new Date(at) },
      ]);
    } catch (error) {
      failed(error);
    }
    return made;
  };
  const clock = setInterval(() => {
    // What was captured in an hour is where it belongs soon after it, however few requests come.
    const before = hour;
    hour = hourOf(now());
    if (hour !== before) capture?.flush().catch(failed);
    report().catch(failed);
  }, every);
  unref(clock);

  const flush = async (): Promise<MonitorReport> => {
    queue.drain();
    await capture?.flush().catch(failed);
    return report();
  };
  return Object.assign(watched, {
    monitor,
    traffic: queue.traffic,
    flush,
    async close() {
      clearInterval(clock);
      queue.stop();
      await flush();
    },
  });
}

const hourOf = (time: number): number => Math.floor(time / 3_600_000);

const isScoring = (path: string): boolean =>
  path === "/predict" || path === "/batch-predict" || path === "/invocations";
