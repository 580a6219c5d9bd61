import { existsSync } from "node:fs";
import { quietly } from "../base/async/index.js";
import { ChurnkitError } from "../base/errors.js";
import type { PrometheusSink } from "../io/metrics/index.js";
import type { CaptureWriter } from "../monitor/capture/index.js";
import type { Monitor } from "../monitor/index.js";
import type { MonitorReport } from "../monitor/judging/index.js";
import { writeFileAtomic } from "../io/atomic.js";
import { createHandler, type HandlerOptions } from "../serving/handler.js";
import type { Handler } from "../serving/http.js";
import type { LoadedModel, Models } from "../serving/models/index.js";
import type { Monitoring } from "../serving/monitor.js";
import { prometheusMetrics } from "../serving/metrics.js";
import { withSink } from "../serving/with-sink.js";
import { readJson } from "./json-file.js";
import { note, reasonOf } from "./output.js";

/** Options for `churnkit serve` to watch its model. */
export interface WatchOptions {
  readonly monitor?: number | undefined;
  readonly capture?: string | undefined;
  readonly monitorState?: string | undefined;
}

/** A handler with the monitors behind it. */
export interface WatchedHandler {
  readonly handler: Handler;
  /** Begins with monitors for another version of the default model. */
  readonly watch: (model: LoadedModel) => void;
  readonly close: () => Promise<void>;
}

/** Whether anything of a model is watched. */
export const isWatched = ({ monitor, capture, monitorState }: WatchOptions): boolean =>
  (monitor ?? capture ?? monitorState) !== undefined;

/** Returns a model's handler, with the monitors behind it if they are requested. */
export async function watchedHandler(
  models: Models,
  watch: WatchOptions,
  options: HandlerOptions & { readonly onError: (error: unknown) => void },
): Promise<WatchedHandler> {
  const metrics = prometheusMetrics(() => models.find()?.version);
  if (!isWatched(watch)) {
    return {
      handler: createHandler(models, { ...options, metrics }),
      watch: () => undefined,
      close: () => Promise.resolve(),
    };
  }
  const { withMonitor } = await import("../serving/monitor.js");
  const { work, ...rest } = await monitorAtWork(models, watch, options.onError, (monitor, settings) =>
    withMonitor(models, monitor, { ...options, ...settings, metrics: withSink(metrics, settings.sink) }),
  );
  return { ...rest, handler: work };
}

/** How a monitor is put to work here. */
interface Settings {
  readonly sample: number;
  readonly sink: PrometheusSink;
  readonly labels: Readonly<Record<string, string>>;
  readonly capture: CaptureWriter | undefined;
  readonly onReport: (report: MonitorReport) => void;
}

/** Puts the monitor of the default model to work, with its files, and keeps its state. */
export async function monitorAtWork<T extends Pick<Monitoring, "monitor" | "watch" | "close">>(
  models: Models,
  { monitor: share, capture, monitorState: file }: WatchOptions,
  onError: (error: unknown) => void,
  start: (monitor: Monitor, settings: Settings) => T,
): Promise<{ readonly work: T } & Pick<WatchedHandler, "watch" | "close">> {
  const [{ captureToFile }, { prometheusSink }] = await Promise.all([
    import("../serving/hosts/index.js"),
    import("../io/metrics/index.js"),
  ]);
  const { name } = onDuty(models);
  const keep = async (): Promise<void> => {
    if (file !== undefined) await writeFileAtomic(file, JSON.stringify(work.monitor.snapshot()));
  };
  let keptUntil: string | null = null;
  const work = start(await monitorFor(onDuty(models), file), {
    sample: share ?? 1,
    sink: prometheusSink(),
    labels: { model: name },
    capture: capture === undefined ? undefined : captureToFile(capture),
    onReport({ to }) {
      // Write only for a closed period; the open one is saved when the server ends.
      if (to === keptUntil) return;
      keptUntil = to;
      keep().catch(onError);
    },
  });
  const watch = async (model: LoadedModel): Promise<void> => {
    if (model.name === name) work.watch(await monitorFor(model, undefined));
  };
  return {
    work,
    watch: (model) => quietly(() => watch(model), onError),
    close: () => work.close().then(keep),
  };
}

/** The default model's version on duty, with the artifact that its monitors need. */
export function onDuty(models: Models): LoadedModel {
  const model = models.find();
  if (model?.artifact === undefined)
    throw new ChurnkitError("MODEL_NOT_READY", "The server has no model. Check the registry, or name a bundle.");
  return { ...model, artifact: model.artifact };
}

/**
 * Continues from the saved state. A state that cannot be read, or that belongs to another model, is reported and
 * ignored: serving matters more.
 */
async function monitorFor({ artifact, version }: LoadedModel, file: string | undefined): Promise<Monitor> {
  const { createMonitor, days, monitorBaselineOf, monitorExplainer, parseMonitorState } =
    await import("../monitor/index.js");
  const baseline = monitorBaselineOf(artifact);
  const explainer = await monitorExplainer(artifact, baseline);
  // As in `churnkit monitor`.
  const labels = { window: days(30) };
  if (file !== undefined && existsSync(file)) {
    try {
      return createMonitor(baseline, {
        explainer,
        labels,
        version,
        state: parseMonitorState(await readJson(file, "The monitors' state")),
      });
    } catch (error) {
      note(`churnkit: the monitors start over: ${reasonOf(error)}`);
    }
  }
  return createMonitor(baseline, { explainer, labels, version });
}
