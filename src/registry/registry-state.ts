import type { BundleSource } from "../model/bundle/index.js";
import type { StoredEntry } from "./history/history.js";
import type { OrphanBundle } from "./backends/store/orphans.js";
import type { HistoryEntry, RegistryCapabilities } from "./registry.js";
import type { VersionFacts, VersionLabels, VersionRecord, VersionStage, VersionStatus } from "./versions/version.js";

/** Facts about a version that the rules need before they read any of it. */
export interface VersionEntry {
  readonly number: number;
  readonly semver: string;
  readonly contentHash: string;
  readonly status: VersionStatus;
  readonly stage: VersionStage;
  /** The status in the history, if people set another one in the driver's service that is not recorded yet. */
  readonly recorded?: VersionStatus | undefined;
}

/** An alias, and its former targets, newest first. */
export interface AliasEntry {
  readonly alias: string;
  readonly version: number;
  readonly former: readonly number[];
}

/** A registry at one moment: versions in order of number, aliases in order of name. */
export interface RegistryState<Entry extends VersionEntry = VersionEntry> {
  readonly versions: readonly Entry[];
  readonly aliases: readonly AliasEntry[];
  /** The highest semantic version ever given, even to a removed version; undefined if it is not known. */
  readonly highest?: string | undefined;
  /** The number of the next version, if the driver assigns numbers. */
  readonly next?: number | undefined;
}

/** A version before registration; the driver assigns its number. */
export interface VersionDraft extends VersionFacts, VersionLabels {}

/** A whole registry at one moment, for another place. */
export interface RegistrySnapshot {
  /** The model's name there. */
  readonly name: string;
  /** In order of number. */
  readonly versions: readonly VersionRecord[];
  readonly aliases: readonly AliasEntry[];
  /** Oldest first; empty if the driver keeps none. */
  readonly history: readonly StoredEntry[];
  readonly bundle: (version: VersionRecord) => Promise<BundleSource>;
}

/** One thing to change. */
export type RegistryChange =
  | { readonly kind: "add"; readonly draft: VersionDraft; readonly bundle: BundleSource }
  | { readonly kind: "label"; readonly version: number; readonly labels: Partial<VersionLabels> }
  | { readonly kind: "remove"; readonly version: number }
  | { readonly kind: "alias"; readonly entry: AliasEntry; readonly previous: number | null };

/** Draft of a history entry; the backend adds sequence, time and hashes. */
export type EntryDraft = Omit<HistoryEntry, "sequence" | "at" | "previous" | "sha256">;

/** Result of a decision. Without changes and entry nothing happens. The entry of an added version gets its number. */
export interface Decision<T> {
  readonly result: T;
  readonly changes?: readonly RegistryChange[] | undefined;
  readonly entry?: EntryDraft | undefined;
}

/** Storage of a driver. The rules are in {@link registryOver}, once for all drivers. */
export interface RegistryBackend<Entry extends VersionEntry = VersionEntry> {
  readonly capabilities: RegistryCapabilities;
  read(): Promise<RegistryState<Entry>>;
  /** Reads the state, decides, and commits; starts again after losing a race. */
  transact<T>(
    decide: (state: RegistryState<Entry>) => Decision<T> | Promise<Decision<T>>,
  ): Promise<{ readonly state: RegistryState<Entry>; readonly result: T }>;
  record(entry: Entry): Promise<VersionRecord>;
  bundle(entry: Entry): Promise<BundleSource>;
  /** Newest first. */
  history(limit: number): Promise<readonly StoredEntry[]>;
  /** Returns the numbers of entries that counted once and are not part of the whole history given. */
  abandoned(history: readonly StoredEntry[]): Promise<readonly number[]>;
  /** If the driver itself keeps bundles in a store: leftovers of killed changes. */
  readonly orphans?: (() => Promise<readonly OrphanBundle[]>) | undefined;
  /** Removes the previously listed folders that no version names; returns them. */
  readonly removeOrphans?: ((folders: readonly string[]) => Promise<readonly string[]>) | undefined;
  /**
   * Takes over the missing versions, in order, then aliases and history.
   *
   * @throws ChurnkitError REGISTRY_REFUSED if the current history is not a beginning of it.
   */
  restore(snapshot: RegistrySnapshot): Promise<void>;
}
