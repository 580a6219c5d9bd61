import { ChurnkitError } from "../../base/errors.js";
import { sha256Hex } from "../../base/hash.js";
import { parseContract } from "../../data/contract/parse.js";
import { parseRecipe } from "../../data/features/parse.js";
import { parseProfile } from "../../data/profile/parse.js";
import type { Artefact } from "../artefact.js";
import { corrupt, parseJsonFile, readableJson, type JsonValue } from "./json.js";
import { createManifest, manifestPath, parseManifest, type Manifest } from "./manifest.js";
import { readModel, writeModel } from "./model-files.js";
import { parseDecision, parseGolden, parseMetrics, parseProvenance } from "./parts.js";

/** A bundle's files by relative path. */
export type BundleFiles = ReadonlyMap<string, Uint8Array>;

export interface BundleOptions {
  /** When the bundle was made. Default: now. */
  readonly createdAt?: Date | undefined;
}

/**
 * Writes an artefact as the files of a bundle, `manifest.json` last. All but the manifest's `createdAt` (and its own
 * hash) follow from the artefact alone.
 */
export async function toBundleFiles(
  artefact: Artefact,
  options: BundleOptions = {},
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const { contract, recipe, model, calibration, decision, baseline, metrics, golden, provenance } = artefact;
  const files = new Map<string, Uint8Array<ArrayBuffer>>([
    ["contract.json", readableJson(contract)],
    ["recipe.json", readableJson(recipe)],
    ["decision.json", readableJson({ calibration, decision })],
    ["baseline.json", readableJson(baseline)],
    ["metrics.json", readableJson(metrics)],
    ["golden.json", readableJson({ rows: golden })],
    ["provenance.json", readableJson(provenance)],
  ]);
  writeModel(model, files);
  const createdAt = (options.createdAt ?? new Date()).toISOString();
  files.set(manifestPath, readableJson(await createManifest(contract.name, createdAt, files)));
  return files;
}

/**
 * Reads a bundle's files: every file against its size and SHA-256, every value against what belongs there. Golden
 * scores are checked where the bundle is compiled ({@link openBundle}).
 *
 * @param files all files that the manifest lists; others are not looked at.
 * @throws ChurnkitError BUNDLE_NOT_FOUND without a manifest, BUNDLE_VERSION, BUNDLE_CORRUPT, ARCHIVE_UNSAFE.
 */
export async function fromBundleFiles(files: BundleFiles): Promise<{ manifest: Manifest; artefact: Artefact }> {
  const manifestBytes = files.get(manifestPath);
  if (manifestBytes === undefined) {
    throw new ChurnkitError("BUNDLE_NOT_FOUND", "There is no bundle: manifest.json is missing.", { where: { file: manifestPath } });
  }
  const manifest = await parseManifest(manifestBytes);
  const verified = await verifyFiles(manifest, files);
  const used = new Set<string>();
  const file = (path: string): Uint8Array => {
    const bytes = verified.get(path);
    if (bytes === undefined) throw corrupt(path, "is not listed in the manifest");
    used.add(path);
    return bytes;
  };
  const json = (path: string): JsonValue => parseJsonFile(path, file(path));
  const part = <T>(path: string, parse: (value: unknown) => T): T => {
    try {
      return parse(json(path).value);
    } catch (cause) {
      if (!ChurnkitError.isInstance(cause) || cause.code === "BUNDLE_CORRUPT") throw cause;
      throw new ChurnkitError("BUNDLE_CORRUPT", `The bundle's file ${path} cannot be used. ${cause.message}`, {
        where: { ...cause.where, file: path },
        cause,
      });
    }
  };
  const artefact: Artefact = {
    contract: part("contract.json", parseContract),
    recipe: part("recipe.json", parseRecipe),
    model: readModel(file),
    ...parseDecision(json("decision.json")),
    baseline: part("baseline.json", parseProfile),
    metrics: parseMetrics(json("metrics.json")),
    golden: parseGolden(json("golden.json")),
    provenance: parseProvenance(json("provenance.json")),
  };
  const unknown = manifest.files.find(({ path }) => !used.has(path));
  if (unknown !== undefined) throw corrupt(unknown.path, "is listed in the manifest but is no part of a bundle");
  return { manifest, artefact };
}

async function verifyFiles(manifest: Manifest, files: BundleFiles): Promise<BundleFiles> {
  const verified = new Map<string, Uint8Array>();
  await Promise.all(
    manifest.files.map(async ({ path, bytes: size, sha256 }) => {
      const bytes = files.get(path);
      if (bytes === undefined) throw corrupt(path, "is missing");
      if (bytes.length !== size) throw corrupt(path, `has ${bytes.length} bytes, not the ${size} it was written with`);
      if ((await sha256Hex(bytes as Uint8Array<ArrayBuffer>)) !== sha256) {
        throw corrupt(path, "was changed since it was written (its SHA-256 differs from the manifest's)");
      }
      verified.set(path, bytes);
    }),
  );
  return verified;
}
