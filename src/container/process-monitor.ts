import { join } from "node:path";
import { ChurnkitError } from "../base/errors.js";
import type { Decoded } from "../base/json/index.js";
import type { Job } from "../jobs/index.js";
import { type monitorParams, monitorSettings } from "../jobs/monitor-params.js";
import { monitorProcessingJob } from "../serving/hosts/index.js";
import { filesIn, onlyFile } from "./files.js";
import type { Host } from "./host.js";
import { bundleIn } from "./input-readers.js";
import { inputFolders } from "./job-inputs.js";

/** The job's outputs by the files of the monitors' own host; every other file is a state. */
const outputs: Readonly<Record<string, string>> = {
  "report.json": "report",
  "statistics.json": "statistics",
  "constraints.json": "constraints",
  "constraint_violations.json": "violations",
};

/**
 * Runs the job `monitor` by the monitors' own host, which streams captured data of any size, and merges every file of the input `state`.
 *
 * @throws ChurnkitError OPTION_INVALID for a sequential look, and as `monitorProcessingJob` does.
 */
export async function processMonitor(host: Host, job: Job, params: Decoded<typeof monitorParams>): Promise<void> {
  const { look, ...given } = params;
  if (look === "sequential")
    throw new ChurnkitError("OPTION_INVALID", 'A processing job looks "once". Leave out look, or run a pipeline.');
  const { places, log } = host;
  const folders = await inputFolders(host, job);
  /** A path in an input, or that of the folder if the input is absent: nothing is there. */
  const inInput = async (name: string, find: (folder: string) => Promise<string>): Promise<string> => {
    const folder = folders.get(name) ?? "";
    return (await filesIn(folder)).length > 0 ? find(folder) : folder;
  };
  const hasLabels = (await filesIn(folders.get("labels") ?? "")).length > 0;
  const { files } = await monitorProcessingJob({
    ...monitorSettings({ ...given, look }, hasLabels),
    captured: folders.get("captured"),
    labeled: folders.get("labels"),
    states: folders.get("state"),
    model: await inInput("model", bundleIn),
    baseline: await inInput("baseline", onlyFile),
    constraints: await inInput("constraints", onlyFile),
    resources: places.processingResources,
    jobConfig: places.processingConfig,
    output: (file) => join(places.outputs, outputs[file] ?? "state", file),
  });
  log(files.length === 0 ? "this host has nothing to do" : `wrote ${files.join(", ")}`);
}
