import { sha256Hex } from "../../../base/hash.js";
import { documentError, JsonValue, type DocumentError, readableJson } from "../../../base/json/index.js";
import { parseFacts } from "../../versions/version-record.js";
import type { VersionFacts } from "../../versions/version.js";
import { type ArtifactFolder, uploadOf, wholeOf } from "../../../io/mlflow/index.js";
import type { MlflowVersion } from "./versions.js";

const factsFile = "churnkit-version.json";
const maxKnown = 2_000;
const maxFacts = 2 ** 24;

/** Writes the fixed facts of a version, as a file next to its bundle. */
export function writeFacts(facts: VersionFacts): Uint8Array<ArrayBuffer> {
  const {
    semver,
    contentHash,
    bytes,
    registeredAt,
    by,
    metrics,
    verdict,
    signature,
    fingerprints,
    provenance,
    lineage,
  } = facts;
  return readableJson({
    semver,
    contentHash,
    bytes,
    registeredAt,
    by,
    metrics,
    verdict,
    signature,
    fingerprints,
    provenance,
    lineage,
  });
}

export const putFacts = (folder: ArtifactFolder, bytes: Uint8Array): Promise<void> =>
  folder.put(factsFile, uploadOf(bytes));

/** Reads files of facts, each once: they never change, and must match the hash in the version's tag. */
export function factsReader(
  speaker: string,
  folderOf: (version: MlflowVersion) => ArtifactFolder,
): (version: MlflowVersion) => Promise<VersionFacts> {
  const known = new Map<string, VersionFacts>();

  const wrongIn = ({ number }: MlflowVersion): DocumentError =>
    documentError(
      "REGISTRY_CORRUPT",
      `${speaker}: version ${number}'s file`,
      "Restore it from a backup, or remove the version.",
    );

  async function read(version: MlflowVersion): Promise<VersionFacts> {
    const wrong = wrongIn(version);
    const file = await folderOf(version).getStream(factsFile);
    if (file === undefined) throw wrong(factsFile, "is missing");
    const bytes = await wholeOf(file.stream, maxFacts);
    if (bytes === undefined) throw wrong(factsFile, `is longer than ${maxFacts} bytes`);
    if ((await sha256Hex(bytes)) !== version.facts) throw wrong(factsFile, "was changed since it was written");
    return parseFacts(JsonValue.parse(bytes, factsFile, wrong));
  }

  return async (version) => {
    const key = `${version.registration} ${version.facts}`;
    const facts = known.get(key) ?? (await read(version));
    if (facts.contentHash !== version.contentHash || facts.semver !== version.semver)
      throw wrongIn(version)(factsFile, "belongs to a different version than the tags say");
    if (known.size >= maxKnown) known.clear();
    known.set(key, facts);
    return facts;
  };
}
