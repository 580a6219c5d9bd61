import {
  count,
  flag,
  list,
  object,
  oneOf,
  optional,
  record,
  text,
  type Decoder,
  JsonValue,
  readableJson,
} from "../../base/json/index.js";
import { parseMetrics, parseProvenance } from "../../model/bundle/index.js";
import type { GateVerdict } from "../gates/gate.js";
import { parseLineage } from "./lineage.js";
import { corruptRecord } from "../registry-error.js";
import { parseFingerprints } from "./semver.js";
import { parseSignature, type Signature } from "../signature/signature.js";
import {
  versionStages,
  versionStatuses,
  type StatusNote,
  type VersionFacts,
  type VersionLabels,
  type VersionRecord,
} from "./version.js";

const evidence = object({ gate: text(), checks: list(object({ reason: text() }), 1_000), passed: flag });

/** A recorded verdict is evidence: its outcome is checked, its details are kept unchanged. */
export const parseVerdict: Decoder<GateVerdict> = (json) => {
  evidence(json);
  return json.value as GateVerdict;
};

const facts = (signature: Decoder<Signature>): Decoder<VersionFacts> =>
  object({
    semver: text(),
    contentHash: text(),
    bytes: count(),
    registeredAt: text(),
    by: text(),
    metrics: parseMetrics,
    verdict: optional(parseVerdict),
    signature,
    fingerprints: parseFingerprints,
    provenance: parseProvenance,
    lineage: parseLineage,
  });

/** Reads the fixed facts of a version; drivers for services keep them in a separate file. */
export const parseFacts = facts(parseSignature);

/** Author, time and reason of a version's status. */
export const statusNote: Decoder<StatusNote> = object({ by: text(), at: text(), reason: optional(text()) });

const labels: Decoder<VersionLabels> = object({
  status: oneOf(versionStatuses),
  statusNote,
  stage: oneOf(versionStages),
  description: text(),
  tags: record(text()),
});

/** The record's bytes match their hash, so its signature, which takes longest, is not parsed again. */
const written = object({ number: count(1) });
const writtenFacts = facts((json) => {
  json.get("inputs").list(100_000);
  return json.value as Signature;
});

export const writeRecord = (version: VersionRecord): Uint8Array<ArrayBuffer> => readableJson(version);

/** @throws ChurnkitError REGISTRY_CORRUPT. */
export function parseRecord(key: string, bytes: Uint8Array): VersionRecord {
  const json = JsonValue.parse(bytes, key, corruptRecord);
  return { ...written(json), ...writtenFacts(json), ...labels(json) };
}
