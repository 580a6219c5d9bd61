import { ChurnkitError } from "../base/errors.js";
import type { Artifact } from "../model/artifact.js";
import { monitorExplainer, type MonitorBaseline } from "./baseline/baseline.js";
import { monitorBaselineOf } from "./baseline/parse-baseline.js";
import type { MonitorConstraints } from "./model-monitor/constraints.js";
import { modelMonitorFiles } from "./model-monitor/files.js";
import type { MonitorReport } from "./judging/report.js";
import { runMonitor, type MonitorRun, type MonitorRunOptions } from "./run-monitor.js";

/** Inputs of a monitor's run, in addition to the captured data: a model, a baseline, or both. */
export interface MonitorModelOptions extends Omit<MonitorRunOptions, "baseline"> {
  /** It brings the baseline, unless one is given, and explains. */
  readonly artifact?: Artifact | undefined;
  readonly baseline?: MonitorBaseline | undefined;
  /** They hold in place of the baseline's own. */
  readonly constraints?: MonitorConstraints | undefined;
}

/** Result of a run, and its documents. */
export interface MonitorModelRun extends MonitorRun {
  /** Plain JSON by name: `report.json`, and Model Monitor's files where the state holds periods that are open. */
  readonly files: Readonly<Record<string, unknown>> & {
    readonly "report.json": MonitorReport & Pick<MonitorRun, "read">;
  };
}

/**
 * Runs the monitors of a model over captured data, from rows and state to report and state: the one body of the job `monitor`, the
 * Processing job and `churnkit monitor`.
 *
 * @throws ChurnkitError OPTION_INVALID without a model and a baseline, and as `runMonitor` does.
 */
export async function monitorModel({
  artifact,
  constraints,
  ...options
}: MonitorModelOptions): Promise<MonitorModelRun> {
  const baseline = options.baseline ?? (artifact && monitorBaselineOf(artifact));
  if (baseline === undefined)
    throw new ChurnkitError("OPTION_INVALID", "There is neither a model nor a baseline. Give one of them.");
  const explainer = options.explainer ?? (artifact && (await monitorExplainer(artifact, baseline)));
  const run = await runMonitor({ ...options, baseline, explainer });
  const { report, read, state } = run;
  const others = modelMonitorFiles(baseline, state, { constraints, policies: options.policies });
  return { ...run, files: { ...others, "report.json": { ...report, read } } };
}
