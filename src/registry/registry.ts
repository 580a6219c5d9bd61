import type { Artifact } from "../model/artifact.js";
import type { BundleFiles, Bundle, OpenBundleOptions, BundleSource } from "../model/bundle/index.js";
import type { MetricSummary } from "../model/evaluate/index.js";
import type { GateVerdict } from "./gates/gate.js";
import type { Lineage } from "./versions/lineage.js";
import type { OrphanBundle } from "./backends/store/orphans.js";
import type { RegistrySnapshot } from "./registry-state.js";
import type { Signature } from "./signature/signature.js";
import type { ModelVersion, VersionRef, VersionStage, VersionStatus } from "./versions/version.js";

/** Optional abilities of a registry's driver; the conformance suite tests the declared ones. */
export interface RegistryCapabilities {
  /**
   * Of two simultaneous changes none is lost: the later one sees the earlier. Without it a change that met another is
   * reported as STORE_CONFLICT if that is visible.
   */
  readonly compareAndSwap: boolean;
  /** Keeps every change in an append-only, hash-chained history. */
  readonly history: boolean;
  /** Can remove versions. */
  readonly remove: boolean;
}

/** Author and reason of a change; kept in the history. */
export interface ChangeNote {
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
}

/** How to register a version. */
export interface RegisterOptions extends ChangeNote {
  /** A verdict that does not pass rejects the version: kept for the record, never promoted. */
  readonly verdict?: GateVerdict | undefined;
  /** At most 40, keys of letters, digits and `._-`, values up to 256 characters. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Up to 1,024 characters. */
  readonly description?: string | undefined;
  /** Metrics other than the bundle's own, such as those on a test set. */
  readonly metrics?: MetricSummary | undefined;
  /** Lineage that is not in the bundle; the parent is the newest version unless given. */
  readonly run?: Pick<Lineage, "parent" | "runId" | "trainedBy" | "trainedWhere"> | undefined;
}

/** How to promote a version. */
export interface PromoteOptions extends ChangeNote {
  /** A verdict that does not pass refuses the promotion; the history keeps it either way. */
  readonly verdict?: GateVerdict | undefined;
  /**
   * The alias' version when the decision was made (null: none): if it points elsewhere by now, the promotion is
   * refused, because its evidence is about another rival.
   */
  readonly expected?: number | null | undefined;
  /** Refuse versions without approval? Default false. */
  readonly approvedOnly?: boolean | undefined;
}

/** Result of a request to move an alias. Refusal is a result, recorded in the history. */
export type PromotionResult =
  | { readonly promoted: true; readonly version: number; readonly previous: number | null }
  | { readonly promoted: false; readonly version: number; readonly reasons: readonly string[] };

/** How to roll back. */
export interface RollbackOptions extends ChangeNote {
  /** Whether the rolled-back version is taken out of service permanently. Default true. */
  readonly quarantine?: boolean | undefined;
}

/** Result of a rollback: refused if no former version is fit for service. */
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
  readonly stage?: VersionStage | undefined;
}

/** How to load a version. */
export interface LoadOptions extends OpenBundleOptions {
  /** The signature that the caller was written for: a version that breaks it is refused. */
  readonly signature?: Signature | undefined;
}

/** Actions in a history. */
export const historyActions = [
  "register",
  "promote",
  "refuse",
  "rollback",
  "status",
  "stage",
  "annotate",
  "remove",
] as const;

/** One recorded change. */
export interface HistoryEntry {
  /** 1, 2, 3, ... without a gap. */
  readonly sequence: number;
  /** ISO 8601. */
  readonly at: string;
  readonly by: string;
  readonly action: (typeof historyActions)[number];
  readonly version: number;
  /** Of a registered version. */
  readonly contentHash?: string | undefined;
  readonly semver?: string | undefined;
  readonly alias?: string | undefined;
  /** The alias' version before and after. */
  readonly from?: number | null | undefined;
  readonly to?: number | null | undefined;
  readonly status?: VersionStatus | undefined;
  readonly stage?: VersionStage | undefined;
  readonly reason?: string | undefined;
  readonly reasons?: readonly string[] | undefined;
  readonly verdict?: GateVerdict | undefined;
  /** SHA-256 of the previous entry, null for the first. */
  readonly previous: string | null;
  /** SHA-256 of this entry's stored bytes. */
  readonly sha256: string;
}

/** Result of an audit. */
export interface Audit {
  readonly sound: boolean;
  readonly versions: number;
  readonly entries: number;
  /** SHA-256 of the last entry: note it elsewhere, to detect even a history that was cut short. */
  readonly head: string | null;
  readonly problems: readonly { readonly where: string; readonly problem: string }[];
  /** Bundles that no version names, oldest first: they take space but do no harm. */
  readonly orphans: readonly OrphanBundle[];
}

/** Options of an audit. */
export interface AuditOptions {
  /** Whether to read every bundle and check its checksums. Default true. */
  readonly bundles?: boolean | undefined;
  /** A head noted earlier: the history must still contain it. */
  readonly knownHead?: string | undefined;
}

/**
 * The port for models by version: registered once, never changed, and put into service by aliases such as `champion`.
 * Drivers: {@link storeRegistry} on any object store, SageMaker Model Registry, MLflow.
 *
 * Every method throws ChurnkitError REGISTRY_NOT_FOUND for a version or alias that does not exist, REGISTRY_CORRUPT
 * when the registry's record cannot be read, STORE_FAILED when it cannot be reached, STORE_CONFLICT when a change met
 * another.
 */
export interface ModelRegistry {
  /** The model's name. */
  readonly name: string;
  readonly capabilities: RegistryCapabilities;
  /**
   * Registers a model. The same model (by content hash) keeps its version. A bundle given as a source is streamed, so
   * it may be larger than memory; its model is then checked by checksums, not parsed.
   *
   * @throws ChurnkitError BUNDLE_CORRUPT and related codes when the bundle does not verify.
   */
  register(
    bundle: Artifact | BundleFiles | BundleSource,
    options?: RegisterOptions,
  ): Promise<{ readonly version: ModelVersion; readonly created: boolean }>;
  /** Newest first. */
  list(options?: ListOptions): Promise<readonly ModelVersion[]>;
  /** One version. */
  get(ref: VersionRef): Promise<ModelVersion>;
  /** Aliases and the versions they point to. */
  aliases(): Promise<ReadonlyMap<string, number>>;
  /** Opens a version's bundle as a source; each file is verified when it is read. */
  open(ref: VersionRef): Promise<BundleSource>;
  /** A version's files in memory, each verified against its checksum. */
  download(ref: VersionRef): Promise<BundleFiles>;
  /**
   * Loads a version: verified, compiled and its golden scores reproduced, ready to score.
   *
   * @throws ChurnkitError SIGNATURE_MISMATCH when it breaks the signature that the caller was written for.
   */
  load(ref: VersionRef, options?: LoadOptions): Promise<Bundle & { readonly version: ModelVersion }>;
  /** Points an alias to a version, unless the version's status or the verdict forbids it. */
  promote(ref: VersionRef, alias: string, options?: PromoteOptions): Promise<PromotionResult>;
  /** Points an alias back to the last version it pointed to that is still fit for service. */
  rollback(alias: string, options?: RollbackOptions): Promise<RollbackResult>;
  /** Approves, rejects or quarantines a version, or undoes that. */
  setStatus(ref: VersionRef, status: VersionStatus, note?: ChangeNote): Promise<ModelVersion>;
  /** Moves a version to a stage. */
  setStage(ref: VersionRef, stage: VersionStage, note?: ChangeNote): Promise<ModelVersion>;
  /** Replaces the description or the tags, whichever is given. */
  annotate(
    ref: VersionRef,
    labels: { readonly description?: string | undefined; readonly tags?: Readonly<Record<string, string>> | undefined },
    note?: ChangeNote,
  ): Promise<ModelVersion>;
  /**
   * Removes a version and its bundle; the history keeps its record.
   *
   * @throws ChurnkitError REGISTRY_REFUSED when an alias points to it or the driver cannot.
   */
  remove(ref: VersionRef, note?: ChangeNote): Promise<void>;
  /** Changes, newest first, each checked against the hash in the next one. */
  history(options?: { readonly limit?: number | undefined }): Promise<readonly HistoryEntry[]>;
  /** Checks everything: the chain of the history, that it leads to the registry's current state, and every bundle. */
  verify(options?: AuditOptions): Promise<Audit>;
  /**
   * Finds bundle folders without a version whose newest file is older than this many seconds (default 86,400: a day),
   * oldest first; with `apply` they are removed. A registration that is uploading to one at that moment uploads it
   * again.
   *
   * @throws ChurnkitError REGISTRY_REFUSED when the registry is not sound, because bundles of lost versions would
   * look like orphans.
   */
  clean(options?: {
    readonly olderThanSeconds?: number | undefined;
    readonly apply?: boolean | undefined;
  }): Promise<readonly OrphanBundle[]>;
  /** Everything in the registry, for a backup or another place; bundles are read one at a time, on demand. */
  snapshot(): Promise<RegistrySnapshot>;
  /**
   * Takes over everything in a snapshot that this registry lacks: numbers, labels, aliases and history are unchanged.
   * To finish an interrupted call, call it again.
   *
   * @throws ChurnkitError REGISTRY_REFUSED when this registry is not empty and its history is not the beginning of
   * the snapshot's.
   */
  restore(snapshot: RegistrySnapshot): Promise<void>;
}
