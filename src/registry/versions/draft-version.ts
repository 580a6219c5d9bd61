import type { Artifact } from "../../model/artifact.js";
import type { Manifest } from "../../model/bundle/index.js";
import type { Lineage } from "./lineage.js";
import type { VersionDraft } from "../registry-state.js";
import type { RegisterOptions } from "../registry.js";
import { fingerprintsOf, nextVersion } from "./semver.js";
import { signatureHash, signatureOf } from "../signature/signature.js";
import type { VersionRecord } from "./version.js";

/** Everything that a version keeps of a bundle, and the reason for its number; `previous` is the newest so far. */
export async function draftVersion(
  { manifest, artifact }: { readonly manifest: Manifest; readonly artifact: Omit<Artifact, "model"> },
  previous: VersionRecord | undefined,
  {
    verdict,
    tags = {},
    description = "",
    metrics,
    run = {},
    reason,
    by,
    at,
    highest,
  }: RegisterOptions & { readonly by: string; readonly at: Date; readonly highest?: string | undefined },
): Promise<{ readonly draft: VersionDraft; readonly because: string }> {
  const { provenance, contract } = artifact;
  const signature = signatureOf(contract);
  const fingerprints = fingerprintsOf(manifest, artifact);
  const registeredAt = at.toISOString();
  const rejected = verdict?.passed === false;
  const identity = { signature, fingerprints };
  // A number is never given twice, even if its version was removed.
  const before =
    previous === undefined && highest === undefined
      ? undefined
      : { ...identity, ...previous, semver: highest ?? previous?.semver ?? "" };
  const { semver, because } = nextVersion(before, identity);
  const draft: VersionDraft = {
    semver,
    contentHash: manifest.contentHash,
    bytes: manifest.files.reduce((sum, { bytes }) => sum + bytes, 0),
    registeredAt,
    by,
    metrics: metrics ?? artifact.metrics,
    ...(verdict === undefined ? {} : { verdict }),
    signature,
    fingerprints,
    provenance,
    lineage: {
      dataHash: provenance.dataHash,
      contractHash: fingerprints.contract,
      recipeHash: fingerprints.recipe,
      modelHash: fingerprints.model,
      signatureHash: await signatureHash(signature),
      seed: provenance.seed,
      gitCommit: provenance.gitCommit,
      trainedAt: manifest.createdAt,
      environment: { versions: provenance.versions },
      parent: previous?.number,
      ...given(run),
    },
    status: rejected ? "rejected" : "pending",
    statusNote: {
      by,
      at: registeredAt,
      ...(rejected ? { reason: `gate ${verdict.gate} did not pass` } : reason === undefined ? {} : { reason }),
    },
    stage: "None",
    description,
    tags,
  };
  return { draft, because };
}

/** Keeps the caller's facts about the run and drops those that the bundle states itself. */
const given = ({ parent, runId, trainedBy, trainedWhere }: NonNullable<RegisterOptions["run"]>): Partial<Lineage> => ({
  ...(parent === undefined ? {} : { parent }),
  ...(runId === undefined ? {} : { runId }),
  ...(trainedBy === undefined ? {} : { trainedBy }),
  ...(trainedWhere === undefined ? {} : { trainedWhere }),
});
