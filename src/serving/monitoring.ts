import { awaitQuietly, quietly, unref } from "../base/async/index.js";
import { ChurnkitError } from "../base/errors.js";
import type { MetricPoint, MetricSink } from "../io/metrics/index.js";
import type { CaptureWriter } from "../monitor/capture/index.js";
import type { Monitor } from "../monitor/index.js";
import { monitorPoints, type MonitorReport } from "../monitor/judging/index.js";
import type { Feedback } from "./feedback.js";
import { scoredQueue, type MonitorTraffic, type ScoredQueue } from "./monitor-queue.js";

/** How a monitor is put to work. */
export interface MonitoringOptions {
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
  /** Called with errors of the monitor. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** A monitor at work, with its queue, clock and log. */
export interface Monitoring extends Pick<ScoredQueue, "offer" | "take"> {
  /** The monitor on watch. */
  readonly monitor: Monitor;
  /** Sets another monitor on watch, as for a new version of the model; what waits is counted by the former one. */
  readonly watch: (monitor: Monitor) => void;
  /** Takes what became of predictions. */
  readonly feedback: (given: readonly Feedback[]) => void;
  readonly traffic: () => MonitorTraffic;
  /** Processes everything that waits, reports, and writes the points. */
  readonly flush: () => Promise<MonitorReport>;
  /** Stops the timer and flushes. */
  readonly close: () => Promise<void>;
}

/**
 * Puts a monitor to work: a sample of the scored requests goes to it in slices, from a bounded queue, and it reports at regular
 * intervals.
 *
 * @throws ChurnkitError OPTION_INVALID for an option out of range.
 */
export function monitoring(first: Monitor, options: MonitoringOptions): Monitoring {
  const { sample = 1, sink, every = 60_000, capture, onReport, labels = {}, now = Date.now, seed = 0 } = options;
  const { requests: mostRequests = 1_000, bytes: mostBytes = 16 * 2 ** 20 } = options.queue ?? {};
  const positive = (name: string, value: number, most: number): void => {
    if (!(value > 0 && value <= most))
      throw new ChurnkitError(
        "OPTION_INVALID",
        `The monitor's ${name} is ${value}. Give a number above 0 and up to ${most}.`,
      );
  };
  positive("sample", sample, 1);
  positive("every", every, 2 ** 31 - 1);
  positive("queue.requests", mostRequests, 1e9);
  positive("queue.bytes", mostBytes, 1e12);

  const failed = (error: unknown): void => quietly(() => options.onError?.(error));
  let monitor = first;
  const queue = scoredQueue(() => monitor, { sample, seed, mostRequests, mostBytes, capture, now, failed });
  let hour = hourOf(now());
  let told: MonitorTraffic = queue.traffic();

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
  return {
    get monitor() {
      return monitor;
    },
    offer: queue.offer,
    take: queue.take,
    watch(next) {
      queue.drain();
      monitor = next;
    },
    feedback(given) {
      const at = now();
      for (const { predictionId, id, label, treated } of given) {
        const known = id ?? (predictionId === undefined ? undefined : (queue.idOf(predictionId) ?? predictionId));
        if (known === undefined) continue;
        if (label !== undefined) monitor.addLabels([{ ...label, id: known }]);
        if (treated !== undefined) monitor.addTreatments([{ id: known, time: at, treated }]);
      }
    },
    traffic: queue.traffic,
    flush,
    async close() {
      clearInterval(clock);
      queue.stop();
      await flush();
    },
  };
}

const hourOf = (time: number): number => Math.floor(time / 3_600_000);
