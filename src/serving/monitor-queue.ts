import { quietly, unref } from "../base/async/index.js";
import { uniform } from "../base/random.js";
import type { CapturedPrediction, CaptureWriter } from "../monitor/capture/index.js";
import type { Monitor } from "../monitor/index.js";
import type { HandlerOptions } from "./handler.js";
import { predictionsOf } from "./scored-predictions.js";

/** Outcome of the requests that the monitor could sample. */
export interface MonitorTraffic {
  /** Answered requests for scores. */
  readonly requests: number;
  readonly sampled: number;
  /** Sampled, but the queue was full. */
  readonly dropped: number;
  /** Records passed to the monitor. */
  readonly records: number;
  /** How many of these were not captured, because the log could not keep up. */
  readonly uncaptured: number;
}

/** A request that waits. */
interface Waiting {
  /** Approximate memory of its records, in bytes. */
  readonly size: number;
  /** Time of the answer, milliseconds since 1970. */
  readonly at: number;
  readonly predictions: () => readonly CapturedPrediction[];
}

/** A request whose records are being passed to the monitor. */
interface Opened {
  readonly size: number;
  readonly at: number;
  readonly predictions: readonly CapturedPrediction[];
  next: number;
}

/** Milliseconds of work before it yields to other requests. */
const slice = 4;

/** What a queue needs of a monitor. */
export type Counting = Pick<Monitor, "add" | "settle">;

/** How a sample of requests is passed to a monitor. */
export interface ScoredQueueOptions {
  readonly sample: number;
  readonly seed: number;
  readonly mostRequests: number;
  readonly mostBytes: number;
  readonly capture: CaptureWriter | undefined;
  readonly now: () => number;
  readonly failed: (error: unknown) => void;
}

/** Waiting scored requests. */
export interface ScoredQueue {
  readonly traffic: () => MonitorTraffic;
  /** Adds a request if it is sampled and there is room. */
  readonly offer: NonNullable<HandlerOptions["onScored"]>;
  /** Adds predictions that another process has sampled. */
  readonly take: (predictions: readonly CapturedPrediction[]) => void;
  /** Processes everything that waits, now. */
  readonly drain: () => void;
  /** Cancels the planned work. */
  readonly stop: () => void;
  /** The id by which the monitor knows a prediction; undefined for one that it saw long ago, or never. */
  readonly idOf: (predictionId: string) => string | undefined;
}

/** Predictions whose record has an id of its own, by which the monitor knows them, that are remembered by theirs. */
const mostRemembered = 50_000;

/** Memory of a parsed record, in bytes, in addition to twice its text. */
const recordBytes = 128;

/** Memory of a prediction from another process, in bytes: that of a record of usual length. */
const predictionBytes = 1500;

/** A bounded queue for a monitor, processed in slices of a few milliseconds. */
export function scoredQueue(
  monitorNow: () => Counting,
  { sample, seed, mostRequests, mostBytes, capture, now, failed }: ScoredQueueOptions,
): ScoredQueue {
  const random = uniform(seed);
  const traffic = { requests: 0, sampled: 0, dropped: 0, records: 0, uncaptured: 0 };
  const queue: Waiting[] = [];
  let opened: Opened | undefined;
  let held = 0;
  /** Bytes passed to the log and not yet accepted by it: a slow disk or store must not fill the memory. */
  let writing = 0;
  const known = new Map<string, string>();
  const remember = ({ id, predictionId }: CapturedPrediction): void => {
    if (id === null || predictionId === undefined || id === predictionId) return;
    known.set(predictionId, id);
    const [oldest] = known.keys();
    if (known.size > mostRemembered && oldest !== undefined) known.delete(oldest);
  };
  let working: ReturnType<typeof setTimeout> | undefined;

  /** Passes a request's predictions to the log, and prepares them for counting. */
  const open = (waiting: Waiting): Opened => {
    const { size, at } = waiting;
    const predictions = waiting.predictions();
    predictions.forEach(remember);
    if (capture !== undefined && writing + size > mostBytes) traffic.uncaptured += predictions.length;
    else if (capture !== undefined) {
      writing += size;
      quietly(async () => {
        try {
          await capture.write(predictions);
        } finally {
          writing -= size;
        }
      }, failed);
    }
    return { size, at, predictions, next: 0 };
  };

  /** Opens the next request, or passes one record of it to the monitor; false if nothing waits. */
  const step = (): boolean => {
    if (opened === undefined) {
      const waiting = queue.shift();
      if (waiting !== undefined)
        quietly(
          () => void (opened = open(waiting)),
          (error) => {
            held -= waiting.size;
            failed(error);
          },
        );
      return waiting !== undefined;
    }
    const { size, at, predictions } = opened;
    const prediction = predictions[opened.next++];
    if (prediction === undefined) {
      held -= size;
      opened = undefined;
      return true;
    }
    const { record, probability, id, version } = prediction;
    quietly(() => {
      const added: unknown = monitorNow().add(record, probability, {
        at,
        id: id ?? undefined,
        version: version ?? undefined,
      });
      traffic.records++;
      return added;
    }, failed);
    return true;
  };

  /** Works for a few milliseconds, then yields to others. */
  const work = (): void => {
    working = undefined;
    const until = performance.now() + slice;
    while (performance.now() < until && step());
    if (queue.length > 0 || opened !== undefined) return schedule(1);
    let unexplained = 0;
    quietly(() => {
      while (performance.now() < until && (unexplained = monitorNow().settle(1)) > 0);
    }, failed);
    // In idle time, so that the report finds them explained.
    if (unexplained > 0) schedule(4 * slice);
  };
  const schedule = (delay: number): void => {
    working ??= setTimeout(work, delay);
    unref(working);
  };

  const put = (waiting: Waiting): void => {
    traffic.sampled++;
    if (queue.length >= mostRequests || held + waiting.size > mostBytes) {
      traffic.dropped++;
      return;
    }
    queue.push(waiting);
    held += waiting.size;
    schedule(1);
  };

  return {
    traffic: () => ({ ...traffic }),
    offer(records, results, context) {
      traffic.requests++;
      if (random() >= sample) return;
      const at = now();
      put({
        at,
        size: 2 * context.bytes + recordBytes * records.length,
        predictions: () => predictionsOf({ records, results, context, at }, context.model.scorer.contract),
      });
    },
    take(predictions) {
      traffic.requests++;
      const size = predictionBytes * predictions.length;
      put({ at: Date.parse(predictions[0]?.at ?? ""), size, predictions: () => predictions });
    },
    drain: () => {
      while (step());
      quietly(() => monitorNow().settle(), failed);
    },
    stop: () => clearTimeout(working),
    idOf: (predictionId) => known.get(predictionId),
  };
}
