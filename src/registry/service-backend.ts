import { ChurnkitError } from "../base/errors.js";
import type { BundleSource } from "../model/bundle/source.js";
import { withAlias } from "./aliases.js";
import { inTurns, untilSettled, type Ledger } from "./ledger.js";
import type { AliasEntry, EntryDraft, RegistryBackend, RegistryChange, RegistryState, VersionDraft, VersionEntry } from "./registry-state.js";
import { versionNumbered } from "./resolve.js";
import type { VersionLabels, VersionRecord } from "./version.js";

/** A model registry service, as far as churnkit needs it: what a driver for one has to implement. */
export interface VersionService<Entry extends VersionEntry = VersionEntry> {
  /** What to call it in messages. */
  readonly name: string;
  /** All versions that churnkit registered, in order of number. */
  list(): Promise<readonly Entry[]>;
  /** Creates a version with its bundle; no reader sees a part of it. Returns its number. */
  create(draft: VersionDraft, bundle: BundleSource): Promise<number>;
  record(entry: Entry): Promise<VersionRecord>;
  /** Changes the given labels and leaves the others. */
  label(entry: Entry, labels: Partial<VersionLabels>): Promise<void>;
  /** Absent where the service cannot. */
  readonly remove?: ((entry: Entry) => Promise<void>) | undefined;
  bundle(entry: Entry): Promise<BundleSource>;
  /** In order of name. */
  aliases(): Promise<readonly AliasEntry[]>;
  setAlias(entry: AliasEntry): Promise<void>;
}

/**
 * A backend over a service that has no compare-and-swap. With a ledger (an object store beside the service) aliases and
 * history are kept there, by compare-and-swap, and aliases are shown in the service as well; without one a promotion
 * that met another is reported as STORE_CONFLICT.
 */
export function serviceBackend<Entry extends VersionEntry>(service: VersionService<Entry>, ledger?: Ledger): RegistryBackend<Entry> {
  const inTurn = inTurns();

  async function readState(): Promise<RegistryState<Entry>> {
    const [versions, aliases] = await Promise.all([service.list(), ledger ? ledger.read().then(({ index }) => index.aliases) : service.aliases()]);
    return { versions, aliases };
  }

  /** Everything but aliases; returns the number of an added version. */
  async function apply({ versions }: RegistryState<Entry>, change: RegistryChange): Promise<number | undefined> {
    if (change.kind === "add") return service.create(change.draft, change.bundle);
    if (change.kind === "alias") return undefined;
    const entry = versionNumbered(versions, change.version);
    if (entry === undefined) return undefined;
    if (change.kind === "label") await service.label(entry, change.labels);
    else await service.remove?.(entry);
    return undefined;
  }

  /** Sets an alias where nobody guards it: looks before and after, so that a lost race is at least reported. */
  async function setUnguarded({ entry, previous }: Extract<RegistryChange, { kind: "alias" }>): Promise<void> {
    const points = async (): Promise<number | null> => (await service.aliases()).find(({ alias }) => alias === entry.alias)?.version ?? null;
    if ((await points()) !== previous) throw lostRace(service.name, entry.alias);
    await service.setAlias(entry);
    if ((await points()) !== entry.version) throw lostRace(service.name, entry.alias);
  }

  /** Moves aliases in the ledger, with the entry that says so, then shows them in the service. */
  async function record(known: Ledger, changes: readonly RegistryChange[], entry: EntryDraft): Promise<void> {
    const moved = changes.filter((change) => change.kind === "alias");
    await known.append((index) => {
      for (const { entry: { alias }, previous } of moved) {
        const points = index.aliases.find((one) => one.alias === alias)?.version ?? null;
        if (points !== previous) throw lostRace(service.name, alias);
      }
      return { ...index, aliases: moved.reduce((all, change) => withAlias(all, change.entry), index.aliases) };
    }, entry);
    for (const change of moved) await service.setAlias(change.entry);
  }

  const attempt: RegistryBackend<Entry>["transact"] = async (decide) => {
    const state = await readState();
    const { result, changes = [], entry } = await decide(state);
    if (entry === undefined) return { state, result };
    let added: number | undefined;
    for (const change of changes) added = (await apply(state, change)) ?? added;
    if (ledger) await record(ledger, changes, added === undefined ? entry : { ...entry, version: added });
    else for (const change of changes) if (change.kind === "alias") await setUnguarded(change);
    return { state: await readState(), result };
  };

  return {
    capabilities: { compareAndSwap: ledger !== undefined, history: ledger !== undefined, remove: service.remove !== undefined },

    read: readState,

    // Without a ledger nothing tells whose change was first, so a lost race is reported instead of run again.
    transact: (decide) => inTurn(() => (ledger ? untilSettled(() => attempt(decide)) : attempt(decide))),

    record: (entry) => service.record(entry),
    bundle: (entry) => service.bundle(entry),
    history: async (limit) => (ledger ? ledger.history(limit) : []),

    async restore({ versions, aliases, history, bundle }) {
      const held = await service.list();
      for (const [i, version] of versions.entries()) {
        const there = held[i];
        if (there !== undefined && (there.number !== version.number || there.contentHash !== version.contentHash)) {
          throw refused(`${service.name} holds another version ${there.number} where version ${version.number} belongs. Take an empty place.`);
        }
        const number = there?.number ?? (await service.create(version, await bundle(version)));
        if (number !== version.number) {
          throw refused(`${service.name} gave version ${version.number} the number ${number}: it numbers without gaps, and versions were removed before.`);
        }
      }
      for (const alias of aliases) await service.setAlias(alias);
      await ledger?.adopt({ versions: [], aliases, next: 1 }, history);
    },
  };
}

const refused = (message: string): ChurnkitError => new ChurnkitError("REGISTRY_REFUSED", message);

const lostRace = (service: string, alias: string): ChurnkitError =>
  new ChurnkitError("STORE_CONFLICT", `The alias ${alias} in ${service} was moved by somebody else at the same time. Look where it points, and promote again if need be.`);
