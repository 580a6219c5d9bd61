import { versionStatuses, type ModelVersion, type VersionRecord, type VersionStatus } from "../../versions/version.js";

/** SageMaker accepts at most 50 entries; churnkit's come first, then as many tags as fit. */
const maxEntries = 50;
const maxValue = 256;

const prefix = "churnkit";
const described = /^churnkit \S+ ([0-9a-f]{64})(?: |$)/;

/**
 * A package's description: the version, for people and for {@link hashIn}, then its description. Lists of packages
 * show it, and it cannot be changed later.
 */
export const descriptionOf = ({
  semver,
  contentHash,
  description,
}: Pick<VersionRecord, "semver" | "contentHash" | "description">): string =>
  `${prefix} ${semver} ${contentHash} ${description.replaceAll(/\p{C}+/gu, " ")}`.slice(0, 1024).trim();

/** The content hash in a package's description; undefined if churnkit did not make the package. */
export const hashIn = (description: string): string | undefined => described.exec(description)?.[1];

/**
 * Returns the fields that the console shows next to a version's approval. The registry's own record decides, so
 * characters that SageMaker does not accept become `_`, and long texts are cut.
 */
export function customerMetadata(version: ModelVersion): Record<string, string> {
  const { number, semver, status, stage, aliases, lineage, tags } = version;
  const own = {
    number: String(number),
    version: semver,
    status,
    stage,
    ...(aliases.length === 0 ? {} : { aliases: aliases.join(" ") }),
    data: lineage.dataHash,
    contract: lineage.contractHash,
    signature: lineage.signatureHash,
    ...(lineage.parent === undefined ? {} : { parent: String(lineage.parent) }),
    ...(lineage.runId === undefined ? {} : { run: lineage.runId }),
  };
  const entries = [
    ...Object.entries(own).map(([name, value]) => [`${prefix}.${name}`, value] as const),
    ...Object.entries(tags).filter(([name]) => !name.startsWith(`${prefix}.`)),
  ];
  return Object.fromEntries(entries.slice(0, maxEntries).map(([name, value]) => [name, shownValue(value)]));
}

/** The status in a package's metadata; undefined if churnkit did not write it. */
export const statusIn = (metadata: Readonly<Record<string, string>> = {}): VersionStatus | undefined =>
  versionStatuses.find((status) => status === metadata[`${prefix}.status`]);

const shownValue = (value: string): string =>
  value.replaceAll(/[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu, "_").slice(0, maxValue) || "-";
