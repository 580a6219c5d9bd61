import { ChurnkitError } from "../../base/errors.js";
import { sha256Hex } from "../../base/hash.js";
import { JsonValue, readableJson } from "../../base/json/index.js";
import { parseContract } from "../../data/contract/index.js";
import { parseRecipe } from "../../data/features/index.js";
import { parseProfile, withMarkedPredictions, type Profile } from "../../data/profile/index.js";
import type { Artifact, TrainingRun } from "../artifact.js";
import { corrupt } from "../corrupt.js";
import { createManifest, manifestPath, parseManifest, type Manifest } from "./manifest.js";
import { extraFiles, extraNameOf } from "./extras.js";
import { readModel, writeModel } from "./model-files.js";
import { parseDecision, parseGolden, parseMetrics, parseProvenance } from "./parts.js";

/** A bundle's files by relative path. */
export type BundleFiles = ReadonlyMap<string, Uint8Array>;

/** Descriptions that a bundle adds to its artifact. */
export interface BundleOptions {
  /** Creation time of the bundle. Default: now. */
  readonly createdAt?: Date | undefined;
  /** What the training took. Default: what `saveBundle` finds with a trained model. */
  readonly trainingRun?: TrainingRun | undefined;
}

/**
 * Writes an artifact as the files of a bundle, `manifest.json` last. Everything except the manifest's `createdAt`
 * and `trainingRun` (and its own hash) follows from the artifact alone.
 *
 * @example
 * ```ts
 * import { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { logistic, openBundle, toBundleFiles, train } from "churnkit/model";
 *
 * const table = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 400, seed: 1 }).records);
 * const model = await train(defineFeatures(syntheticContract), table, { learner: logistic(), baseline: false });
 * const files = await toBundleFiles(model.artifact);
 * const { scorer } = await openBundle(files);
 * console.assert(files.has("manifest.json") && scorer.score(table).length === 400);
 * ```
 */
export async function toBundleFiles(
  artifact: Artifact,
  options: BundleOptions = {},
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const {
    contract,
    recipe,
    model,
    calibration,
    decision,
    baseline,
    metrics,
    golden,
    provenance,
    extras = {},
  } = artifact;
  const files = new Map<string, Uint8Array<ArrayBuffer>>([
    ["contract.json", readableJson(contract)],
    ["recipe.json", readableJson(recipe)],
    ["decision.json", readableJson({ calibration, decision })],
    ["baseline.json", readableJson(baseline)],
    ["metrics.json", readableJson(metrics)],
    ["golden.json", readableJson({ rows: golden })],
    ["provenance.json", readableJson(provenance)],
    ...extraFiles(extras),
  ]);
  writeModel(model, files);
  const createdAt = (options.createdAt ?? new Date()).toISOString();
  files.set(manifestPath, readableJson(await createManifest(contract.name, createdAt, files, options.trainingRun)));
  return files;
}

/** Reads one file of a bundle; undefined if it does not exist. */
export type BundleReader = (path: string) => Promise<Uint8Array | undefined>;

/**
 * Reads a bundle: every file is checked against its size and SHA-256, and every value against its type. Golden scores
 * are checked when the bundle is compiled ({@link openBundle}).
 *
 * @throws ChurnkitError BUNDLE_NOT_FOUND without a manifest, BUNDLE_VERSION, BUNDLE_CORRUPT, ARCHIVE_UNSAFE.
 */
export async function fromBundleFiles(
  source: BundleFiles | BundleReader,
): Promise<{ manifest: Manifest; artifact: Artifact }> {
  const { manifest, artifact } = await readBundle(source);
  // Copying reads every part.
  return { manifest, artifact: { ...artifact } };
}

/**
 * Like {@link fromBundleFiles}, for scoring: every file is verified, but parts that scoring does not need (baseline,
 * metrics, provenance, extras) are parsed on first access, and throw BUNDLE_CORRUPT then.
 */
export async function readBundle(
  source: BundleFiles | BundleReader,
): Promise<{ manifest: Manifest; artifact: Artifact }> {
  const read = typeof source === "function" ? source : (path: string) => Promise.resolve(source.get(path));
  const manifestBytes = await read(manifestPath);
  if (manifestBytes === undefined) {
    throw new ChurnkitError("BUNDLE_NOT_FOUND", "There is no bundle: manifest.json is missing.", {
      where: { file: manifestPath },
    });
  }
  const manifest = await parseManifest(manifestBytes);
  const files = await readVerified(manifest, read);
  if (typeof source !== "function") {
    for (const path of source.keys()) {
      if (path !== manifestPath && !files.has(path)) throw corrupt(path, "is not listed in the manifest");
    }
  }
  return { manifest, artifact: parseArtifact(files) };
}

async function readVerified(manifest: Manifest, read: BundleReader): Promise<BundleFiles> {
  const files = new Map<string, Uint8Array>();
  await Promise.all(
    manifest.files.map(async ({ path, bytes: size, sha256 }) => {
      const bytes = await read(path);
      if (bytes === undefined) throw corrupt(path, "is missing");
      if (bytes.length !== size) throw corrupt(path, `has ${bytes.length} bytes, not the ${size} it was written with`);
      if ((await sha256Hex(bytes as Uint8Array<ArrayBuffer>)) !== sha256) {
        throw corrupt(path, "was changed since it was written (its SHA-256 differs from the manifest's)");
      }
      files.set(path, bytes);
    }),
  );
  return files;
}

function parseArtifact(files: BundleFiles): Artifact {
  const used = new Set<string>();
  const file = (path: string): Uint8Array => {
    const bytes = files.get(path);
    if (bytes === undefined) throw corrupt(path, "is missing from the manifest");
    used.add(path);
    return bytes;
  };
  const needed = { ...partsToScore((path) => JsonValue.parse(file(path), path, corrupt)), model: readModel(file) };
  const others = [
    ...partPaths.filter((path) => !used.has(path)),
    ...[...files.keys()].filter((path) => extraNameOf(path) !== undefined),
  ];
  // Copies, so that later reads see the verified bytes, whatever the caller does with its own.
  const rest = new Map(others.map((path): [string, Uint8Array] => [path, new Uint8Array(file(path))]));
  for (const path of files.keys()) {
    if (!used.has(path)) throw corrupt(path, "is listed in the manifest but does not belong in a bundle");
  }
  return withRest(needed, rest);
}

/** Adds the parts that scoring does not need, as getters. Separate, so that they keep no other file in memory. */
function withRest(needed: ReturnType<typeof partsToScore> & Pick<Artifact, "model">, rest: BundleFiles): Artifact {
  const json = (path: string): JsonValue => JsonValue.parse(rest.get(path) ?? new Uint8Array(), path, corrupt);
  const names = [...rest.keys()].flatMap((path): [string, string][] => {
    const name = extraNameOf(path);
    return name === undefined ? [] : [[name, path]];
  });
  const baseline = once(() => parseBaseline(json, needed.contract));
  const metrics = once(() => parseMetrics(json("metrics.json")));
  const provenance = once(() => parseProvenance(json("provenance.json")));
  const extras = once(() =>
    names.length === 0 ? undefined : Object.fromEntries(names.map(([name, path]) => [name, json(path).value])),
  );
  return {
    ...needed,
    get baseline() {
      return baseline();
    },
    get metrics() {
      return metrics();
    },
    get provenance() {
      return provenance();
    },
    get extras() {
      return extras();
    },
  };
}

/** Returns a function that makes its value on the first call, and keeps it. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** Reads everything but the model from a bundle's JSON files. */
export function parseParts(json: (path: string) => JsonValue): Omit<Artifact, "model"> {
  const needed = partsToScore(json);
  return {
    ...needed,
    baseline: parseBaseline(json, needed.contract),
    metrics: parseMetrics(json("metrics.json")),
    provenance: parseProvenance(json("provenance.json")),
  };
}

function partsToScore(
  json: (path: string) => JsonValue,
): Pick<Artifact, "contract" | "recipe" | "calibration" | "decision" | "golden"> {
  return {
    contract: ofOthers("contract.json", json, parseContract),
    recipe: ofOthers("recipe.json", json, parseRecipe),
    ...parseDecision(json("decision.json")),
    golden: parseGolden(json("golden.json")).rows,
  };
}

const parseBaseline = (json: (path: string) => JsonValue, contract: Artifact["contract"]): Profile =>
  withMarkedPredictions(ofOthers("baseline.json", json, parseProfile), contract);

/** The JSON files that {@link parseParts} reads. */
export const partPaths = [
  "contract.json",
  "recipe.json",
  "decision.json",
  "baseline.json",
  "metrics.json",
  "golden.json",
  "provenance.json",
] as const;

/** Reads a part with another room's parser; its errors become the bundle's. */
function ofOthers<T>(path: string, json: (path: string) => JsonValue, parse: (value: unknown) => T): T {
  const { value } = json(path);
  try {
    return parse(value);
  } catch (cause) {
    if (!ChurnkitError.isInstance(cause) || cause.code === "BUNDLE_VERSION") throw cause;
    throw new ChurnkitError("BUNDLE_CORRUPT", `The bundle's file ${path} cannot be used. ${cause.message}`, {
      where: { ...cause.where, file: path },
      cause,
    });
  }
}
