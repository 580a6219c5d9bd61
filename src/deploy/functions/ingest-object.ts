import { textHash } from "../../base/hash.js";
import { readableJson } from "../../base/json/index.js";
import { isConflict } from "../../base/async/index.js";
import { contractHash } from "../../data/contract/index.js";
import type { Validation } from "../../data/quality/index.js";
import type { ObjectStore } from "../../io/store/index.js";
import type { CreatedObject, S3Objects, S3Source } from "../../io/store/s3/objects.js";
import { type SortedRows, type SortOptions, sortedRows, type Unusable } from "./sorted-rows.js";

/** Folder of everything that ingestion writes, in the target's. */
export const ingestedFolder = "ingested/";

export interface IngestionRules extends SortOptions {
  /** Files of a lower quality score are quarantined as a whole. */
  readonly minQuality: number;
}

/** What was made of one version of an object, as its manifest says. */
interface Manifest {
  readonly format: "churnkit-ingestion-1";
  readonly source: { readonly bucket: string; readonly key: string; readonly version: string; readonly bytes: number };
  /** SHA-256 of the contract. */
  readonly contract: string;
  readonly outcome: "accepted" | "quarantined";
  /** Why nothing was accepted; null where some rows were. */
  readonly reason: string | null;
  readonly rows: number;
  readonly rejected: number;
  readonly qualityScore: number | null;
  /** Key of the accepted rows, and of the others. */
  readonly accepted: string | null;
  readonly quarantined: string | null;
  readonly findings: Validation["findings"];
}

/** What became of an object. */
export interface IngestedObject extends Pick<Manifest, "rows" | "rejected" | "qualityScore" | "reason"> {
  readonly bucket: string;
  readonly key: string;
  /** `known`: ingested before; `gone`: deleted before it was read. */
  readonly outcome: Manifest["outcome"] | "known" | "gone";
  /** Key of the manifest in the target's folder. */
  readonly manifest: string | null;
}

/**
 * Ingests one version of an object, unless its manifest says that this was done. The names of all that is written follow from
 * the object's version, and the manifest comes last, if there is none: an attempt after a kill writes the same bytes again.
 */
export async function ingestObject(
  objects: S3Objects,
  store: ObjectStore,
  { bucket, key, version: versionId }: CreatedObject,
  rules: IngestionRules,
): Promise<IngestedObject> {
  const nothing = { bucket, key, manifest: null, rows: 0, rejected: 0, qualityScore: null, reason: null };
  const found = await objects.open(key, versionId);
  if (found === undefined) return { ...nothing, outcome: "gone" };
  try {
    const version = versionId ?? found.version;
    const id = textHash([bucket, key, version].join("\n")).slice(0, 32);
    const manifestKey = `${ingestedFolder}manifests/${id}.json`;
    const known = { ...nothing, manifest: manifestKey, outcome: "known" } as const;
    if ((await store.get(manifestKey)) !== undefined) return known;
    const manifest = await writeRows(store, id, found, { bucket, key, version, bytes: found.size }, rules);
    try {
      await store.put(manifestKey, readableJson(manifest), { ifVersion: null });
    } catch (error) {
      if (isConflict(error)) return known;
      throw error;
    }
    const { outcome, reason, rows, rejected, qualityScore } = manifest;
    return { bucket, key, manifest: manifestKey, outcome, reason, rows, rejected, qualityScore };
  } finally {
    found.close();
  }
}

async function writeRows(
  store: ObjectStore,
  id: string,
  found: S3Source,
  source: Manifest["source"],
  rules: IngestionRules,
): Promise<Manifest> {
  const base = { format: "churnkit-ingestion-1", source, contract: contractHash(rules.contract) } as const;
  const sorted = await sortedObject(found, source.key, rules);
  if (!("validation" in sorted)) {
    const none = { rows: 0, rejected: 0, qualityScore: null, accepted: null, quarantined: null, findings: [] };
    return { ...base, outcome: "quarantined", reason: sorted.reason, ...none };
  }
  const { rows, rejected, qualityScore, findings } = sorted.validation;
  const reason = reasonOf(sorted, rules.minQuality);
  // By the day on which the object was written, so that a repeated attempt has the same names.
  const day = (found.modified ?? new Date(0)).toISOString().slice(0, 10);
  const write = async (kind: string, bytes: Uint8Array | undefined): Promise<string | null> => {
    if (bytes === undefined) return null;
    const key = `${ingestedFolder}${kind}/${day}/${id}.jsonl`;
    await store.put(key, bytes);
    return key;
  };
  const accepted = reason === null ? await write("rows", sorted.accepted) : null;
  const quarantined = await write("quarantine", sorted.quarantined);
  const outcome = accepted === null ? "quarantined" : "accepted";
  return { ...base, outcome, reason, rows, rejected, qualityScore, accepted, quarantined, findings };
}

async function sortedObject(found: S3Source, key: string, rules: IngestionRules): Promise<SortedRows | Unusable> {
  const { maxBytes } = rules;
  if (found.size > maxBytes) return { reason: `${key}: ${found.size} bytes are more than the limit of ${maxBytes}.` };
  const bytes = new Uint8Array(found.size);
  let at = 0;
  for await (const part of found.stream) {
    bytes.set(part, at);
    at += part.length;
  }
  return sortedRows(key, bytes, rules);
}

function reasonOf({ accepted, validation: { qualityScore } }: SortedRows, minQuality: number): string | null {
  if (accepted === undefined) return "No row keeps the contract.";
  if (qualityScore >= minQuality) return null;
  return `The quality score ${qualityScore.toFixed(3)} is below ${minQuality}; see the findings.`;
}
