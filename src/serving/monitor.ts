import { ChurnkitError } from "../base/errors.js";
import { uniform } from "../base/random.js";
import type { MetricSink } from "../io/metric-sink.js";
import type { CapturedPrediction } from "../drift/monitor/capture/capture.js";
import type { CaptureWriter } from "../drift/monitor/capture/write.js";
import type { Monitor } from "../drift/monitor/monitor.js";
import { monitorPoints } from "../drift/monitor/points.js";
import type { MonitorReport } from "../drift/monitor/report.js";
import type { Handler } from "./handler.js";
import type { ServeResponse } from "./http.js";
import { exchangeOf, type Exchange } from "./monitor-exchange.js";

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

/** What became of the requests that could be looked at. */
export interface MonitorTraffic {
  /** Answered requests for scores. */
  readonly requests: number;
  readonly sampled: number;
  /** Sampled, but the queue was full. */
  readonly dropped: number;
  /** Of the sampled, those whose body or answer could not be read. */
  readonly unreadable: number;
  /** Records handed to the monitor. */
  readonly records: number;
  /** Of these, those that were not captured, since the log could not keep up. */
  readonly uncaptured: number;
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

/** An exchange whose records are being handed to the monitor. */
interface Opened {
  readonly exchange: Exchange;
  readonly predictions: readonly CapturedPrediction[];
  next: number;
}

/** Milliseconds of work before other requests get their turn. */
const slice = 4;

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
 * import { createMonitor, monitorBaselineOf } from "churnkit/drift";
 * import { prometheusSink } from "churnkit/io";
 * import { loadBundle } from "churnkit/model";
 * import { createHandler, prometheusMetrics, withMonitor, withSink } from "churnkit/serving";
 *
 * const { artefact, scorer, manifest } = await loadBundle("model");
 * const sink = prometheusSink();
 * const metrics = withSink(prometheusMetrics("1.0.0"), sink);
 * const handler = createHandler({ scorer, name: "churn", version: manifest.contentHash, source: "local" }, { metrics });
 * const watched = withMonitor(handler, createMonitor(monitorBaselineOf(artefact)), { sample: 0.1, sink, every: 60_000 });
 * // listen(watched, { port: 8080 });
 * await watched.close();
 * ```
 */
export function withMonitor(handler: Handler, monitor: Monitor, options: WithMonitorOptions = {}): MonitoredHandler {
  const { sample = 1, sink, every = 60_000, capture, onReport, labels = {}, now = Date.now, seed = 0 } = options;
  const { requests: mostRequests = 1_000, bytes: mostBytes = 16 * 2 ** 20 } = options.queue ?? {};
  const positive = (name: string, value: number, most: number): void => {
    if (!(value > 0 && value <= most)) throw new ChurnkitError("OPTION_INVALID", `withMonitor's ${name} is ${value}. Give a number above 0 and up to ${most}.`);
  };
  positive("sample", sample, 1);
  positive("every", every, 2 ** 31 - 1);
  positive("queue.requests", mostRequests, 1e9);
  positive("queue.bytes", mostBytes, 1e12);

  const random = uniform(seed);
  const traffic = { requests: 0, sampled: 0, dropped: 0, unreadable: 0, records: 0, uncaptured: 0 };
  const queue: Exchange[] = [];
  let opened: Opened | undefined;
  let held = 0;
  /** Bytes handed to the log and not yet taken in by it: a slow disk or store must not fill the memory. */
  let writing = 0;
  let hour = hourOf(now());
  let working: ReturnType<typeof setTimeout> | undefined;
  const failed = (error: unknown): void => {
    try {
      options.onError?.(error);
    } catch {
      // Whoever listens for errors must not cause one.
    }
  };

  /** Reads an exchange, and hands it to the log; undefined where there is nothing to count. */
  const open = (exchange: Exchange): Opened | undefined => {
    try {
      const predictions = exchangeOf(exchange, monitor.baseline.contract);
      if (predictions !== undefined) {
        keep(exchange, predictions);
        return { exchange, predictions, next: 0 };
      }
    } catch (error) {
      failed(error);
    }
    traffic.unreadable++;
    held -= exchange.bytes;
    return undefined;
  };
  const keep = ({ bytes }: Exchange, predictions: readonly CapturedPrediction[]): void => {
    if (capture === undefined) return;
    if (writing + bytes > mostBytes) {
      traffic.uncaptured += predictions.length;
      return;
    }
    writing += bytes;
    void capture
      .write(predictions)
      .catch(failed)
      .finally(() => (writing -= bytes));
  };

  /** Opens the next exchange, or hands one record of it to the monitor; false where nothing waits. */
  const step = (): boolean => {
    if (opened === undefined) {
      const exchange = queue.shift();
      if (exchange !== undefined) opened = open(exchange);
      return exchange !== undefined;
    }
    const { exchange, predictions } = opened;
    const one = predictions[opened.next++];
    if (one === undefined) {
      held -= exchange.bytes;
      opened = undefined;
      return true;
    }
    const { record, probability, id, version } = one;
    try {
      monitor.add(record, probability, { at: exchange.at, id: id ?? undefined, version: version ?? undefined });
      traffic.records++;
    } catch (error) {
      failed(error);
    }
    return true;
  };

  /** Works for a few milliseconds, then lets others have their turn. */
  const work = (): void => {
    working = undefined;
    const until = performance.now() + slice;
    while (performance.now() < until && step());
    if (queue.length > 0 || opened !== undefined) return schedule(1);
    let unexplained = 0;
    try {
      while (performance.now() < until && (unexplained = monitor.settle(1)) > 0);
    } catch (error) {
      failed(error);
    }
    // At leisure, so that the report finds them explained.
    if (unexplained > 0) schedule(4 * slice);
  };
  const schedule = (delay: number): void => {
    working ??= setTimeout(work, delay);
    unref(working);
  };

  const look = (path: string, body: Uint8Array, response: ServeResponse): void => {
    traffic.requests++;
    if (random() >= sample) return;
    traffic.sampled++;
    const bytes = body.length + response.body.length;
    if (queue.length >= mostRequests || held + bytes > mostBytes) {
      traffic.dropped++;
      return;
    }
    queue.push({ path, body, answer: response.body, status: response.status, at: now(), bytes });
    held += bytes;
    schedule(1);
  };

  const watched: Handler = async (request) => {
    let body: Uint8Array | undefined;
    const response = await handler({
      ...request,
      body: async () => (body = await request.body()),
    });
    try {
      if (body !== undefined && isScoring(request.path) && (response.status === 200 || response.status === 422)) look(request.path, body, response);
    } catch (error) {
      failed(error);
    }
    return response;
  };

  const report = async (): Promise<MonitorReport> => {
    const at = now();
    const made = monitor.report(at);
    try {
      onReport?.(made);
      await sink?.write([
        ...monitorPoints(made, { at: new Date(at), labels }),
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
    while (step());
    monitor.settle();
    await capture?.flush().catch(failed);
    return report();
  };
  return Object.assign(watched, {
    monitor,
    traffic: () => ({ ...traffic }),
    flush,
    async close() {
      clearInterval(clock);
      clearTimeout(working);
      await flush();
    },
  });
}

const hourOf = (time: number): number => Math.floor(time / 3_600_000);

/** A monitor that waits keeps no process alive. */
const unref = (timer: { unref?: () => unknown }): void => {
  timer.unref?.();
};

const isScoring = (path: string): boolean => path === "/predict" || path === "/batch-predict" || path === "/invocations";
