import { ChurnkitError } from "../../base/errors.js";
import type { Provenance } from "../../model/artifact.js";
import type { MetricSummary } from "../../model/evaluate/index.js";
import type { GateVerdict } from "../gates/gate.js";
import type { Lineage } from "./lineage.js";
import type { Fingerprints } from "./semver.js";
import type { Signature } from "../signature/signature.js";

/**
 * Decision of people and gates about a version. `rejected` (by its gate or a person) and `quarantined` (taken out of
 * service) versions are never promoted; approving one again is a separate decision, recorded with who and why.
 */
export const versionStatuses = ["pending", "approved", "rejected", "quarantined"] as const;
/** A name of {@link versionStatuses}. */
export type VersionStatus = (typeof versionStatuses)[number];

/** Returns whether a version with this status may be put into service. */
export const isUsable = (status: VersionStatus): boolean => status === "pending" || status === "approved";

/** Stages, for teams that think in them; they exist next to the aliases and do not change what is served. */
export const versionStages = ["None", "Staging", "Production", "Archived"] as const;
/** A name of {@link versionStages}. */
export type VersionStage = (typeof versionStages)[number];

/** Author, time and reason of a version's current status. */
export interface StatusNote {
  readonly by: string;
  /** ISO 8601. */
  readonly at: string;
  readonly reason?: string | undefined;
}

/** Facts that are fixed when a version is registered. */
export interface VersionFacts {
  /** Assigned by rule from the changes since the previous version: see {@link nextVersion}. */
  readonly semver: string;
  /** The bundle's content hash: equal for equal models. */
  readonly contentHash: string;
  /** Size of the bundle's files in bytes. */
  readonly bytes: number;
  /** ISO 8601. */
  readonly registeredAt: string;
  /** Who registered it. */
  readonly by: string;
  /** Held-out metrics, of the bundle unless others were given. */
  readonly metrics: MetricSummary;
  /** Verdict of its gate at registration. */
  readonly verdict?: GateVerdict | undefined;
  /** Its inputs and outputs. */
  readonly signature: Signature;
  readonly fingerprints: Fingerprints;
  /** Learner, seed, parameters, rows. */
  readonly provenance: Provenance;
  /** Its origin: data, code, the previous version. */
  readonly lineage: Lineage;
}

/** Labels that may change later; every change is recorded. */
export interface VersionLabels {
  readonly status: VersionStatus;
  readonly statusNote: StatusNote;
  readonly stage: VersionStage;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** A version without its aliases. */
export interface VersionRecord extends VersionFacts, VersionLabels {
  /** 1, 2, 3, ... in the order of registration; never given twice. */
  readonly number: number;
}

/** One registered model. */
export interface ModelVersion extends VersionRecord {
  /** Aliases that point to it, sorted. */
  readonly aliases: readonly string[];
}

/**
 * Reference to a version: its number (also as digits), its semantic version (`1.2.0`), an alias, a stage
 * (`Production`), `latest` (the newest that is neither rejected nor quarantined), or `latest-approved`.
 */
export type VersionRef = number | "latest" | "latest-approved" | VersionStage | (string & {});

const maxTags = 40;
const maxTagLength = 256;
const maxDescription = 1_024;
const tagName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * Limits tags and a description to what every driver can keep.
 *
 * @throws ChurnkitError OPTION_INVALID.
 */
export function checkLabels(tags: Readonly<Record<string, string>>, description: string): void {
  const entries = Object.entries(tags);
  const isText = (value: unknown, most: number): boolean => typeof value === "string" && value.length <= most;
  const wrong = entries.find(([name, value]) => !tagName.test(name) || !isText(value, maxTagLength));
  if (wrong === undefined && entries.length <= maxTags && isText(description, maxDescription)) return;
  throw new ChurnkitError(
    "OPTION_INVALID",
    `A version takes up to ${maxTags} tags (names of up to 64 letters, digits and ._-, values up to ${maxTagLength} characters) ` +
      `and a description of ${maxDescription} characters${wrong === undefined ? "" : `; not the tag ${JSON.stringify(wrong[0].slice(0, 80))}`}.`,
  );
}
