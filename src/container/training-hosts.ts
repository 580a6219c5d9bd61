import { ChurnkitError } from "../base/errors.js";
import { list, object, text } from "../base/json/index.js";
import type { Channel } from "./channels.js";
import { jsonIfAny } from "./files.js";
import type { Host } from "./host.js";

const resources = object({ current_host: text(256), hosts: list(text(256), 1000) });

/**
 * The host that trains: the first of several. The others have nothing to do, since a training uses one machine.
 *
 * @returns undefined if this host is it.
 * @throws ChurnkitError OPTION_INVALID if there are several and a channel gives each of them a part of the data.
 */
export async function otherTrainer({ places }: Host, channels: readonly Channel[]): Promise<string | undefined> {
  const given = await jsonIfAny(places.resources);
  if (given === undefined) return undefined;
  const { current_host: current, hosts } = resources(given);
  if (hosts.length < 2) return undefined;
  const sharded = channels.find((channel) => channel.sharded);
  if (sharded !== undefined)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The channel ${sharded.name} is ShardedByS3Key over ${hosts.length} hosts, so none of them has all rows. ` +
        "Set S3DataDistributionType to FullyReplicated, or use one host.",
      { where: { path: sharded.name } },
    );
  const [first] = [...hosts].sort();
  return first === current ? undefined : first;
}
