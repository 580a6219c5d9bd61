/**
 * Versions, aliases, gates, history and rollback, in a folder or any object store.
 *
 * @module churnkit/registry
 */
export { storeRegistry } from "./backends/store/store-registry.js";
export { compareVersions, comparisonText, type VersionComparison } from "./versions/compare-versions.js";
export { evaluateGate, type Gate, type GateVerdict } from "./gates/gate.js";
export { gates } from "./gates/gates.js";
export { applyRetention, planRetention, type RetentionPolicy } from "./versions/retention.js";
export type { HistoryEntry, ModelRegistry } from "./registry.js";
export type { ModelVersion, VersionRef } from "./versions/version.js";
export { judgeOnRows, type Judgment } from "./gates/judge.js";
export { lineageGraph, lineageMermaid, versionsUsingData } from "./versions/lineage.js";
export { parseGate } from "./gates/parse-gate.js";
export { nextVersion } from "./versions/semver.js";
export {
  assertSignature,
  compareSignatures,
  signatureHash,
  signatureOf,
  type Signature,
  type SignatureComparison,
} from "./signature/signature.js";
export { signatureTypes } from "./signature/signature-types.js";
export { promoteJudged } from "./promote-judged.js";
