import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ChurnkitError } from "../../../base/errors.js";
import { writeFileAtomic } from "../../../io/atomic.js";
import { ioFailed, systemCode } from "../../../io/io-error.js";
import { loadBundle } from "../../../model/bundle/index.js";
import { parseMonitorBaseline } from "../../../monitor/baseline/index.js";
import { parseConstraints } from "../../../monitor/model-monitor/index.js";
import { monitorModel } from "../../../monitor/monitor-model.js";
import type { MonitorRun, MonitorRunOptions } from "../../../monitor/run-monitor.js";
import { capturedFiles } from "../node/captured-files.js";
import { partOfHost } from "./monitor-job-hosts.js";
import { parseJson } from "../../../base/json/index.js";

/** Paths of a Processing job, all below `/opt/ml/processing` unless stated otherwise. */
export interface MonitorJobOptions extends Omit<
  MonitorRunOptions,
  "store" | "prefix" | "labelsPrefix" | "baseline" | "merge" | "state" | "look"
> {
  /** Captured data: `/opt/ml/processing/input/captured`. */
  readonly captured?: string | undefined;
  /** Labels: `/opt/ml/processing/input/labels`, if the folder exists. */
  readonly labeled?: string | undefined;
  /** The bundle: `/opt/ml/processing/input/model`. It provides the baseline and the explainer. */
  readonly model?: string | undefined;
  /** A separate baseline: `/opt/ml/processing/input/baseline/monitor.json`, if it exists. */
  readonly baseline?: string | undefined;
  /** Existing constraints: `/opt/ml/processing/input/constraints/constraints.json`, if the file exists. */
  readonly constraints?: string | undefined;
  /** States of other shards: `/opt/ml/processing/input/states`, if the folder exists. */
  readonly states?: string | undefined;
  /** Folder of the results: `/opt/ml/processing/output`; or a function that gives the path of each file. */
  readonly output?: string | ((file: string) => string) | undefined;
  /** Describes the job's hosts: `/opt/ml/config/resourceconfig.json`, if the file exists. */
  readonly resources?: string | undefined;
  /** Describes the distribution of inputs over the hosts: `/opt/ml/config/processingjobconfig.json`, if it exists. */
  readonly jobConfig?: string | undefined;
}

/** Files that the job wrote. */
export interface MonitorJobResult extends MonitorRun {
  /** Paths of the written files; empty for a host that leaves the work to another. */
  readonly files: readonly string[];
}

/**
 * The monitors as a SageMaker Processing job over captured data: reads `/opt/ml/processing/input`, writes
 * `statistics.json`, `constraints.json`, `constraint_violations.json` (in Model Monitor's formats), `report.json` and
 * `state.json` to `/opt/ml/processing/output`. One of several hosts, each with its part of the data
 * (`ShardedByS3Key`), writes only `state-<host>.json`; a job on one host with these files as its input `states`
 * merges them and reports. If several hosts all have all data (`FullyReplicated`), the first does the whole work and
 * the others write nothing.
 *
 * @throws ChurnkitError OPTION_INVALID for inputs whose distribution over the hosts would give wrong counts;
 * INPUT_NOT_FOUND without captured data, BUNDLE_NOT_FOUND and related codes, INPUT_MALFORMED for a broken baseline or
 * constraints, STATE_CORRUPT for a broken state, IO_FAILED.
 *
 * @example
 * ```ts
 * import { monitorProcessingJob } from "churnkit/serving";
 *
 * // The entry of the container.
 * export async function main(): Promise<void> {
 *   const { files } = await monitorProcessingJob({ model: "/opt/ml/processing/input/model" });
 *   console.log(files);
 * }
 * ```
 */
export async function monitorProcessingJob(options: MonitorJobOptions = {}): Promise<MonitorJobResult> {
  const input = "/opt/ml/processing/input";
  const {
    captured = `${input}/captured`,
    labeled = `${input}/labels`,
    model = `${input}/model`,
    baseline: baselineFile = `${input}/baseline/monitor.json`,
    constraints: constraintsFile = `${input}/constraints/constraints.json`,
    states = `${input}/states`,
    output = "/opt/ml/processing/output",
    resources = "/opt/ml/config/resourceconfig.json",
    jobConfig = "/opt/ml/config/processingjobconfig.json",
    ...rest
  } = options;
  const own = await optionalJson(baselineFile);
  const artifact = (await exists(model)) || own === undefined ? (await loadBundle(model)).artifact : undefined;
  const given = await optionalJson(constraintsFile);
  const shards = await statesIn(states);
  const hasLabels = await exists(labeled);
  const part = partOfHost(
    { resources: await optionalJson(resources), config: await optionalJson(jobConfig) },
    { captured, labeled: hasLabels ? labeled : undefined, states: shards.length > 0 ? states : undefined },
  );
  const idle = part.role === "idle";
  // A merging job may have no data itself, and a host no file if there are fewer files than hosts.
  const nothingToRead = idle || ((shards.length > 0 || part.role === "shard") && !(await exists(captured)));
  const { files, ...run } = await monitorModel({
    ...rest,
    artifact,
    baseline: own === undefined ? undefined : parseMonitorBaseline(own, baselineFile),
    constraints: given === undefined ? undefined : parseConstraints(given, constraintsFile),
    store: capturedFiles(),
    prefix: nothingToRead ? [] : captured,
    labelsPrefix: hasLabels && !idle ? labeled : undefined,
    merge: idle ? [] : shards,
  });
  const outputs = {
    whole: { ...files, "state.json": run.state },
    shard: { [`state-${part.role === "shard" ? part.host : ""}.json`]: run.state },
    idle: {},
  }[part.role];
  const written: string[] = [];
  for (const [name, value] of Object.entries(outputs)) {
    const path = typeof output === "string" ? join(output, name) : output(name);
    await writeFileAtomic(path, `${JSON.stringify(value, null, 1)}\n`);
    written.push(path);
  }
  return { ...run, files: written };
}

async function statesIn(folder: string): Promise<unknown[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error))) return [];
    throw ioFailed("read", folder, error);
  });
  const files = names.filter((name) => name.endsWith(".json")).sort();
  return Promise.all(files.map((name) => optionalJson(join(folder, name))));
}

/** @throws ChurnkitError IO_FAILED for an existing folder that is not readable: it must not look absent. */
async function exists(path: string): Promise<boolean> {
  try {
    await readdir(path);
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOTDIR" || code === "ENOENT") return code === "ENOTDIR";
    throw ioFailed("read", path, error);
  }
}

async function optionalJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error))) return undefined;
    throw ioFailed("read", path, error);
  }
  try {
    return parseJson(text);
  } catch (cause) {
    throw new ChurnkitError("INPUT_MALFORMED", `${path} is not JSON.`, { where: { file: path }, cause });
  }
}
