import { ChurnkitError } from "../../../base/errors.js";
import { sha256Hex } from "../../../base/hash.js";
import { manifestPath, bundleSource, collected, type BundleSource } from "../../../model/bundle/index.js";
import type { VersionDraft } from "../../registry-state.js";
import type { VersionService } from "../service-backend.js";
import type { StatusNote, VersionStatus } from "../../versions/version.js";
import { type ArtifactFolder, uploadOf } from "../../../io/mlflow/index.js";
import { factsReader, putFacts, writeFacts } from "./facts.js";
import { checkMlflowLabels, tagFormat, versionTag, writeNote } from "./labels.js";
import type { RegisteredModel } from "./registered-model.js";
import type { Runs } from "./runs.js";
import { standing, type MlflowVersion } from "./versions.js";

/** Building blocks of the service. */
export interface ServiceParts {
  /** Its name in messages. */
  readonly name: string;
  readonly model: RegisteredModel;
  readonly runs: Runs;
  readonly folderAt: (uri: string) => ArtifactFolder;
  readonly now: () => Date;
}

/**
 * Versions in MLflow. Everything is uploaded before the one call that creates the version, so a reader never sees a
 * part of it; a kill leaves a run without a version.
 */
export function mlflowService({ name, model, runs, folderAt, now }: ServiceParts): VersionService<MlflowVersion> {
  const facts = factsReader(name, ({ source }) => folderAt(source));

  /** The manifest last: a folder without it is not a bundle. */
  async function upload(folder: ArtifactFolder, bundle: BundleSource, factsBytes: Uint8Array): Promise<void> {
    const files = bundle.manifest.files.map(({ path, bytes }) =>
      folder.put(inBundle(path), { size: bytes, open: () => bundle.read(path) }),
    );
    await Promise.all([putFacts(folder, factsBytes), ...files]);
    await folder.put(inBundle(manifestPath), uploadOf(await collected(bundle.read(manifestPath))));
  }

  /** Makes everything except the version itself; if it fails it leaves a run, marked as failed if possible. */
  async function prepare(
    draft: VersionDraft,
    bundle: BundleSource,
    registration: string,
    factsBytes: Uint8Array,
  ): Promise<{ source: string; runId: string }> {
    const run = await runs.begin(draft, registration);
    try {
      const source = `${run.artifactUri}/churnkit/${registration}`;
      await upload(folderAt(source), bundle, factsBytes);
      if (run.own) await runs.end(run, "FINISHED", now());
      return { source, runId: run.id };
    } catch (error) {
      if (run.own) await runs.end(run, "FAILED", now()).catch(() => undefined);
      throw error;
    }
  }

  const lowestOf = async (registration: string): Promise<number | undefined> =>
    (await model.versions()).find((version) => version.registration === registration)?.number;

  /**
   * Nothing prevents two registrations at once, so the one with the higher number is undone.
   *
   * @throws ChurnkitError STORE_CONFLICT.
   */
  async function settle(number: number, { contentHash, semver }: VersionDraft, registration: string): Promise<void> {
    const all = await model.versions();
    // A creation that was repeated because its answer was lost.
    for (const twin of all)
      if (twin.registration === registration && twin.number > number) await model.delete(twin.number);
    const rival = standing(all).find(
      (one) =>
        one.number < number &&
        one.registration !== registration &&
        (one.contentHash === contentHash || one.semver === semver),
    );
    if (rival === undefined) return;
    await model.delete(number);
    throw new ChurnkitError(
      "STORE_CONFLICT",
      `${name}: someone else registered version ${rival.number} (${rival.semver}) at the same time. Register again.`,
    );
  }

  async function setStatus(
    { number, labels }: MlflowVersion,
    status: VersionStatus = labels.status,
    note: StatusNote = labels.statusNote,
  ): Promise<void> {
    await model.setTag(number, versionTag.statusNote, writeNote(status, note));
    await model.setTag(number, versionTag.status, status);
  }

  async function setTags({ number, labels }: MlflowVersion, tags: Readonly<Record<string, string>>): Promise<void> {
    const present = new Map(Object.entries(labels.tags));
    for (const [key, value] of Object.entries(tags))
      if (present.get(key) !== value) await model.setTag(number, key, value);
    for (const key of present.keys()) if (!Object.hasOwn(tags, key)) await model.deleteTag(number, key);
  }

  return {
    name,

    list: async () => standing(await model.versions()),

    async create(draft, bundle, wanted) {
      checkMlflowLabels(draft);
      const registration = crypto.randomUUID();
      const factsBytes = writeFacts(draft);
      const { source, runId } = await prepare(draft, bundle, registration, factsBytes);
      const { semver, contentHash, status, statusNote, stage, description } = draft;
      const tags = {
        ...draft.tags,
        [versionTag.format]: tagFormat,
        [versionTag.registration]: registration,
        [versionTag.semver]: semver,
        [versionTag.contentHash]: contentHash,
        [versionTag.facts]: await sha256Hex(factsBytes),
        [versionTag.status]: status,
        [versionTag.statusNote]: writeNote(status, statusNote),
        ...(stage === "None" ? {} : { [versionTag.stage]: stage }),
      };
      if (wanted !== undefined && wanted > 1 + ((await model.versions()).at(-1)?.number ?? 0))
        await model.skipTo(wanted, { source, runId });
      const number = await model.create({ source, runId, description, tags }, () => lowestOf(registration));
      if (wanted !== undefined && number !== wanted) {
        await model.delete(number);
        return number;
      }
      await settle(number, draft, registration);
      if (stage !== "None") {
        await model.toStage(number, stage);
        await model.deleteTag(number, versionTag.stage);
      }
      return number;
    },

    record: async (version) => ({ number: version.number, ...(await facts(version)), ...version.labels }),

    async label(version, labels) {
      checkMlflowLabels(labels);
      const { number } = version;
      const { description, tags, stage, status, statusNote } = labels;
      if (tags !== undefined) await setTags(version, tags);
      if (description !== undefined) await model.describe(number, description);
      if (stage !== undefined) await model.toStage(number, stage);
      if (stage !== undefined && version.stageAwaited) await model.deleteTag(number, versionTag.stage);
      if (status !== undefined || statusNote !== undefined) await setStatus(version, status, statusNote);
    },

    /**
     * Hide it first, so that no reader sees a partial version; the next removal finishes one that a kill interrupted.
     */
    async remove({ contentHash }) {
      const all = await model.versions();
      for (const { number } of all.filter((one) => one.contentHash === contentHash && !one.removing)) {
        await model.setTag(number, versionTag.removing, now().toISOString());
      }
      for (const one of all.filter((version) => version.contentHash === contentHash || version.removing)) {
        await folderAt(one.source).remove();
        await runs.remove(one.runId, one.registration);
        await model.delete(one.number);
      }
    },

    bundle: async ({ source }) => bundleSource(folderAt(source), inBundle("")),

    aliases: () => model.aliases(),
    setAlias: (entry) => model.setAlias(entry),
  };
}

const inBundle = (path: string): string => `bundle/${path}`;
