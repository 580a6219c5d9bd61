import { ChurnkitError } from "../base/errors.js";
import type { Artifact } from "../model/artifact.js";
import {
  fromBundleFiles,
  toBundleFiles,
  type BundleFiles,
  openBundle,
  filesOfSource,
  sourceOfFiles,
  type BundleSource,
} from "../model/bundle/index.js";
import { checkAlias } from "./versions/aliases.js";
import { promotion, removal, rollback } from "./decisions.js";
import { auditRegistry } from "./history/audit.js";
import { checkNote, checkPromotion, checkRegistration, checkStage, checkStatus } from "./check-change.js";
import { draftVersion } from "./versions/draft-version.js";
import { checkContent, partsOf } from "./versions/registered-bundle.js";
import { historyOf } from "./history/history-of.js";
import { momentOf } from "./history/moment.js";
import { notFound, refused } from "./registry-error.js";
import type { Decision, RegistryBackend, RegistryState, VersionEntry } from "./registry-state.js";
import type { ChangeNote, ModelRegistry } from "./registry.js";
import { resolveVersion } from "./versions/resolve.js";
import { assertSignature } from "./signature/signature.js";
import {
  checkLabels,
  type ModelVersion,
  type VersionLabels,
  type VersionRecord,
  type VersionRef,
} from "./versions/version.js";

/** Options of a registry other than its backend. */
export interface RegistryOptions {
  /** The model's name: one segment of letters, digits and `._-`. */
  readonly name: string;
  /** Default author of changes. Default "unknown". */
  readonly by?: string | undefined;
  /** The clock. */
  readonly now?: (() => Date) | undefined;
}

/** The rules of a registry, the same for every driver, over a driver's storage. */
export function registryOver<Entry extends VersionEntry>(
  backend: RegistryBackend<Entry>,
  { name, by: someone = "unknown", now = () => new Date() }: RegistryOptions,
): ModelRegistry {
  checkNote({ by: someone });
  const resolve = (state: RegistryState<Entry>, ref: VersionRef): Entry => resolveVersion(state, name, ref);

  async function describe(state: RegistryState, entry: Entry): Promise<ModelVersion> {
    const aliases = state.aliases.filter(({ version }) => version === entry.number).map(({ alias }) => alias);
    return { ...(await backend.record(entry)), aliases };
  }

  const bundleOf = async (entry: Entry): Promise<BundleSource> =>
    checkContent(await backend.bundle(entry), entry.contentHash);

  /** Changes a decision about a version. */
  async function relabel(
    ref: VersionRef,
    labels: Partial<VersionLabels>,
    action: "status" | "stage" | "annotate",
    { by = someone, reason }: ChangeNote,
  ): Promise<ModelVersion> {
    checkNote({ by, reason });
    const { state, result } = await backend.transact((state): Decision<number> => {
      const version = resolve(state, ref).number;
      const { status, stage } = labels;
      return {
        result: version,
        changes: [{ kind: "label", version, labels }],
        entry: { action, version, by, reason, status, stage },
      };
    });
    return describe(state, resolve(state, result));
  }

  return {
    name,
    capabilities: backend.capabilities,

    async register(bundle, options = {}) {
      checkLabels(options.tags ?? {}, options.description ?? "");
      checkRegistration(bundle, options);
      const files = "contract" in bundle ? await toBundleFiles(bundle, { createdAt: now() }) : bundle;
      const { source, artifact } = await sourceAndParts(files);
      const { manifest } = source;
      const { contentHash } = manifest;
      const by = options.by ?? someone;
      const { state, result: created } = await backend.transact(async (state): Promise<Decision<boolean>> => {
        if (state.versions.some((version) => version.contentHash === contentHash)) return { result: false };
        const previous = state.versions.at(-1);
        const record = previous && (await backend.record(previous));
        const { draft, because } = await draftVersion({ manifest, artifact }, record, {
          ...options,
          by,
          at: now(),
          highest: state.highest,
        });
        const { status, semver, verdict } = draft;
        return {
          result: true,
          changes: [{ kind: "add", draft, bundle: source }],
          entry: {
            action: "register",
            version: 0,
            contentHash,
            semver,
            status,
            verdict,
            by,
            reason: options.reason ?? because,
          },
        };
      });
      const entry = state.versions.find((version) => version.contentHash === contentHash);
      if (entry === undefined) throw notFound(name, `version with the content ${contentHash.slice(0, 12)}`);
      return { version: await describe(state, entry), created };
    },

    async list({ limit = 100, before = Infinity, status, stage } = {}) {
      if (status !== undefined) checkStatus(status);
      if (stage !== undefined) checkStage(stage);
      const state = await backend.read();
      const chosen = state.versions.filter(
        (version) =>
          version.number < before &&
          (status ?? version.status) === version.status &&
          (stage ?? version.stage) === version.stage,
      );
      return Promise.all(
        chosen
          .slice(Math.max(0, chosen.length - limit))
          .reverse()
          .map((entry) => describe(state, entry)),
      );
    },

    async get(ref) {
      const state = await backend.read();
      return describe(state, resolve(state, ref));
    },

    async aliases() {
      return new Map((await backend.read()).aliases.map(({ alias, version }) => [alias, version]));
    },

    async open(ref) {
      return bundleOf(resolve(await backend.read(), ref));
    },

    async download(ref) {
      return filesOfSource(await bundleOf(resolve(await backend.read(), ref)));
    },

    async load(ref, { signature, ...open } = {}) {
      const state = await backend.read();
      const entry = resolve(state, ref);
      const [version, source] = await Promise.all([describe(state, entry), bundleOf(entry)]);
      if (signature !== undefined) assertSignature(signature, version.signature);
      return { ...(await openBundle(await filesOfSource(source), open)), version };
    },

    async promote(ref, alias, { verdict, expected, approvedOnly = false, by = someone, reason } = {}) {
      checkAlias(alias);
      checkPromotion({ verdict, by, reason });
      const { result } = await backend.transact((state) =>
        promotion(state, resolve(state, ref), alias, { verdict, expected, approvedOnly, by, reason }),
      );
      return result;
    },

    async rollback(alias, { quarantine = true, by = someone, reason } = {}) {
      checkNote({ by, reason });
      const { result } = await backend.transact((state) => {
        const present = state.aliases.find((entry) => entry.alias === alias);
        if (present === undefined) throw notFound(name, `version under the alias "${alias}"`);
        return rollback(state, present, { quarantine, by, reason, at: now() });
      });
      return result;
    },

    setStatus: async (ref, status, note = {}) =>
      relabel(
        ref,
        {
          status: checkStatus(status),
          statusNote: { by: note.by ?? someone, at: now().toISOString(), reason: note.reason },
        },
        "status",
        note,
      ),

    setStage: async (ref, stage, note = {}) => relabel(ref, { stage: checkStage(stage) }, "stage", note),

    async annotate(ref, { description, tags }, note = {}) {
      checkLabels(tags ?? {}, description ?? "");
      const labels = { ...(description === undefined ? {} : { description }), ...(tags === undefined ? {} : { tags }) };
      return relabel(ref, labels, "annotate", note);
    },

    async remove(ref, { by = someone, reason } = {}) {
      checkNote({ by, reason });
      if (!backend.capabilities.remove)
        throw refused(`The registry of ${name} cannot remove versions. Reject or archive it instead.`);
      await backend.transact((state) => removal(state, resolve(state, ref), name, { by, reason }));
    },

    history: async ({ limit = Infinity } = {}) => (await backend.history(limit)).map(({ entry }) => entry),

    verify: (options = {}) => auditRegistry(backend, options),

    async clean({ olderThanSeconds = 86_400, apply = false } = {}) {
      if (!(olderThanSeconds >= 0))
        throw new ChurnkitError(
          "OPTION_INVALID",
          `olderThanSeconds must be a number of 0 or more, not ${olderThanSeconds}.`,
        );
      const { orphans, problems } = await auditRegistry(backend, { bundles: false });
      const [first] = problems;
      if (first !== undefined)
        throw refused(`The registry of ${name} is not sound, so nothing is removed: ${first.where}: ${first.problem}`);
      const latest = now().getTime() - olderThanSeconds * 1000;
      const old = orphans.filter(({ modified }) => modified !== null && Date.parse(modified) <= latest);
      if (!apply || old.length === 0) return old;
      const removed = new Set(await backend.removeOrphans?.(old.map(({ folder }) => folder)));
      return old.filter(({ folder }) => removed.has(folder));
    },

    async snapshot() {
      const { state, history: newestFirst } = await momentOf(backend);
      const versions: VersionRecord[] = [];
      for (const entry of state.versions) versions.push(await backend.record(entry));
      const history =
        newestFirst.length > 0 ? newestFirst.toReversed() : await historyOf(name, versions, state.aliases);
      return {
        name,
        versions,
        aliases: state.aliases,
        history,
        bundle: ({ number }) => bundleOf(resolve(state, number)),
      };
    },

    restore: (snapshot) => backend.restore(snapshot),
  };
}

/**
 * A bundle to upload, and its parts except the model; in-memory parts are parsed completely, so that it is known to
 * be sound.
 */
async function sourceAndParts(
  bundle: BundleFiles | BundleSource,
): Promise<{ readonly source: BundleSource; readonly artifact: Omit<Artifact, "model"> }> {
  if ("read" in bundle) return { source: bundle, artifact: await partsOf(bundle) };
  const { manifest, artifact } = await fromBundleFiles(bundle);
  return { source: await sourceOfFiles(bundle, manifest), artifact };
}
