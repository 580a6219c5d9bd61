import type { ModelApprovalStatus } from "@aws-sdk/client-sagemaker";
import type { IndexedVersion } from "../registry-index.js";
import type { Decision, RegistryBackend, RegistryChange, RegistryState } from "../registry-state.js";
import type { VersionStatus } from "../version.js";
import type { ModelPackages, PublishedPackage } from "./model-packages.js";

/** How a status is shown in SageMaker, which knows no quarantine. */
const approvals: Readonly<Record<VersionStatus, ModelApprovalStatus>> = {
  pending: "PendingManualApproval",
  approved: "Approved",
  rejected: "Rejected",
  quarantined: "Rejected",
};

const decided: Readonly<Partial<Record<ModelApprovalStatus, VersionStatus>>> = { Approved: "approved", Rejected: "rejected" };

/** A version's status as SageMaker has it, where somebody decided there; undefined where it says nothing new. */
function decidedThere({ status }: IndexedVersion, { approval }: PublishedPackage): VersionStatus | undefined {
  if (status === "quarantined" || approval === approvals[status]) return undefined;
  return decided[approval];
}

/**
 * A registry's backend in a bucket whose versions are also model packages. The bucket's index is what counts; approvals
 * that were decided in SageMaker are taken over, and every change brings the packages into line with the index.
 */
export function publishedBackend(
  files: RegistryBackend<IndexedVersion>,
  packages: ModelPackages,
  now: () => Date,
): RegistryBackend<IndexedVersion> {
  const byHash = async (): Promise<ReadonlyMap<string, PublishedPackage>> => {
    // Of two packages of one version, which a lost answer can leave behind, the first made is listed last.
    const list = await packages.list();
    return new Map(list.map((one) => [one.contentHash, one]));
  };

  /** Writes down what was decided in SageMaker, as a change of its own. */
  async function takeOver(published: ReadonlyMap<string, PublishedPackage>): Promise<void> {
    const { versions } = await files.read();
    for (const version of versions) {
      const found = published.get(version.contentHash);
      if (found === undefined || decidedThere(version, found) === undefined) continue;
      await files.transact((state): Decision<void> => {
        const present = state.versions.find(({ number }) => number === version.number);
        const status = present && decidedThere(present, found);
        if (status === undefined) return { result: undefined };
        const [by, reason] = ["SageMaker", "decided in SageMaker Model Registry"];
        return {
          result: undefined,
          changes: [{ kind: "label", version: version.number, labels: { status, statusNote: { by, at: now().toISOString(), reason } } }],
          entry: { action: "status", version: version.number, status, by, reason },
        };
      });
    }
  }

  /** Makes packages that are missing, and shows what `touched` versions are now. */
  async function publish(state: RegistryState<IndexedVersion>, touched: ReadonlySet<number>): Promise<void> {
    const published = await byHash();
    for (const version of state.versions) {
      const found = published.get(version.contentHash);
      const approval = approvals[version.status];
      if (found !== undefined && found.approval === approval && !touched.has(version.number)) continue;
      const record = await files.record(version);
      const arn = found?.arn ?? (await packages.create(record, await files.bundle(version), approval));
      const aliases = state.aliases.filter((entry) => entry.version === version.number).map(({ alias }) => alias);
      if (found !== undefined || aliases.length > 0) await packages.update(arn, { ...record, aliases }, approval);
    }
    const kept = new Set(state.versions.map(({ contentHash }) => contentHash));
    for (const found of published.values()) if (!kept.has(found.contentHash)) await packages.remove(found);
  }

  return {
    ...files,

    async read() {
      const [state, published] = await Promise.all([files.read(), byHash()]);
      const versions = state.versions.map((version) => {
        const found = published.get(version.contentHash);
        const status = found && decidedThere(version, found);
        return status === undefined ? version : { ...version, status };
      });
      return { ...state, versions };
    },

    async transact(decide) {
      await takeOver(await byHash());
      let changes: readonly RegistryChange[] = [];
      const done = await files.transact(async (state) => {
        const decision = await decide(state);
        changes = decision.changes ?? [];
        return decision;
      });
      if (changes.length > 0) await publish(done.state, touchedBy(changes));
      return done;
    },

    async record(version) {
      const record = await files.record(version);
      return record.status === version.status ? record : { ...record, status: version.status, statusNote: { by: "SageMaker", at: record.statusNote.at } };
    },

    async restore(snapshot) {
      await files.restore(snapshot);
      const state = await files.read();
      await publish(state, new Set(state.aliases.map(({ version }) => version)));
    },
  };
}

/** The versions of which something is shown that a change made another. */
function touchedBy(changes: readonly RegistryChange[]): ReadonlySet<number> {
  const numbers = changes.flatMap((change) => {
    if (change.kind === "alias") return change.previous === null ? [change.entry.version] : [change.entry.version, change.previous];
    return change.kind === "label" ? [change.version] : [];
  });
  return new Set(numbers);
}
