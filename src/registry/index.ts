export { filesRegistry, type FilesRegistryOptions } from "./files-registry.js";
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
export {
  versionStatuses,
  type ChangeNote,
  type HistoryEntry,
  type ListOptions,
  type ModelRegistry,
  type ModelVersion,
  type PromoteOptions,
  type PromotionResult,
  type RegisterOptions,
  type RegistryCapabilities,
  type RollbackOptions,
  type RollbackResult,
  type VersionRef,
  type VersionStatus,
} from "./registry.js";
