import pLimit from "p-limit";
import type { ModelApprovalStatus } from "@aws-sdk/client-sagemaker";
import { ChurnkitError } from "../../../base/errors.js";
import type { IndexedVersion } from "../../versions/registry-index.js";
import type { Decision, RegistryBackend, RegistryChange } from "../../registry-state.js";
import type { VersionStatus } from "../../versions/version.js";
import type { ModelPackages, PublishedPackage } from "./model-packages.js";

/** Display of a status in SageMaker, which has no quarantine. */
const approvals: Readonly<Record<VersionStatus, ModelApprovalStatus>> = {
  pending: "PendingManualApproval",
  approved: "Approved",
  rejected: "Rejected",
  quarantined: "Rejected",
};

const decisions: Readonly<Partial<Record<ModelApprovalStatus, VersionStatus>>> = {
  Approved: "approved",
  Rejected: "rejected",
};

/**
 * A registry's backend in a bucket whose versions are also model packages. The bucket's index decides. Approvals
 * decided in SageMaker are taken over, and every change brings the packages into line with the index.
 */
export function publishedBackend(
  files: RegistryBackend<IndexedVersion>,
  packages: ModelPackages,
  now: () => Date,
): RegistryBackend<IndexedVersion> {
  const inTurn = pLimit(1);
  /** Versions whose packages may differ from the index. */
  const unshown = new Set<number>();

  const byHash = async (): Promise<ReadonlyMap<string, PublishedPackage>> => {
    // Of two packages of one version, which a lost answer can leave, the first made is listed last.
    const list = await packages.list();
    return new Map(list.map((one) => [one.contentHash, one]));
  };

  /** Statuses decided in SageMaker. */
  async function decidedThere(
    versions: readonly IndexedVersion[],
    published: ReadonlyMap<string, PublishedPackage>,
  ): Promise<ReadonlyMap<IndexedVersion, VersionStatus>> {
    const found = new Map<IndexedVersion, VersionStatus>();
    for (const version of versions) {
      const one = published.get(version.contentHash);
      if (
        one === undefined ||
        decisions[one.approval] === undefined ||
        version.status === "quarantined" ||
        one.approval === approvals[version.status]
      )
        continue;
      // A value that churnkit itself wrote there is not a decision: the index has moved on since and could not be
      // shown yet. Approval and status come from one answer, because another process may have changed both after the
      // package was listed.
      const { approval, written } = await packages.shownBy(one);
      const status = decisions[approval];
      if (
        status !== undefined &&
        approval !== approvals[version.status] &&
        (written === undefined || approvals[written] !== approval)
      )
        found.set(version, status);
    }
    return found;
  }

  /** Records decisions made in SageMaker, each as a separate change. */
  async function takeOver(): Promise<void> {
    const [{ versions }, published] = await Promise.all([files.read(), byHash()]);
    for (const [{ number, status: before }, status] of await decidedThere(versions, published)) {
      await files.transact((state): Decision<void> => {
        if (state.versions.find((version) => version.number === number)?.status !== before)
          return { result: undefined };
        const [by, reason] = ["SageMaker", "decided in SageMaker Model Registry"];
        return {
          result: undefined,
          changes: [
            { kind: "label", version: number, labels: { status, statusNote: { by, at: now().toISOString(), reason } } },
          ],
          entry: { action: "status", version: number, status, by, reason },
        };
      });
      unshown.add(number);
    }
  }

  /** Makes missing packages, updates the others, and removes packages of removed versions. */
  async function publish(): Promise<void> {
    const published = await byHash();
    // Read after the packages, so that every package made in the meantime has its version.
    const { versions, aliases: pointing } = await files.read();
    for (const version of versions) {
      const found = published.get(version.contentHash);
      const approval = approvals[version.status];
      if (found !== undefined && found.approval === approval && !unshown.has(version.number)) continue;
      const record = await files.record(version);
      const arn = found?.arn ?? (await packages.create(record, await files.bundle(version), approval));
      const aliases = pointing.filter((entry) => entry.version === version.number).map(({ alias }) => alias);
      if (found !== undefined || aliases.length > 0) await packages.update(arn, { ...record, aliases }, approval);
      unshown.delete(version.number);
    }
    const kept = new Set(versions.map(({ contentHash }) => contentHash));
    for (const found of published.values()) if (!kept.has(found.contentHash)) await packages.remove(found);
  }

  return {
    ...files,

    async read() {
      const [state, published] = await Promise.all([files.read(), byHash()]);
      const decided = await decidedThere(state.versions, published);
      return {
        ...state,
        versions: state.versions.map((version) => ({
          ...version,
          status: decided.get(version) ?? version.status,
          recorded: version.status,
        })),
      };
    },

    transact: (decide) =>
      inTurn(async () => {
        await takeOver();
        let changes: readonly RegistryChange[] = [];
        const done = await files.transact(async (state) => {
          const decision = await decide(state);
          changes = decision.changes ?? [];
          return decision;
        });
        for (const number of touchedBy(changes)) unshown.add(number);
        await publish().catch((error: unknown) => {
          throw notShown(error);
        });
        return done;
      }),

    async record(version) {
      const record = await files.record(version);
      return record.status === version.status
        ? record
        : { ...record, status: version.status, statusNote: { by: "SageMaker", at: record.statusNote.at } };
    },

    restore: (snapshot) =>
      inTurn(async () => {
        const before = await files.read();
        await files.restore(snapshot);
        const after = await files.read();
        const known = new Set(before.versions.map(({ record }) => record));
        for (const { number, record } of after.versions) if (!known.has(record)) unshown.add(number);
        for (const { version } of [...before.aliases, ...after.aliases]) unshown.add(version);
        await publish();
      }),
  };
}

/** An error after the registry's own change: the reader must know that it was made. */
function notShown(error: unknown): unknown {
  if (!ChurnkitError.isInstance(error)) return error;
  const { code, message, where, cause } = error;
  return new ChurnkitError(
    code,
    `${message} The registry has the change, so do not repeat it. SageMaker shows it with that version's next change.`,
    { where, cause },
  );
}

/** Returns the versions whose shown facts a change altered. */
function touchedBy(changes: readonly RegistryChange[]): ReadonlySet<number> {
  const numbers = changes.flatMap((change) => {
    if (change.kind === "alias")
      return change.previous === null ? [change.entry.version] : [change.entry.version, change.previous];
    return change.kind === "label" ? [change.version] : [];
  });
  return new Set(numbers);
}
