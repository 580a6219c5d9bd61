export { filesRegistry } from "./files-registry.js";
export {
  evaluateGate,
  type Gate,
  type GateCheck,
  type GateEvidence,
  type GateVerdict,
  type JudgedScores,
  type Requirement,
  type Rival,
} from "./gate.js";
export { awsGate, baselineGate, basicGate, championGate, gates, retrainingGate } from "./gates.js";
export type { RegistryOptions } from "./registry-over.js";
export type { AliasEntry, RegistrySnapshot } from "./registry-state.js";
export type { StoredEntry } from "./history.js";
export { applyRetention, planRetention, type RetentionPlan, type RetentionPolicy } from "./retention.js";
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
} from "./version.js";
