import { ChurnkitError } from "../../base/errors.js";
import { sha256Hex } from "../../base/hash.js";
import { parseJsonFile, readableJson } from "../../model/bundle/json.js";
import { parseFacts } from "../version-record.js";
import type { VersionFacts } from "../version.js";
import type { ArtifactFolder } from "./artifacts.js";
import type { MlflowVersion } from "./versions.js";

const factsFile = "churnkit-version.json";
const maxKnown = 2_000;

/** What is fixed of a version, as a file beside its bundle. */
export function writeFacts(facts: VersionFacts): Uint8Array<ArrayBuffer> {
  const { semver, contentHash, bytes, registeredAt, by, metrics, verdict, signature, fingerprints, provenance, lineage } = facts;
  return readableJson({ semver, contentHash, bytes, registeredAt, by, metrics, verdict, signature, fingerprints, provenance, lineage });
}

export const putFacts = (folder: ArtifactFolder, bytes: Uint8Array): Promise<void> => folder.put(factsFile, bytes);

/** Reads files of facts, each once: they never change, and are held to the hash in the version's tag. */
export function factsReader(speaker: string, folderOf: (version: MlflowVersion) => ArtifactFolder): (version: MlflowVersion) => Promise<VersionFacts> {
  const known = new Map<string, VersionFacts>();

  return async (version) => {
    const key = `${version.registration} ${version.facts}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const wrong = (file: string, what: string, path?: string): ChurnkitError =>
      new ChurnkitError(
        "REGISTRY_CORRUPT",
        `${speaker}: the file ${file} of version ${version.number} ${what}${path === undefined ? "" : ` (at ${path})`}. Put it back from a backup, or remove the version.`,
        { where: { file, path } },
      );
    const bytes = await folderOf(version).get(factsFile);
    if (bytes === undefined) throw wrong(factsFile, "is missing");
    if ((await sha256Hex(Uint8Array.from(bytes))) !== version.facts) throw wrong(factsFile, "was changed since it was written");
    const facts = parseFacts(parseJsonFile(factsFile, bytes, wrong));
    if (facts.contentHash !== version.contentHash || facts.semver !== version.semver) throw wrong(factsFile, "is of another version than the tags say");
    if (known.size >= maxKnown) known.clear();
    known.set(key, facts);
    return facts;
  };
}
