import { parseJsonFile, readableJson, type JsonValue } from "../model/bundle/json.js";
import { parseMetrics, parseProvenance } from "../model/bundle/parts.js";
import type { GateVerdict } from "./gate.js";
import { parseLineage } from "./lineage.js";
import { corruptRecord, optionalText } from "./registry-error.js";
import { parseFingerprints } from "./semver.js";
import { parseSignature, type Signature } from "./signature.js";
import { versionStages, versionStatuses, type VersionFacts, type VersionLabels, type VersionRecord } from "./version.js";

export const writeRecord = (record: VersionRecord): Uint8Array<ArrayBuffer> => readableJson(record);

/**
 * Reads a record whose bytes were held to their hash: they are as churnkit wrote them, so the signature, which takes
 * longest, is not parsed again.
 *
 * @throws ChurnkitError REGISTRY_CORRUPT.
 */
export function parseRecord(key: string, bytes: Uint8Array): VersionRecord {
  const root = parseJsonFile(key, bytes, corruptRecord);
  const signature = root.get("signature");
  signature.get("inputs").list();
  return { number: root.get("number").count(1), ...parseFacts(root, () => signature.value as Signature), ...parseLabels(root) };
}

/** Reads what is fixed of a version; drivers for services keep it as a file of its own. */
export function parseFacts(root: JsonValue, signatureIn: (json: JsonValue) => Signature = parseSignature): VersionFacts {
  const verdict = root.get("verdict");
  return {
    semver: root.get("semver").text(),
    contentHash: root.get("contentHash").text(),
    bytes: root.get("bytes").count(),
    registeredAt: root.get("registeredAt").text(),
    by: root.get("by").text(),
    metrics: parseMetrics(root.get("metrics")),
    ...(verdict.absent ? {} : { verdict: parseVerdict(verdict) }),
    signature: signatureIn(root.get("signature")),
    fingerprints: parseFingerprints(root.get("fingerprints")),
    provenance: parseProvenance(root.get("provenance")),
    lineage: parseLineage(root.get("lineage")),
  };
}

function parseLabels(root: JsonValue): VersionLabels {
  const note = root.get("statusNote");
  const reason = optionalText(note.get("reason"));
  return {
    status: root.get("status").oneOf(versionStatuses),
    statusNote: { by: note.get("by").text(), at: note.get("at").text(), ...(reason === undefined ? {} : { reason }) },
    stage: root.get("stage").oneOf(versionStages),
    description: root.get("description").text(),
    tags: Object.fromEntries(root.get("tags").entries().map(([name, value]) => [name, value.text()])),
  };
}

/** A recorded verdict is evidence: its outcome is checked, its details are kept as they were written. */
export function parseVerdict(json: JsonValue): GateVerdict {
  json.get("gate").text();
  json.get("checks").list(1_000).forEach((check) => check.get("reason").text());
  if (typeof json.get("passed").value !== "boolean") throw json.get("passed").not("true or false");
  return json.value as GateVerdict;
}
