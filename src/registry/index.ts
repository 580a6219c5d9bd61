/**
 * Versions, aliases, gates, history and rollback, in a folder or any object store.
 *
 * @module churnkit/registry
 */
export { filesRegistry } from "./backends/store/files-registry.js";
export { driftOfBaselines, type BaselineDrift } from "./gates/baseline-drift.js";
export {
  compareMetrics,
  compareVersions,
  comparisonText,
  type ComparedVersion,
  type MetricComparison,
  type VersionComparison,
} from "./versions/compare-versions.js";
export {
  evaluateGate,
  type AbsoluteRequirement,
  type Gate,
  type GateCheck,
  type GateEvidence,
  type GateVerdict,
  type GroupCheck,
  type JudgedRows,
  type JudgedScores,
  type MeasuredRequirement,
  type RelativeRequirement,
  type Requirement,
  type Rival,
  type SegmentRequirement,
  type SoundnessRequirement,
} from "./gates/gate.js";
export { soundnessDemands, type Allowances, type SoundnessDemand } from "./gates/soundness.js";
export { awsGate, baselineGate, basicGate, championGate, gates, retrainingGate } from "./gates/gates.js";
export type { RegistryOptions } from "./registry-over.js";
export type { AliasEntry, RegistrySnapshot } from "./registry-state.js";
export type { StoredEntry } from "./history/history.js";
export type { OrphanBundle } from "./backends/store/orphans.js";
export { applyRetention, planRetention, type RetentionPlan, type RetentionPolicy } from "./versions/retention.js";
export {
  historyActions,
  type Audit,
  type AuditOptions,
  type ChangeNote,
  type HistoryEntry,
  type ListOptions,
  type LoadOptions,
  type ModelRegistry,
  type PromoteOptions,
  type PromotionResult,
  type RegisterOptions,
  type RegistryCapabilities,
  type RollbackOptions,
  type RollbackResult,
} from "./registry.js";
export {
  versionStages,
  versionStatuses,
  type ModelVersion,
  type StatusNote,
  type VersionFacts,
  type VersionLabels,
  type VersionRecord,
  type VersionRef,
  type VersionStage,
  type VersionStatus,
} from "./versions/version.js";
export { judgeOnRows, type Judgment, type JudgeOptions, type LatencyOptions } from "./gates/judge.js";
export {
  lineageGraph,
  lineageMermaid,
  versionsUsingData,
  type Lineage,
  type LineageEdge,
  type LineageGraph,
  type LineageNode,
  type LineageNodeKind,
  type VersionLineage,
} from "./versions/lineage.js";
export { measures, type MeasureName } from "./gates/measures.js";
export { parseGate } from "./gates/parse-gate.js";
export { segmentOf } from "./gates/segments.js";
export {
  compareSemver,
  fingerprintsOf,
  isSemver,
  nextVersion,
  parseSemver,
  type Fingerprints,
  type NextVersion,
  type Semver,
  type VersionBump,
  type VersionIdentity,
} from "./versions/semver.js";
export {
  assertSignature,
  compareSignatures,
  signatureChanges,
  signatureHash,
  signatureOf,
  type Signature,
  type SignatureChange,
  type SignatureChangeKind,
  type SignatureComparison,
  type SignatureOutput,
} from "./signature/signature.js";
export type { SignatureInput } from "./signature/signature-input.js";
export { signatureTypes, type SignatureTypesOptions } from "./signature/signature-types.js";
export {
  diffContracts,
  diffRecipes,
  type ContractDiff,
  type Differences,
  type FeatureDiff,
  type MemberChange,
} from "./versions/version-diff.js";
export { promoteJudged, type JudgedPromotionOptions } from "./gates/promote-judged.js";
