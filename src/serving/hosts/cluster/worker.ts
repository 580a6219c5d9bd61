import cluster from "node:cluster";
import { quietly } from "../../../base/async/index.js";
import type { PrometheusState } from "../../../io/metrics/index.js";
import { createHandler, type HandlerOptions } from "../../handler.js";
import type { Handler } from "../../http.js";
import { countedMetrics, metricsPage } from "../../metrics.js";
import type { Exposure, Models } from "../../models/index.js";
import { scoredQueue } from "../../monitor-queue.js";
import type { Take } from "../../protection/index.js";
import { callsOver } from "./calls.js";

/** What a worker's server can be asked to do. */
export interface WorkerControls {
  /** Finishes what is under way and ends the process. */
  readonly stop: () => void;
  /** Looks for other versions of its models now. */
  readonly refresh: () => Promise<void>;
}

/** A worker, as its server sees it. */
export interface ClusterWorker {
  /** Counts a request for the rate limit of all workers; undefined where the primary does not answer. */
  readonly counted: (who: string) => Promise<Take | undefined>;
  /** Tells the others that a model has changed, so that they look too. @param said the change in words. */
  changed(said: string): void;
  /** Hands on who met which variant. */
  readonly exposed: (exposure: Exposure) => void;
  /**
   * A handler that shares the metrics of all workers, and is ready when all are.
   *
   * @param sample share of the requests that go to the monitor in the primary; none without it.
   */
  handler(
    models: Models,
    options: HandlerOptions & { readonly onError: (error: unknown) => void },
    sample: number | undefined,
  ): { readonly handler: Handler; readonly close: () => Promise<void> };
  /** Tells the primary that this worker listens. */
  listens(told: unknown, controls: WorkerControls): void;
}

/** Most waiting requests, and bytes of them, that are kept for the monitor. */
const queueLimits = { mostRequests: 1000, mostBytes: 16 * 2 ** 20 } as const;

/** Connects this process with its primary, with which it ends. */
export function clusterWorker(): ClusterWorker {
  let allListen = false;
  let controls: WorkerControls | undefined;
  let metricsState = (): PrometheusState => [];
  const { ask, take } = callsOver((message) => void (process.connected && process.send?.(message)), {
    ready: (all: boolean) => void (allListen = all),
    metrics: () => metricsState(),
    refresh: () => controls?.refresh(),
    stop: () => controls?.stop(),
  });
  process.on("message", (message) => take(message));

  return {
    counted: countedTogether(
      (senders) => ask("take", senders).catch(() => []) as Promise<readonly (Take | undefined)[]>,
    ),
    changed: (said) => quietly(() => ask("changed", said)),
    exposed: (exposure) => quietly(() => ask("exposure", exposure)),
    handler(given, options, sample) {
      const metrics = countedMetrics(() => given.find()?.version);
      metricsState = metrics.state;
      const page = { ...metrics, render: async () => metricsPage(String(await ask("page"))) };
      const models: Models = { ...given, ready: () => allListen && given.ready() };
      const shared = { ...options, metrics: page };
      if (sample === undefined) return { handler: createHandler(models, shared), close: () => Promise.resolve() };
      const sending = new Set<Promise<unknown>>();
      const flush = async (): Promise<void> => void (await Promise.allSettled(sending));
      // The monitor is in the primary, and so is the log: a file has one writer.
      const queue = scoredQueue(() => ({ add: () => undefined, settle: () => 0 }), {
        ...queueLimits,
        sample,
        seed: cluster.worker?.id ?? 0,
        now: Date.now,
        failed: options.onError,
        capture: {
          async write(predictions) {
            const sent = ask("predictions", predictions);
            sending.add(sent);
            await sent.finally(() => sending.delete(sent));
          },
          flush,
          close: flush,
        },
      });
      const [watched] = given.names();
      return {
        handler: createHandler(models, {
          ...shared,
          feedback: (entries) => ask("feedback", entries),
          onScored(records, results, context) {
            if (context.model.name === watched) queue.offer(records, results, context);
          },
        }),
        async close() {
          queue.stop();
          queue.drain();
          await flush();
        },
      };
    },
    listens(told, given) {
      controls = given;
      quietly(() => ask("listening", told));
    },
  };
}

/** Counts the requests of one turn of the event loop together. */
function countedTogether(
  ask: (senders: readonly string[]) => Promise<readonly (Take | undefined)[]>,
): ClusterWorker["counted"] {
  let asked: { readonly who: string; readonly done: (take: Take | undefined) => void }[] = [];
  const send = async (): Promise<void> => {
    const now = asked;
    asked = [];
    const takes = await ask(now.map(({ who }) => who));
    now.forEach(({ done }, i) => done(takes[i]));
  };
  return (who) =>
    new Promise((done) => {
      if (asked.push({ who, done }) === 1) setImmediate(() => quietly(send));
    });
}
