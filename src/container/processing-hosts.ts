import { ChurnkitError } from "../base/errors.js";
import type { Job } from "../jobs/index.js";
import { type HostPart, partOfHost } from "../serving/hosts/index.js";
import { filesIn, jsonIfAny } from "./files.js";
import type { Host } from "./host.js";
import { inputFolders } from "./job-inputs.js";

/** Jobs that do with a part of the rows what they do with all: the input that may be in parts. */
const inParts: Readonly<Record<string, string>> = { ingest: "file", score: "rows" };

/**
 * The part of this host in a processing job over several: its own part of the data, the whole, or nothing.
 *
 * @throws ChurnkitError OPTION_INVALID if an input is in parts (ShardedByS3Key) that the job needs as a whole.
 */
export async function partOf(host: Host, job: Job): Promise<HostPart> {
  const files = {
    resources: (await jsonIfAny(host.places.processingResources))?.value,
    config: (await jsonIfAny(host.places.processingConfig))?.value,
  };
  const partIn = (folder: string): HostPart =>
    partOfHost(files, { captured: folder, labeled: undefined, states: undefined });
  const main = inParts[job.name];
  const given: string[] = [];
  const parts = new Map<string, HostPart>();
  for (const [name, folder] of await inputFolders(host, job)) {
    if ((await filesIn(folder)).length > 0) given.push(name);
    // A part of the data may be empty, where there are fewer objects than hosts.
    if (given.includes(name) || name === main) parts.set(name, partIn(folder));
  }
  const refuse = (what: string): never => {
    throw new ChurnkitError("OPTION_INVALID", what);
  };
  for (const [name, { role }] of parts)
    if (role === "shard" && name !== main)
      refuse(
        `Each host has only a part of the input ${name}, and the job ${job.name} needs all of it. ` +
          "Set its S3DataDistributionType to FullyReplicated, or use one host.",
      );
  const own = (main === undefined ? [...parts.values()][0] : parts.get(main)) ?? { role: "whole" };
  if (main === undefined || own.role !== "shard") return own;
  if (job.name === "ingest" && !given.includes("contract") && !given.includes("model"))
    refuse(
      "Each host would infer another contract from its part of the data. Give the input contract, or use one host.",
    );
  return given.includes(main) ? own : { role: "idle" };
}
