import { join } from "node:path";
import { ChurnkitError } from "../base/errors.js";
import { documentError, JsonValue, object, oneOf, optional, record, text, withDefault } from "../base/json/index.js";
import { foldersIn, jsonIfAny } from "./files.js";
import type { Host } from "./host.js";

/** A channel of a training job. */
export interface Channel {
  /** As the job names it, for messages. */
  readonly name: string;
  readonly mode: "File" | "FastFile" | "Pipe";
  /** The folder, or in Pipe mode the pipe of the first epoch. */
  readonly path: string;
  readonly contentType: string | undefined;
  /** Each host has a part of the objects. */
  readonly sharded: boolean;
}

/** What the channels are for, by their names. */
const uses = {
  rows: "rows",
  train: "rows",
  validation: "validation",
  contract: "contract",
  features: "features",
} as const;
type Use = (typeof uses)[keyof typeof uses];

const described = record(
  object({
    TrainingInputMode: withDefault(oneOf(["File", "FastFile", "Pipe"]), "File"),
    S3DistributionType: withDefault(oneOf(["FullyReplicated", "ShardedByS3Key"]), "FullyReplicated"),
    RecordWrapperType: withDefault(oneOf(["None", "RecordIO"]), "None"),
    ContentType: optional(text(256)),
  }),
  20,
);
const malformed = documentError("INPUT_MALFORMED", "", "Correct the training job's InputDataConfig.");

/**
 * The channels of a training job, by their use. Without a configuration each folder of the data is a channel.
 *
 * @throws ChurnkitError OPTION_INVALID for a channel that is not known, for two of one use, and for none with rows.
 */
export async function channelsOf({
  places,
}: Host): Promise<Partial<Record<Use, Channel>> & { readonly rows: Channel }> {
  const given =
    (await jsonIfAny(places.channels)) ??
    JsonValue.of(Object.fromEntries((await foldersIn(places.data)).map((name) => [name, {}])), places.data, malformed);
  const channels: Partial<Record<Use, Channel>> = {};
  for (const [name, one] of Object.entries(described(given))) {
    const use = Object.hasOwn(uses, name) ? uses[name as keyof typeof uses] : undefined;
    const refuse = (what: string): never => {
      throw new ChurnkitError("OPTION_INVALID", `The channel ${JSON.stringify(name.slice(0, 80))} ${what}.`, {
        where: { path: name },
      });
    };
    if (use === undefined) return refuse(`has no use. Name it one of ${Object.keys(uses).join(", ")}`);
    if (channels[use] !== undefined) refuse(`has the same use as ${channels[use].name}. Remove one of them`);
    if (one.RecordWrapperType !== "None") refuse("has records wrapped as RecordIO. Set RecordWrapperType to None");
    const mode = one.TrainingInputMode;
    const path = join(places.data, mode === "Pipe" ? `${name}_0` : name);
    const sharded = one.S3DistributionType === "ShardedByS3Key";
    channels[use] = { name, mode, path, contentType: one.ContentType, sharded };
  }
  const { rows, ...others } = channels;
  if (rows === undefined)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `There is no channel with rows to train on in ${places.data}. Give the channel rows, or train.`,
    );
  return { rows, ...others };
}
