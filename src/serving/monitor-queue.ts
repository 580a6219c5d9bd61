import { uniform } from "../base/random.js";
import type { CapturedPrediction } from "../monitor/capture/capture.js";
import type { CaptureWriter } from "../monitor/capture/write.js";
import type { Monitor } from "../monitor/monitor.js";
import type { ServeResponse } from "./http.js";
import { exchangeOf, type Exchange } from "./monitor-exchange.js";

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

/** An exchange whose records are being handed to the monitor. */
interface Opened {
  readonly exchange: Exchange;
  readonly predictions: readonly CapturedPrediction[];
  next: number;
}

/** Milliseconds of work before other requests get their turn. */
const slice = 4;

/** How a sample of exchanges is handed to a monitor. */
export interface ExchangeQueueOptions {
  readonly sample: number;
  readonly seed: number;
  readonly mostRequests: number;
  readonly mostBytes: number;
  readonly capture: CaptureWriter | undefined;
  readonly now: () => number;
  readonly failed: (error: unknown) => void;
}

/** Exchanges that wait to be looked at. */
export interface ExchangeQueue {
  readonly traffic: () => MonitorTraffic;
  /** Takes an exchange in if it is sampled and there is room. */
  readonly offer: (path: string, body: Uint8Array, response: ServeResponse) => void;
  /** Looks at all that waits, now. */
  readonly drain: () => void;
  /** Ends the work that is planned. */
  readonly stop: () => void;
}

/** A bounded queue before a monitor, worked off in slices of a few milliseconds. */
export function exchangeQueue(
  monitor: Monitor,
  { sample, seed, mostRequests, mostBytes, capture, now, failed }: ExchangeQueueOptions,
): ExchangeQueue {
  const random = uniform(seed);
  const traffic = { requests: 0, sampled: 0, dropped: 0, unreadable: 0, records: 0, uncaptured: 0 };
  const queue: Exchange[] = [];
  let opened: Opened | undefined;
  let held = 0;
  /** Bytes handed to the log and not yet taken in by it: a slow disk or store must not fill the memory. */
  let writing = 0;
  let working: ReturnType<typeof setTimeout> | undefined;
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

  const offer = (path: string, body: Uint8Array, response: ServeResponse): void => {
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

  return {
    traffic: () => ({ ...traffic }),
    offer,
    drain: () => {
      while (step());
      monitor.settle();
    },
    stop: () => clearTimeout(working),
  };
}

/** A monitor that waits keeps no process alive. */
export const unref = (timer: { unref?: () => unknown }): void => {
  timer.unref?.();
};
