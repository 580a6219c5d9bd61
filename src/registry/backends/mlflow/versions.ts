import type { ChurnkitError } from "../../../base/errors.js";
import { object, text, withDefault, type JsonValue } from "../../../base/json/index.js";
import type { VersionEntry } from "../../registry-state.js";
import type { VersionLabels } from "../../versions/version.js";
import { readTags, type Speaker } from "../../../io/mlflow/index.js";
import { readLabels, tagError, tagFormat, versionTag } from "./labels.js";

/** A version in MLflow's list. */
export interface MlflowVersion extends VersionEntry {
  readonly labels: VersionLabels;
  /** Address of its folder of artifacts. */
  readonly source: string;
  readonly runId: string;
  readonly registration: string;
  /** SHA-256 of its file of facts. */
  readonly facts: string;
  /** Whether a tag gives its stage, because MLflow does not know it yet. */
  readonly stageAwaited: boolean;
  readonly removing: boolean;
}

const place = object({ source: text(), run_id: withDefault(text(), "") });

/**
 * Reads a listed version; undefined if churnkit did not register it.
 *
 * @throws ChurnkitError REGISTRY_CORRUPT when its tags were changed to invalid values.
 */
export function readVersion(json: JsonValue, number: number, speaker: Speaker): MlflowVersion | undefined {
  const tags = readTags(json.get("tags"));
  const format = tags.get(versionTag.format);
  if (format === undefined) return undefined;
  const wrong = (tag: string, what: string): ChurnkitError => tagError(speaker)(tag, `of version ${number} ${what}`);
  const held = (tag: string): string => {
    const value = tags.get(tag);
    if (value === undefined) throw wrong(tag, "is missing");
    return value;
  };
  if (format !== tagFormat) throw wrong(versionTag.format, `is not ${tagFormat}: another churnkit may have written it`);
  const labels = readLabels(json, tags, wrong);
  const { source, run_id: runId } = place(json);
  return {
    number,
    semver: held(versionTag.semver),
    contentHash: held(versionTag.contentHash),
    status: labels.status,
    stage: labels.stage,
    labels,
    source,
    runId,
    registration: held(versionTag.registration),
    facts: held(versionTag.facts),
    stageAwaited: tags.has(versionTag.stage),
    removing: tags.has(versionTag.removing),
  };
}

/**
 * Versions that count: if the same model was registered twice at once, the one with the lower number; without those
 * under removal.
 */
export function standing(versions: readonly MlflowVersion[]): MlflowVersion[] {
  const first = new Map<string, MlflowVersion>();
  for (const version of versions)
    if (!version.removing && !first.has(version.contentHash)) first.set(version.contentHash, version);
  return [...first.values()];
}
