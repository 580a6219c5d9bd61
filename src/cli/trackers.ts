import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { Option, type Command } from "commander";
import { ChurnkitError } from "../base/errors.js";
import { counted } from "../base/counted.js";
import { mlflowCredentials } from "../io/mlflow/index.js";
import { filesStore, type ObjectStore } from "../io/store/index.js";
import { fileTracker, type RunTracker, type TrackedRun } from "../tracking/index.js";
import { exit, note } from "./output.js";
import { login, openStore } from "./places.js";

/** Options of a command that can be tracked. */
export interface TrackOptions {
  readonly track?: string;
  readonly experiment?: string;
}

/** Places that the command line accepts as a tracker. */
export const trackerPlaces =
  "a folder, s3://bucket/prefix, mlflow://host:port/experiment (mlflow+https:// too) or sagemaker://region/experiment?artifacts=s3://bucket/prefix";

/** Adds the options of {@link TrackOptions}. */
export const trackOptions = (command: Command): Command =>
  command.option("--track <place>", `log a run to ${trackerPlaces}`).addOption(experimentOption());

export const experimentOption = (): Option =>
  new Option("--experiment <name>", "the experiment of the runs; default: churn");

/** The folder of what could not be sent. */
export const spoolFolder = (): string => process.env["CHURNKIT_SPOOL"] ?? join(homedir(), ".churnkit", "spool");

export const openSpool = (): ObjectStore => filesStore(spoolFolder());

/**
 * Opens a tracker at the place that a command names. Its driver, and the package that it needs, are loaded only then.
 *
 * @throws ChurnkitError OPTION_INVALID for an invalid place, PEER_MISSING without the driver's package.
 */
export async function openTracker(place: string, experiment?: string): Promise<RunTracker> {
  const options = { experiment, spool: openSpool(), onProblem: (message: string) => note(`tracking: ${message}`) };
  const [, scheme] = /^([a-z][a-z0-9+]*):\/\//.exec(place) ?? [];
  switch (scheme) {
    // Absolute, because the spool outlives the current folder.
    case undefined:
      return fileTracker(filesStore(resolve(place)), options);
    case "s3":
      return fileTracker(await openStore(place), options);
    case "mlflow":
    case "mlflow+http":
    case "mlflow+https": {
      const { mlflowTracker } = await import("../tracking/mlflow/index.js");
      const { trackingUri, named } = mlflowPlace(place);
      return mlflowTracker({
        ...options,
        ...mlflowCredentials(process.env),
        trackingUri,
        experiment: experiment ?? named,
      });
    }
    case "sagemaker": {
      const [, region, named, artifacts] = /^sagemaker:\/\/([a-z0-9-]+)\/([^/?]+)\?artifacts=(.+)$/.exec(place) ?? [];
      if (region === undefined || artifacts === undefined)
        throw new ChurnkitError(
          "OPTION_INVALID",
          "A tracker in SageMaker is sagemaker://region/experiment?artifacts=s3://bucket/prefix: name all of them.",
        );
      const { sagemakerTracker } = await import("../tracking/sagemaker/index.js");
      const store = artifacts.includes("://") ? await openStore(artifacts) : filesStore(resolve(folderIn(artifacts)));
      return sagemakerTracker({ ...options, store, experiment: experiment ?? named, clientConfig: { region } });
    }
    default:
      throw new ChurnkitError("OPTION_INVALID", `${scheme}:// is not a tracker. Give ${trackerPlaces}.`);
  }
}

/** `mlflow://host:5000/base/experiment` is http://host:5000/base and the experiment. */
function mlflowPlace(place: string): { readonly trackingUri: string; readonly named: string | undefined } {
  const address = place.replace(/^mlflow(?:\+(https?))?:/, (_, scheme: string | undefined) => `${scheme ?? "http"}:`);
  // The driver says what is wrong with an address, without a password that may be in it.
  if (!URL.canParse(address)) return { trackingUri: address, named: undefined };
  const url = new URL(address);
  const segments = url.pathname.split("/").filter((segment) => segment !== "");
  const named = segments.pop();
  url.pathname = segments.join("/");
  return { trackingUri: url.href, named: named === undefined ? undefined : decoded(named) };
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch (cause) {
    const message = `The experiment ${name.slice(0, 80)} of the tracker has a % that encodes nothing. Write %25 for a %.`;
    throw new ChurnkitError("OPTION_INVALID", message, { cause });
  }
}

/** Opens the tracker of a place in the spool, which knows a folder by its name in messages. */
export const openSpooled = (url: string): Promise<RunTracker> => openTracker(folderIn(url));

const folderIn = (name: string): string => name.replace(/^files at /, "");

/**
 * Does a command's work with a run, if the command is to be tracked. The run ends as the work does. Tracking changes neither
 * the result nor the exit code.
 */
export async function withRun(
  { track, experiment }: TrackOptions,
  { name, command }: { readonly name: string; readonly command: string },
  work: (run: TrackedRun | undefined) => Promise<void>,
): Promise<void> {
  if (track === undefined) {
    if (experiment === undefined) return work(undefined);
    throw new ChurnkitError("OPTION_INVALID", "--experiment needs --track. Add that option, or omit this one.");
  }
  const tracker = await openTracker(track, experiment);
  const user = login();
  const run = tracker.start({
    name: name.replace(/[\r\n]/g, " ").slice(0, 200),
    tags: { command, ...(user === undefined ? {} : { user }) },
  });
  try {
    await work(run);
  } catch (error) {
    run.setTags({ error: (error instanceof Error ? error.message : String(error)).slice(0, 1_000) });
    await tellEnd(run, tracker, "failed");
    throw error;
  }
  await tellEnd(run, tracker, process.exitCode === exit.interrupted ? "killed" : "finished");
}

async function tellEnd(run: TrackedRun, { name }: RunTracker, status: "finished" | "failed" | "killed"): Promise<void> {
  const { state, kept, lost } = await run.end(status);
  if (lost > 0) note(`tracking: ${counted(lost, "entry", "entries")} of the run ${run.id} were lost`);
  if (kept > 0)
    note(`tracking: ${counted(kept, "entry", "entries")} wait in ${spoolFolder()}; churnkit runs sync sends them`);
  if (state === "sent") note(`tracking: run ${run.id} is in ${name}`);
}
