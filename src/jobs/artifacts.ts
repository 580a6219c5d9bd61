import { ChurnkitError } from "../base/errors.js";
import { sha256Hex } from "../base/hash.js";
import { documentError, JsonValue, readableJson } from "../base/json/index.js";
import type { Features } from "../data/features/index.js";
import { tableFromBytes, tableToBytes, type Table } from "../data/table/index.js";
import { type ObjectStore, typedStore } from "../io/store/index.js";
import type { Artifact } from "../model/artifact.js";
import { packArchive, toBundleFiles, openBundle } from "../model/bundle/index.js";
import type { Scorer } from "../model/scoring/index.js";
import { featuresFromJson } from "./feature-params.js";

/** The value in memory of each kind of artifact. */
export interface ArtifactValues {
  /** Raw bytes: a CSV file, scores, captured predictions. */
  readonly file: Uint8Array;
  readonly table: Table;
  readonly features: Features;
  readonly bundle: { readonly artifact: Artifact; readonly scorer: Scorer };
  readonly json: unknown;
}

/** The kinds of artifacts that flow from one job to another. */
export type ArtifactKind = keyof ArtifactValues;

type Codec<Value> = {
  readonly encode: (value: Value) => Uint8Array | Promise<Uint8Array>;
  readonly decode: (bytes: Uint8Array) => Value | Promise<Value>;
};

const json = (bytes: Uint8Array): JsonValue => JsonValue.parse(bytes, "The artifact", corrupt);

/** Encoding of each kind: equal values as equal bytes, because their hash is their name. */
export const artifactCodecs: { readonly [Kind in ArtifactKind]: Codec<ArtifactValues[Kind]> } = {
  file: { encode: (bytes) => bytes, decode: (bytes) => bytes },
  table: { encode: tableToBytes, decode: tableFromBytes },
  features: { encode: readableJson, decode: (bytes) => featuresFromJson(json(bytes)) },
  bundle: {
    // A fixed date, so that the same model is the same artifact.
    encode: async ({ artifact }) => packArchive(await toBundleFiles(artifact, { createdAt: new Date(0) })),
    decode: (bytes) => openBundle(bytes),
  },
  json: { encode: readableJson, decode: (bytes) => json(bytes).value },
};

export const artifactKinds = Object.keys(artifactCodecs) as readonly ArtifactKind[];

/** An artifact in a store, by the hash of its bytes. */
export interface StoredArtifact {
  readonly kind: ArtifactKind;
  /** Lowercase hex; the object's key is `objects/` and this. */
  readonly sha256: string;
  /** Length in bytes. */
  readonly bytes: number;
}

const corrupt = documentError("ARTIFACT_CORRUPT", "", "Remove it from the store and run the pipeline again.");

const keyOf = (sha256: string): string => `objects/${sha256}`;

/** Stores an artifact's bytes; the same bytes are stored once. */
export async function storeBytes(store: ObjectStore, kind: ArtifactKind, bytes: Uint8Array): Promise<StoredArtifact> {
  const sha256 = await sha256Hex(bytes as Uint8Array<ArrayBuffer>);
  if (!(await isStored(store, sha256))) await store.put(keyOf(sha256), bytes);
  return { kind, sha256, bytes: bytes.length };
}

/** Keeps an artifact. */
export const storeArtifact = async <Kind extends ArtifactKind>(
  store: ObjectStore,
  kind: Kind,
  value: ArtifactValues[Kind],
): Promise<StoredArtifact> => storeBytes(store, kind, await artifactCodecs[kind].encode(value));

/** Returns whether an object of this hash exists. */
export async function isStored(store: ObjectStore, sha256: string): Promise<boolean> {
  const key = keyOf(sha256);
  return (await store.list(key)).some((object) => object.key === key);
}

/**
 * Reads an artifact that a pipeline has made, and checks it against its hash.
 *
 * @param artifact refused if undefined, as for a skipped step.
 * @throws ChurnkitError OPTION_INVALID if the artifact does not exist or has another kind; ARTIFACT_CORRUPT if the
 * store lost it or holds something else in its place; and the errors of reading its kind.
 *
 * @example
 * ```ts
 * import { memoryStore } from "churnkit/io";
 * import { readArtifact, runPipeline } from "churnkit/jobs";
 *
 * const store = memoryStore();
 * const { artifacts } = await runPipeline({ inputs: { settings: "json" }, steps: [] }, {
 *   store,
 *   inputs: { settings: new TextEncoder().encode('{"seed":1}') },
 * });
 * console.log(await readArtifact(store, "json", artifacts["input.settings"]));
 * ```
 */
export async function readArtifact<Kind extends ArtifactKind>(
  store: ObjectStore,
  kind: Kind,
  artifact: StoredArtifact | undefined,
): Promise<ArtifactValues[Kind]> {
  if (artifact?.kind !== kind)
    throw new ChurnkitError(
      "OPTION_INVALID",
      artifact === undefined
        ? "There is no artifact: its step was skipped, or no step makes it. Name another one."
        : `The artifact is of kind ${artifact.kind}, not ${kind}. Read it as ${artifact.kind}.`,
    );
  const key = keyOf(artifact.sha256);
  const object = await typedStore(store).get(key);
  if (object === undefined) throw corrupt(`The artifact ${key} in ${store.name}`, "is missing");
  if ((await sha256Hex(object.bytes as Uint8Array<ArrayBuffer>)) !== artifact.sha256)
    throw corrupt(`The artifact ${key} in ${store.name}`, "was changed since it was written");
  return artifactCodecs[kind].decode(object.bytes);
}
