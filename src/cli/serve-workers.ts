import cluster from "node:cluster";
import { createServer } from "node:net";
import { availableParallelism } from "node:os";
import { quietly, unref } from "../base/async/index.js";
import { ChurnkitError } from "../base/errors.js";
import { prometheusText, renderState } from "../io/metrics/index.js";
import { collectEvery, totalsOf, WorkerFailed, workersOf } from "../serving/hosts/index.js";
import type { Exposure, LoadedModel } from "../serving/models/index.js";
import { monitoring } from "../serving/monitor.js";
import { memoryRates, type Take } from "../serving/protection/index.js";
import { exit, note, reasonOf } from "./output.js";
import type { ServeConfig } from "./serve-config.js";
import { exposuresAt, servedModels } from "./serve-models.js";
import { stopOnSignal, tell, type ProcessOptions, type Told } from "./serve-process.js";
import { quotaOf, warnIfOpen } from "./serve-protection.js";
import { isWatched, monitorAtWork } from "./watched-handler.js";

type Options = ServeConfig &
  ProcessOptions & { readonly host: string; readonly port: number; readonly tlsPort: number };

/** Whether this process is one of the workers. */
export const isWorker = (): boolean => cluster.isWorker;

const countOf = ({ workers }: ServeConfig): number => (typeof workers === "number" ? workers : availableParallelism());

/** A worker's options: its part of the limits that hold for all. Standard input is the primary's. */
export function shareOfWorker<T extends Options>(options: T): T {
  const share = (most: number): number => Math.ceil(most / countOf(options));
  const { maxInFlight = 1000, maxConnections } = options;
  return {
    ...options,
    maxInFlight: share(maxInFlight),
    maxConnections: maxConnections === undefined ? undefined : share(maxConnections),
    stopWithStdin: false,
  };
}

/**
 * Serves by workers that share the ports. This process, the primary, hands them connections, and has what there must be once: rate
 * limits, the page of metrics, the monitor and its files.
 */
export async function serveByWorkers(words: readonly string[], options: Options): Promise<void> {
  if (options.onDemand !== undefined)
    throw new ChurnkitError(
      "OPTION_INVALID",
      "--on-demand is for one process: a worker would not know the models of the others. Leave out --workers.",
    );
  warnIfOpen(options);
  const onError = (error: unknown): void => note(`churnkit: ${reasonOf(error)}`);
  const monitor = isWatched(options) ? await monitorOf(words, options, onError) : undefined;
  const exposures = await exposuresAt(options.exposures, onError);
  const metrics = clusterMetrics();
  let lastSaid = "";
  const workers = workersOf({
    count: countOf(options),
    args: [...process.argv.slice(2), ...(await portArguments(options))],
    answers: {
      ...monitor?.answers,
      take: takeBy(options),
      exposure: (one: Exposure) => exposures?.add(one),
      page: async () =>
        renderState(await totals.collect()) + metrics.render(workers.listening()) + (monitor?.render() ?? ""),
      changed(said: string) {
        if (said !== lastSaid) note(said);
        lastSaid = said;
        quietly(() => workers.askAll("refresh"));
        if (monitor !== undefined) quietly(monitor.refresh, onError);
      },
    },
    onEnd(worker, how) {
      totals.ended(worker);
      metrics.restart();
      note(`churnkit: worker ${worker} ended (${how}); another takes its place`);
    },
  });
  const totals = totalsOf(workers.askAll);
  unref(setInterval(() => quietly(totals.collect), collectEvery));
  const stop = (): void => {
    workers
      .stop()
      .then(() => monitor?.close())
      .then(() => exposures?.close())
      .catch(onError)
      .finally(() => process.exit(exit.done));
  };
  stopOnSignal(stop, options);
  try {
    tell(options, (await workers.start()) as Told);
  } catch (error) {
    // It has said why.
    if (error instanceof WorkerFailed) process.exit(error.code);
    throw error;
  }
}

/** Most senders that the rate limit remembers. */
const mostSenders = 10_000;

/** Counts requests of all workers for the rate limit. */
function takeBy(options: ServeConfig): (senders: readonly string[]) => readonly (Take | undefined)[] {
  const quota = quotaOf(options);
  if (quota === undefined) return () => [];
  const rates = memoryRates({ requests: quota.requests, window: 1000 * quota.seconds }, mostSenders, () =>
    performance.now(),
  );
  return (senders) => senders.map((who) => rates.take(who));
}

/** Metrics about the workers themselves. */
function clusterMetrics() {
  const text = prometheusText();
  const gauge = { type: "gauge", prometheus: "churnkit_workers", help: "Workers that listen." } as const;
  const counter = {
    type: "counter",
    prometheus: "churnkit_worker_restarts_total",
    help: "Workers that ended and were replaced.",
  } as const;
  text.declare(gauge);
  const restart = text.series(counter, []);
  return {
    restart: () => restart(1),
    render(listening: number): string {
      text.add({ metric: gauge, labels: [], value: listening, at: 0 });
      return text.render();
    },
  };
}

/** The monitor in the primary: workers send it what they sampled. */
async function monitorOf(words: readonly string[], options: Options, onError: (error: unknown) => void) {
  const handled: { watch?: (model: LoadedModel) => void } = {};
  const served = await servedModels(words, options, {
    onChange: (model) => handled.watch?.(model),
    onExposure: undefined,
  });
  let render = (): string => "";
  const { work, watch, close } = await monitorAtWork(served.models, options, onError, (monitor, settings) => {
    render = () => settings.sink.render();
    return monitoring(monitor, { ...settings, sample: 1, onError });
  });
  handled.watch = watch;
  return {
    render: () => render(),
    refresh: served.refresh,
    answers: { predictions: work.take, feedback: work.feedback },
    async close() {
      served.close();
      await close();
    },
  };
}

/** Ports as arguments: workers that share a free one have to know it. */
async function portArguments({ host, port, tlsPort, tlsCert, grpcPort }: Options): Promise<readonly string[]> {
  const known = async (option: string, wanted: number): Promise<string[]> => [
    option,
    String(wanted === 0 ? await freePort(host) : wanted),
  ];
  return [
    ...(await known("--port", port)),
    ...(tlsCert === undefined ? [] : await known("--tls-port", tlsPort)),
    ...(grpcPort === undefined ? [] : await known("--grpc-port", grpcPort)),
  ];
}

const freePort = (host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, host, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
