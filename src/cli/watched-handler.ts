import { existsSync } from "node:fs";
import type { Monitor } from "../monitor/index.js";
import { writeFileAtomic } from "../io/atomic.js";
import { createHandler, type HandlerOptions } from "../serving/handler.js";
import type { Handler } from "../serving/http.js";
import type { LoadedModel } from "../serving/models/index.js";
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

/** Returns a model's handler, with the monitors behind it if they are requested. */
export async function watchedHandler(
  model: LoadedModel,
  { monitor: share, capture, monitorState: file }: WatchOptions,
  options: HandlerOptions & { readonly onError: (error: unknown) => void },
): Promise<{ readonly handler: Handler; readonly close: () => Promise<void> }> {
  const metrics = prometheusMetrics(model.version);
  const { onError } = options;
  if (share === undefined && capture === undefined && file === undefined) {
    return { handler: createHandler(model, { ...options, metrics }), close: () => Promise.resolve() };
  }
  const [{ captureToFile }, { withMonitor }, { prometheusSink }] = await Promise.all([
    import("../serving/hosts/index.js"),
    import("../serving/monitor.js"),
    import("../io/metrics/index.js"),
  ]);
  const monitor = await monitorFor(model, file);
  const keep = async (): Promise<void> => {
    if (file !== undefined) await writeFileAtomic(file, JSON.stringify(monitor.snapshot()));
  };
  let keptUntil: string | null = null;
  const sink = prometheusSink();
  const watched = withMonitor(model, monitor, {
    ...options,
    metrics: withSink(metrics, sink),
    sample: share ?? 1,
    sink,
    labels: { model: model.name },
    ...(capture === undefined ? {} : { capture: captureToFile(capture) }),
    onReport: ({ to }) => {
      // Write only for a closed period; the open one is saved when the server ends.
      if (to === keptUntil) return;
      keptUntil = to;
      keep().catch(onError);
    },
  });
  return { handler: watched, close: () => watched.close().then(keep) };
}

/**
 * Continues from the saved state. A state that cannot be read, or that belongs to another model, is reported and
 * ignored: serving matters more.
 */
async function monitorFor({ artifact }: LoadedModel, file: string | undefined): Promise<Monitor> {
  const { createMonitor, monitorBaselineOf, monitorExplainer, parseMonitorState } = await import("../monitor/index.js");
  const baseline = monitorBaselineOf(artifact);
  const explainer = await monitorExplainer(artifact, baseline);
  if (file !== undefined && existsSync(file)) {
    try {
      return createMonitor(baseline, {
        explainer,
        state: parseMonitorState(await readJson(file, "The monitors' state")),
      });
    } catch (error) {
      note(`churnkit: the monitors start over: ${reasonOf(error)}`);
    }
  }
  return createMonitor(baseline, { explainer });
}
