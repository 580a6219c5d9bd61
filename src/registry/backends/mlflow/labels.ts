import { ChurnkitError } from "../../../base/errors.js";
import { object, oneOf, text, withDefault, JsonValue } from "../../../base/json/index.js";
import type { Speaker, Tags } from "../../../io/mlflow/index.js";
import { statusNote } from "../../versions/version-record.js";
import {
  versionStages,
  versionStatuses,
  type StatusNote,
  type VersionLabels,
  type VersionStage,
  type VersionStatus,
} from "../../versions/version.js";

/** Prefix of everything that churnkit keeps in MLflow's tags. */
const own = "churnkit.";

/** Tags of a model version. */
export const versionTag = {
  /** Marks a version that churnkit registered, and the format of the other tags. */
  format: `${own}format`,
  /** A unique name for each registration: for its folder of artifacts, and to find it again. */
  registration: `${own}registration`,
  semver: `${own}semver`,
  contentHash: `${own}content_hash`,
  /** SHA-256 of the file of facts. */
  facts: `${own}facts_sha256`,
  /** For people and their searches; only the note is authoritative. */
  status: `${own}status`,
  /** Status, author, time and reason: one value, so that none is seen without the others. */
  statusNote: `${own}status_note`,
  /** The stage that a version is moving to. */
  stage: `${own}stage`,
  /** A version under removal. */
  removing: `${own}removing`,
} as const;

export const tagFormat = "1";

const emptyText = withDefault(text(), "");
const userTag = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const isUsers = (name: string): boolean => userTag.test(name) && !name.startsWith(own) && !name.startsWith("mlflow.");

/** Tags of users, including those set in MLflow itself, if churnkit could have set them. */
const usersTags = (tags: Tags): Record<string, string> =>
  Object.fromEntries([...tags].filter(([name]) => isUsers(name)).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Older servers accept at most 5,000 characters in a tag. */
const maxNote = 4_000;

/**
 * Refuses labels that MLflow cannot keep, before anything is changed.
 *
 * @throws ChurnkitError OPTION_INVALID.
 */
export function checkMlflowLabels({ tags = {}, statusNote: note }: Partial<VersionLabels>): void {
  const taken = Object.keys(tags).find((name) => !isUsers(name));
  if (taken !== undefined) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The tag ${taken} cannot be stored in MLflow: names that start with churnkit. or mlflow. are reserved. Choose another.`,
      {
        where: { value: taken },
      },
    );
  }
  if (note !== undefined && JSON.stringify(note).length > maxNote) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `The status note takes more than ${maxNote} characters. Shorten the reason.`,
    );
  }
}

export const writeNote = (status: VersionStatus, note: StatusNote): string => JSON.stringify({ status, ...note });

/** Makes errors for tags that were changed by hand, or by another program. */
export const tagError =
  (speaker: Speaker) =>
  (tag: string, what: string): ChurnkitError =>
    new ChurnkitError("REGISTRY_CORRUPT", `${speaker.name}: the tag ${tag} ${what}. Restore it in MLflow.`, {
      where: { file: tag },
    });

/** Error for a tag that was changed by hand, or by another program. */
export type TagError = (tag: string, what: string) => ChurnkitError;

const status = object({ status: oneOf(versionStatuses) });
const described = object({ current_stage: emptyText, description: emptyText });

/** Reads a version's labels from the version as MLflow returns it. */
export function readLabels(version: JsonValue, tags: Tags, fail: TagError): VersionLabels {
  const note = JsonValue.parse(tags.get(versionTag.statusNote) ?? "", versionTag.statusNote, fail);
  const { current_stage: current, description } = described(version);
  const awaited = tags.get(versionTag.stage);
  return {
    ...status(note),
    statusNote: statusNote(note),
    stage: stageOf(awaited ?? current),
    description,
    tags: usersTags(tags),
  };
}

/** Servers without stages return none. */
const stageOf = (name: string): VersionStage => versionStages.find((stage) => stage === name) ?? "None";
