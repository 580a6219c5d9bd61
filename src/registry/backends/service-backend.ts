import pLimit from "p-limit";
import { retryOnConflict } from "../../base/async/index.js";
import { ChurnkitError } from "../../base/errors.js";
import { refused } from "../registry-error.js";
import type { BundleSource } from "../../model/bundle/index.js";
import { withAlias } from "../versions/aliases.js";
import type { Ledger, ReadIndex } from "../history/ledger.js";
import type {
  AliasEntry,
  EntryDraft,
  RegistryBackend,
  RegistryChange,
  RegistryState,
  VersionDraft,
  VersionEntry,
} from "../registry-state.js";
import { highestOf, known, recordedBefore, unrecorded, withEntry } from "../versions/recorded.js";
import { versionNumbered } from "../versions/resolve.js";
import type { VersionLabels, VersionRecord } from "../versions/version.js";

/** A model registry service, as far as churnkit needs it: the interface of a driver. */
export interface VersionService<Entry extends VersionEntry = VersionEntry> {
  /** Its name in messages. */
  readonly name: string;
  /** All versions that churnkit registered, in order of number. */
  list(): Promise<readonly Entry[]>;
  /**
   * Creates a version with its bundle; a reader never sees a part of it. Returns its number, which is `number` if
   * that is given and the service can skip numbers.
   */
  create(draft: VersionDraft, bundle: BundleSource, number?: number): Promise<number>;
  record(entry: Entry): Promise<VersionRecord>;
  /** Changes the given labels and leaves the others. */
  label(entry: Entry, labels: Partial<VersionLabels>): Promise<void>;
  /** Absent if the service cannot. */
  readonly remove?: ((entry: Entry) => Promise<void>) | undefined;
  bundle(entry: Entry): Promise<BundleSource>;
  /** In order of name. */
  aliases(): Promise<readonly AliasEntry[]>;
  setAlias(entry: AliasEntry): Promise<void>;
}

/**
 * A backend over a service that has no compare-and-swap. With a ledger (an object store in addition to the service),
 * the ledger keeps aliases and history by compare-and-swap, and the service shows the aliases as well; changes that
 * only the service has are recorded before the next change. Without a ledger a promotion that met another is reported
 * as STORE_CONFLICT.
 */
export function serviceBackend<Entry extends VersionEntry>(
  service: VersionService<Entry>,
  ledger?: Ledger,
): RegistryBackend<Entry> {
  const inTurn = pLimit(1);

  async function readState(): Promise<RegistryState<Entry>> {
    if (ledger === undefined) {
      const [versions, aliases] = await Promise.all([service.list(), service.aliases()]);
      return { versions, aliases };
    }
    const [versions, { index }] = await Promise.all([service.list(), ledger.read()]);
    return { versions, aliases: index.aliases, highest: index.highest };
  }

  /** Everything except aliases; returns the number of an added version. */
  async function apply({ versions }: RegistryState<Entry>, change: RegistryChange): Promise<number | undefined> {
    if (change.kind === "add") return service.create(change.draft, change.bundle);
    if (change.kind === "alias") return undefined;
    const entry = versionNumbered(versions, change.version);
    if (entry === undefined) return undefined;
    if (change.kind === "label") await service.label(entry, change.labels);
    else await service.remove?.(entry);
    return undefined;
  }

  /** Sets an alias without a guard: looks before and after, so that a lost race is at least reported. */
  async function setUnguarded({ entry, previous }: Extract<RegistryChange, { kind: "alias" }>): Promise<void> {
    const points = async (): Promise<number | null> =>
      (await service.aliases()).find(({ alias }) => alias === entry.alias)?.version ?? null;
    if ((await points()) !== previous) throw lostRace(service.name, entry.alias);
    await service.setAlias(entry);
    if ((await points()) !== entry.version) throw lostRace(service.name, entry.alias);
  }

  /** Records a change in the ledger, which moves the aliases, then updates them in the service. */
  async function record(book: Ledger, changes: readonly RegistryChange[], entry: EntryDraft): Promise<void> {
    const moved = changes.filter((change) => change.kind === "alias");
    await book.append((index) => {
      for (const {
        entry: { alias },
        previous,
      } of moved) {
        const points = index.aliases.find((one) => one.alias === alias)?.version ?? null;
        if (points !== previous) throw lostRace(service.name, alias);
      }
      return withEntry(
        { ...index, aliases: moved.reduce((all, change) => withAlias(all, change.entry), index.aliases) },
        entry,
      );
    }, entry);
    for (const change of moved) await service.setAlias(change.entry);
  }

  /** Records changes found in the service, provided the ledger did not change since it was read. */
  async function adopted(
    book: Ledger,
    read: ReadIndex,
    aliases: readonly AliasEntry[],
    entry: EntryDraft,
  ): Promise<ReadIndex> {
    const index = await book.commit(read, withEntry({ ...read.index, aliases }, entry), entry);
    const next = await book.read();
    if (next.index.head?.sha256 !== index.head?.sha256) throw recordedBefore(entry.version);
    return next;
  }

  /**
   * Returns the state after reconciling ledger and service: a kill, or a person who uses the service directly, makes
   * them differ.
   */
  async function reconciled(book: Ledger): Promise<RegistryState<Entry>> {
    // The ledger first: a version that it has and the service does not list afterward was removed.
    let read = await book.read();
    const isFirst = read.index.head === null;
    const [versions, shown] = await Promise.all([service.list(), service.aliases()]);
    for (const entry of unrecorded(read.index, versions, service.name))
      read = await adopted(book, read, read.index.aliases, entry);
    for (const entry of isFirst ? shown : []) {
      const { alias, version } = entry;
      const note = { by: "unknown", reason: `found in ${service.name}` };
      if (versionNumbered(versions, version) === undefined) continue;
      read = await adopted(book, read, withAlias(read.index.aliases, entry), {
        ...note,
        action: "promote",
        version,
        alias,
        from: null,
        to: version,
      });
    }
    const { aliases } = read.index;
    for (const entry of aliases) {
      const found = shown.find(({ alias }) => alias === entry.alias)?.version;
      if (found !== entry.version && versionNumbered(versions, entry.version)) await service.setAlias(entry);
    }
    return { versions, aliases, highest: read.index.highest };
  }

  const attempt: RegistryBackend<Entry>["transact"] = async (decide) => {
    const state = await (ledger ? reconciled(ledger) : readState());
    const { result, changes = [], entry } = await decide(state);
    if (entry === undefined) return { state, result };
    let added: number | undefined;
    for (const change of changes) added = (await apply(state, change)) ?? added;
    if (ledger) await record(ledger, changes, added === undefined ? entry : { ...entry, version: added });
    else for (const change of changes) if (change.kind === "alias") await setUnguarded(change);
    return { state: await readState(), result };
  };

  return {
    capabilities: {
      compareAndSwap: ledger !== undefined,
      history: ledger !== undefined,
      remove: service.remove !== undefined,
    },

    read: readState,

    // Without a ledger the order of changes is unknown, so a lost race is reported instead of repeated.
    transact: (decide) => inTurn(() => (ledger ? retryOnConflict(() => attempt(decide)) : attempt(decide))),

    record: (entry) => service.record(entry),
    bundle: (entry) => service.bundle(entry),
    history: async (limit) => (ledger ? ledger.history(limit) : []),

    abandoned: async (history) => (ledger ? ledger.abandoned(history) : []),

    async restore(snapshot) {
      const { versions, aliases, history } = snapshot;
      const held = await service.list();
      for (const [i, version] of versions.entries()) {
        const there = held[i];
        if (there !== undefined && (there.number !== version.number || there.contentHash !== version.contentHash)) {
          throw refused(
            `${service.name} has another version ${there.number} in place of version ${version.number}. Use an empty location.`,
          );
        }
        const number = there?.number ?? (await service.create(version, await snapshot.bundle(version), version.number));
        if (number !== version.number) {
          throw refused(
            `${service.name} gave version ${version.number} the number ${number}: it numbers without gaps, and versions were removed before.`,
          );
        }
      }
      const highest = highestOf([
        ...versions.map(({ semver }) => semver),
        ...history.flatMap(({ entry }) => entry.semver ?? []),
      ]);
      const next =
        Math.max(0, ...history.map(({ entry }) => entry.version), ...versions.map(({ number }) => number)) + 1;
      await ledger?.adopt({ versions: versions.map(known), aliases, next, highest }, history);
      for (const alias of aliases) await service.setAlias(alias);
    },
  };
}

const lostRace = (service: string, alias: string): ChurnkitError =>
  new ChurnkitError(
    "STORE_CONFLICT",
    `The alias ${alias} in ${service} was moved by someone else at the same time. Check where it points, and promote again if necessary.`,
  );
