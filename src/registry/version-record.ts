import { ChurnkitError } from "../base/errors.js";
import { parseJsonFile, readableJson, type JsonValue } from "../model/bundle/json.js";
import { parseMetrics, parseProvenance } from "../model/bundle/parts.js";
import type { GateVerdict } from "./gate.js";
import { corruptRecord } from "./registry-error.js";
import type { ModelVersion } from "./registry.js";

/** The part of a version that never changes. */
export type VersionRecord = Omit<ModelVersion, "status" | "aliases">;

const maxTags = 50;
const maxTagLength = 256;
const maxDescription = 4_096;
const tagName = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/** @throws ChurnkitError OPTION_INVALID for tags or a description beyond the limits. */
export function checkLabels(tags: Readonly<Record<string, string>>, description: string): void {
  const entries = Object.entries(tags);
  const wrong = entries.find(([name, value]) => !tagName.test(name) || value.length > maxTagLength);
  if (wrong !== undefined || entries.length > maxTags || description.length > maxDescription) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `A version takes at most ${maxTags} tags (names of letters, digits and ._-, values up to ${maxTagLength} characters) ` +
        `and a description of ${maxDescription} characters${wrong === undefined ? "" : `; not the tag ${JSON.stringify(wrong[0].slice(0, 80))}`}.`,
    );
  }
}

export const writeRecord = (record: VersionRecord): Uint8Array<ArrayBuffer> => readableJson(record);

/** @throws ChurnkitError REGISTRY_CORRUPT. */
export function parseRecord(key: string, bytes: Uint8Array): VersionRecord {
  const root = parseJsonFile(key, bytes, corruptRecord);
  const verdict = root.get("verdict");
  return {
    number: root.get("number").count(1),
    contentHash: root.get("contentHash").text(),
    registeredAt: root.get("registeredAt").text(),
    description: root.get("description").text(),
    tags: Object.fromEntries(root.get("tags").entries().map(([name, value]) => [name, value.text()])),
    metrics: parseMetrics(root.get("metrics")),
    ...(verdict.absent ? {} : { verdict: parseVerdict(verdict) }),
    provenance: parseProvenance(root.get("provenance")),
    by: root.get("by").text(),
  };
}

/** A recorded verdict is evidence: its outcome is checked, its details are kept as they were written. */
export function parseVerdict(json: JsonValue): GateVerdict {
  json.get("gate").text();
  json.get("checks").list(1_000).forEach((check) => check.get("reason").text());
  if (typeof json.get("passed").value !== "boolean") throw json.get("passed").not("true or false");
  return json.value as GateVerdict;
}
