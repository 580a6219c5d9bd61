import { resolve } from "node:path";
import { ChurnkitError } from "../../../base/errors.js";

/** Distribution of a Processing job's input over its hosts; FullyReplicated is SageMaker's default. */
type Distribution = "FullyReplicated" | "ShardedByS3Key";

/** SageMaker's description of a Processing job, as far as it was found. */
export interface JobFiles {
  /** The content of `/opt/ml/config/resourceconfig.json`: this host, and all. */
  readonly resources: unknown;
  /** The content of `/opt/ml/config/processingjobconfig.json`: the inputs. */
  readonly config: unknown;
}

/** Role of this host. `host` names its state; `idle` means that another host does all the work. */
export type HostPart =
  | { readonly role: "whole" }
  | { readonly role: "shard"; readonly host: string }
  | { readonly role: "idle" };

/** The inputs' folders, including those of labels and states if there are any. */
export interface JobInputs {
  readonly captured: string;
  readonly labeled: string | undefined;
  readonly states: string | undefined;
}

/**
 * Returns the role of one of several hosts. If each host has a part of the captured data (`ShardedByS3Key`), each
 * counts its own part. If all have all of it (`FullyReplicated`), the first host counts everything, because otherwise
 * it would be counted several times. Without the job's configuration, the hosts are assumed to have parts.
 *
 * @throws ChurnkitError OPTION_INVALID if the distribution of the inputs would give wrong counts.
 */
export function partOfHost({ resources, config }: JobFiles, { captured, labeled, states }: JobInputs): HostPart {
  const { current_host: current, hosts } = membersOf(resources);
  const names = Array.isArray(hosts) ? hosts.filter((host) => typeof host === "string").sort() : [];
  const [first] = names;
  if (typeof current !== "string" || first === undefined || names.length < 2) return { role: "whole" };
  const refuse = (what: string): never => {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `${what} Set the S3DataDistributionType of the job's inputs, or use one host.`,
      { where: { path: "ProcessingInputs" } },
    );
  };
  const distribution = (folder: string): Distribution | undefined => {
    const types = distributionsOf(config, folder);
    if (types.size > 1) refuse(`Some inputs at ${folder} are FullyReplicated and some are ShardedByS3Key.`);
    return [...types][0];
  };
  if (
    states !== undefined &&
    (distribution(states) !== "FullyReplicated" || distribution(captured) !== "FullyReplicated")
  ) {
    refuse(
      `There are ${names.length} hosts and states of shards at ${states}: each counts once only if every host has all states and all captured data (FullyReplicated).`,
    );
  }
  if (distribution(captured) !== "FullyReplicated")
    return { role: "shard", host: current.replace(/[^A-Za-z0-9._-]/g, "_") };
  if (labeled !== undefined && distribution(labeled) === "ShardedByS3Key") {
    refuse(
      `The captured data are FullyReplicated, so one host counts them, but the labels at ${labeled} are ShardedByS3Key, so that host has only some of them.`,
    );
  }
  return current === first ? { role: "whole" } : { role: "idle" };
}

/** Distribution of the inputs that fill a folder; none if the configuration is absent or does not name it. */
function distributionsOf(config: unknown, folder: string): ReadonlySet<Distribution> {
  const found = new Set<Distribution>();
  const { ProcessingInputs: inputs } = membersOf(config);
  for (const input of Array.isArray(inputs) ? (inputs as unknown[]) : []) {
    const { S3Input, DatasetDefinition } = membersOf(input);
    const [s3, dataset] = [membersOf(S3Input), membersOf(DatasetDefinition)];
    const [path, type] =
      typeof s3["LocalPath"] === "string"
        ? [s3["LocalPath"], s3["S3DataDistributionType"]]
        : [dataset["LocalPath"], dataset["DataDistributionType"]];
    const fills = typeof path === "string" && (holds(path, folder) || holds(folder, path));
    if (fills) found.add(type === "ShardedByS3Key" ? type : "FullyReplicated");
  }
  return found;
}

/** Returns whether a path is the other's folder, or the same. */
const holds = (folder: string, path: string): boolean => `${resolve(path)}/`.startsWith(`${resolve(folder)}/`);

type Members = Readonly<Record<string, unknown>>;
const membersOf = (value: unknown): Members => (typeof value === "object" && value !== null ? (value as Members) : {});
