export { aliasMovedBack } from "./aliases.js";
export { compareVersions, comparisonText } from "./compare-versions.js";
export { lineageGraph, lineageMermaid, versionsUsingData } from "./lineage.js";
export { partsOf } from "./registered-bundle.js";
export { applyRetention, planRetention } from "./retention.js";
export {
  type ModelVersion,
  isUsable,
  type VersionRef,
  type VersionStage,
  versionStages,
  type VersionStatus,
  versionStatuses,
} from "./version.js";
