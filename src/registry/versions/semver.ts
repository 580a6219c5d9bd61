import { ChurnkitError } from "../../base/errors.js";
import { hashJson } from "../../base/hash.js";
import { object, text, type Decoder } from "../../base/json/index.js";
import type { Artifact } from "../../model/artifact.js";
import { extraNameOf, type Manifest } from "../../model/bundle/index.js";
import { compareSignatures, type Signature } from "../signature/signature.js";

/** Hashes (SHA-256, hex) of the parts of a model that decide its next version number. */
export interface Fingerprints {
  readonly contract: string;
  readonly recipe: string;
  /** Of the scorer and all its weights. */
  readonly model: string;
  readonly calibration: string;
  readonly decision: string;
}

/** Which part of the number rises. */
export type VersionBump = "first" | "major" | "minor" | "patch";

/** Facts that decide a version's number. */
export interface VersionIdentity {
  readonly signature: Signature;
  readonly fingerprints: Fingerprints;
}

/** A version number and its reason. */
export interface NextVersion {
  /** Such as "1.2.0". */
  readonly semver: string;
  readonly bump: VersionBump;
  /** A clause for people: "the model and the recipe differ". */
  readonly because: string;
}

/** The three numbers of a semantic version. */
export interface Semver {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** Files of a bundle that do not belong to the model proper. */
const otherFiles = new Set([
  "contract.json",
  "recipe.json",
  "decision.json",
  "baseline.json",
  "metrics.json",
  "golden.json",
  "provenance.json",
]);

/**
 * Returns the fingerprints of a verified bundle: contract, recipe and model from the manifest's own hashes, so that
 * no weights are read again; calibration and decision, which share a file, from the artifact.
 *
 * @throws ChurnkitError BUNDLE_CORRUPT if the manifest lists no contract or recipe.
 */
export function fingerprintsOf(
  manifest: Manifest,
  { calibration, decision }: Pick<Artifact, "calibration" | "decision">,
): Fingerprints {
  const hashes = new Map(manifest.files.map(({ path, sha256 }) => [path, sha256]));
  const hashOf = (path: string): string => {
    const hash = hashes.get(path);
    if (hash === undefined)
      throw new ChurnkitError("BUNDLE_CORRUPT", `The bundle's manifest lists no ${path}.`, { where: { file: path } });
    return hash;
  };
  const model = [...hashes]
    .filter(([path]) => !otherFiles.has(path) && extraNameOf(path) === undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    contract: hashOf("contract.json"),
    recipe: hashOf("recipe.json"),
    model: hashJson(model),
    calibration: hashJson(calibration),
    decision: hashJson(decision),
  };
}

/** Reads fingerprints from JSON. */
export const parseFingerprints: Decoder<Fingerprints> = object({
  contract: text(),
  recipe: text(),
  model: text(),
  calibration: text(),
  decision: text(),
});

/**
 * The number of a version by rule. Major: the signature became incompatible; ranges and levels learned from data don't
 * count. Patch: contract, recipe and model are the same, so only calibration, threshold, metrics or baseline differ. Minor:
 * everything else. The first is 1.0.0.
 *
 * @param previous the version with the highest number so far; undefined without one.
 * @throws ChurnkitError OPTION_INVALID if the previous number is invalid.
 *
 * @example
 * ```ts
 * import { syntheticContract } from "churnkit/data";
 * import { nextVersion, signatureOf } from "churnkit/registry";
 *
 * const signature = signatureOf(syntheticContract);
 * const fingerprints = { contract: "c", recipe: "r", model: "m", calibration: "k", decision: "d" };
 * const { semver } = nextVersion({ semver: "1.4.2", signature, fingerprints }, { signature, fingerprints: { ...fingerprints, model: "n" } });
 * console.assert(semver === "1.5.0");
 * ```
 */
export function nextVersion(
  previous: (VersionIdentity & { readonly semver: string }) | undefined,
  next: VersionIdentity,
): NextVersion {
  if (previous === undefined) return { semver: "1.0.0", bump: "first", because: "it is the first version" };
  const { major, minor, patch } = parseSemver(previous.semver);
  const breaking = compareSignatures(previous.signature, next.signature).changes.filter((change) => change.breaking);
  if (breaking.length > 0) {
    const shown = breaking
      .slice(0, 3)
      .map(({ message }) => message)
      .join("; ");
    const more = breaking.length > 3 ? `; and ${breaking.length - 3} more` : "";
    return { semver: `${major + 1}.0.0`, bump: "major", because: `the signature became incompatible: ${shown}${more}` };
  }
  const names = Object.keys(previous.fingerprints) as (keyof Fingerprints)[];
  const others = names.filter((name) => previous.fingerprints[name] !== next.fingerprints[name]);
  if (others.some((name) => name === "contract" || name === "recipe" || name === "model")) {
    return { semver: `${major}.${minor + 1}.0`, bump: "minor", because: `other ${others.join(", ")}` };
  }
  const because =
    others.length > 0
      ? `other ${others.join(", ")}; contract, recipe and model are the same`
      : "only metrics, baseline or provenance differ";
  return { semver: `${major}.${minor}.${patch + 1}`, bump: "patch", because };
}

const pattern = /^(0|[1-9]\d{0,14})\.(0|[1-9]\d{0,14})\.(0|[1-9]\d{0,14})$/;

/** Returns whether it is a number such as "1.2.0". */
export const isSemver = (text: string): boolean => pattern.test(text);

/**
 * Reads "1.2.0": three whole numbers without leading zeros, and nothing else.
 *
 * @throws ChurnkitError OPTION_INVALID.
 */
export function parseSemver(text: string): Semver {
  const match = pattern.exec(text);
  if (match === null) {
    const shown = JSON.stringify(text.slice(0, 40));
    throw new ChurnkitError(
      "OPTION_INVALID",
      `${shown} is not a version number. Give three whole numbers with dots, such as 1.2.0.`,
      { where: { value: text } },
    );
  }
  const [, major, minor, patch] = match.map(Number);
  return { major: major ?? 0, minor: minor ?? 0, patch: patch ?? 0 };
}

/**
 * Below 0 if `a` is the lower number, 0 if they are equal, above 0 if it is the higher one; for `sort`.
 *
 * @throws ChurnkitError OPTION_INVALID for a text that is not a version number.
 */
export function compareSemver(a: string, b: string): number {
  const [x, y] = [parseSemver(a), parseSemver(b)];
  return x.major - y.major || x.minor - y.minor || x.patch - y.patch;
}
