import type { Artefact, Provenance } from "../model/artefact.js";
import type { BundleFiles } from "../model/bundle/format.js";
import type { Bundle, OpenBundleOptions } from "../model/bundle/open.js";
import type { MetricSummary } from "../model/evaluate/metrics.js";
import type { GateVerdict } from "./gate.js";

/** What a registry's driver can do beyond the least; the conformance suite tests what is declared. */
export interface RegistryCapabilities {
  /** Of two changes at once none is lost: the later one sees the earlier. */
  readonly compareAndSwap: boolean;
  /** Keeps every change in an append-only, hash-chained history. */
  readonly history: boolean;
}

/** `failed` (its gate refused it) and `quarantined` (taken out of service) versions are never promoted. */
export const versionStatuses = ["registered", "failed", "quarantined"] as const;
/** A name of {@link versionStatuses}. */
export type VersionStatus = (typeof versionStatuses)[number];

/** One registered model. */
export interface ModelVersion {
  /** 1, 2, 3, ... in the order of registration. */
  readonly number: number;
  /** The bundle's content hash: equal for equal models. */
  readonly contentHash: string;
  /** When it was registered, ISO 8601. */
  readonly registeredAt: string;
  readonly status: VersionStatus;
  /** Aliases that point to it. */
  readonly aliases: readonly string[];
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Held-out metrics, of the bundle unless others were given. */
  readonly metrics: MetricSummary;
  /** What its gate said when it was registered. */
  readonly verdict?: GateVerdict | undefined;
  /** Learner, seed, data hash, commit: the start of its lineage. */
  readonly provenance: Provenance;
  /** Who registered it. */
  readonly by: string;
}

/** A version by number, by alias, or the newest one that is neither failed nor quarantined. */
export type VersionRef = number | "latest" | (string & {});

/** Who makes a change, and why; kept in the history. */
export interface ChangeNote {
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
}

export interface RegisterOptions extends ChangeNote {
  /** A verdict that does not pass marks the version as failed: kept for the record, never promoted. */
  readonly verdict?: GateVerdict | undefined;
  /** At most 50, keys of letters, digits and `._-`, values up to 256 characters. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly description?: string | undefined;
  /** Other metrics than the bundle's own, such as those on a test set. */
  readonly metrics?: MetricSummary | undefined;
}

export interface PromoteOptions extends ChangeNote {
  /** A verdict that does not pass refuses the promotion; it is kept in the history either way. */
  readonly verdict?: GateVerdict | undefined;
}

/** What became of a request to move an alias. Refusal is a result, recorded in the history. */
export type PromotionResult =
  | { readonly promoted: true; readonly version: number; readonly previous: number | null }
  | { readonly promoted: false; readonly version: number; readonly reasons: readonly string[] };

export interface RollbackOptions extends ChangeNote {
  /** Take the version that is rolled back out of service for good? Default true. */
  readonly quarantine?: boolean | undefined;
}

/** What became of a rollback: refused where no former version is fit for service. */
export type RollbackResult =
  | { readonly rolledBack: true; readonly from: number; readonly to: number }
  | { readonly rolledBack: false; readonly from: number; readonly reasons: readonly string[] };

/** Which versions to list. */
export interface ListOptions {
  /** Default 100. */
  readonly limit?: number | undefined;
  /** Only versions with a lower number. */
  readonly before?: number | undefined;
  readonly status?: VersionStatus | undefined;
}

/** One change, as it was recorded. */
export interface HistoryEntry {
  /** 1, 2, 3, ... without a gap. */
  readonly sequence: number;
  /** ISO 8601. */
  readonly at: string;
  readonly by: string;
  readonly action: "register" | "promote" | "refuse" | "rollback" | "status";
  readonly version: number;
  readonly alias?: string | undefined;
  /** The alias' version before and after. */
  readonly from?: number | null | undefined;
  readonly to?: number | null | undefined;
  readonly status?: VersionStatus | undefined;
  readonly reason?: string | undefined;
  readonly reasons?: readonly string[] | undefined;
  readonly verdict?: GateVerdict | undefined;
  /** SHA-256 of the entry before, null for the first. */
  readonly previous: string | null;
}

/**
 * The port to where models are kept by version: registered once, never changed, and put to use by aliases such as
 * `champion`. Drivers: files on any object store; later SageMaker and MLflow.
 *
 * Every method throws ChurnkitError REGISTRY_NOT_FOUND for a version or alias that is not there, REGISTRY_CORRUPT when
 * the registry's record cannot be read, STORE_FAILED when it cannot be reached.
 */
export interface ModelRegistry {
  /** The model's name. */
  readonly name: string;
  readonly capabilities: RegistryCapabilities;
  /**
   * Registers a model. The very same model (by content hash) is the version that it was before.
   *
   * @throws ChurnkitError BUNDLE_CORRUPT and its kin when the bundle does not verify.
   */
  register(bundle: Artefact | BundleFiles, options?: RegisterOptions): Promise<{ readonly version: ModelVersion; readonly created: boolean }>;
  /** Newest first. */
  list(options?: ListOptions): Promise<readonly ModelVersion[]>;
  /** One version by number or alias. */
  get(ref: VersionRef): Promise<ModelVersion>;
  /** Aliases and the versions they point to. */
  aliases(): Promise<ReadonlyMap<string, number>>;
  /** A version's files, each verified against its checksum. */
  download(ref: VersionRef): Promise<BundleFiles>;
  /** A version, verified, compiled and its golden scores reproduced: ready to score. */
  load(ref: VersionRef, options?: OpenBundleOptions): Promise<Bundle & { readonly version: ModelVersion }>;
  /** Points an alias to a version, unless the version's status or the verdict forbids it. */
  promote(ref: VersionRef, alias: string, options?: PromoteOptions): Promise<PromotionResult>;
  /** Points an alias back to the last version it pointed to that is still fit for service. */
  rollback(alias: string, options?: RollbackOptions): Promise<RollbackResult>;
  /** Quarantines a version, or takes that back. */
  setStatus(ref: VersionRef, status: VersionStatus, note?: ChangeNote): Promise<ModelVersion>;
  /** Changes, newest first, each checked against the hash in the one after it. */
  history(options?: { readonly limit?: number | undefined }): Promise<readonly HistoryEntry[]>;
}
