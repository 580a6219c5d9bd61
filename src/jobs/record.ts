import { isConflict } from "../base/async/index.js";
import {
  count,
  object,
  oneOf,
  record,
  strictObject,
  text,
  version,
  where,
  type Decoder,
  documentError,
  JsonValue,
  readableJson,
} from "../base/json/index.js";
import type { ObjectStore } from "../io/store/index.js";
import { artifactKinds, isStored, type StoredArtifact } from "./artifacts.js";
import type { Job } from "./job.js";

/** The artifacts of a step, by output. */
export type StepOutputs = Readonly<Record<string, StoredArtifact>>;

/**
 * Record of a job on some inputs. `outputs` is undefined if there is no record, or the store lost one of its
 * artifacts.
 */
interface StepRecord {
  readonly outputs: StepOutputs | undefined;
  /** Version of the record in the store, for compare-and-swap. */
  readonly version: string | null;
}

const sha256 = where(text(64), (hash) => /^[0-9a-f]{64}$/.test(hash), "a SHA-256 as 64 hex digits");
const written: Decoder<{ outputs: Record<string, StoredArtifact> }> = object({
  format: version(1),
  outputs: record(strictObject({ kind: oneOf(artifactKinds), sha256, bytes: count() })),
});
const corrupt = documentError("ARTIFACT_CORRUPT", "The step's record", "Remove it from the store and run again.");

const keyOf = (key: string): string => `steps/${key}.json`;

/** Reads the record of a job on some inputs. */
export async function readRecord(store: ObjectStore, key: string, job: Job): Promise<StepRecord> {
  const stored = await store.get(keyOf(key));
  if (stored === undefined) return { outputs: undefined, version: null };
  const { outputs } = written(JsonValue.parse(stored.bytes, keyOf(key), corrupt));
  const whole = await Promise.all(
    Object.entries(job.outputs).map(async ([name, kind]) => {
      const output = Object.hasOwn(outputs, name) ? outputs[name] : undefined;
      return output?.kind === kind && (await isStored(store, output.sha256));
    }),
  );
  return { outputs: whole.every(Boolean) ? outputs : undefined, version: stored.version };
}

/**
 * Stores a record. If another run was first, its record stays, so that all later steps use the same artifacts.
 *
 * @returns the outputs of the stored record.
 */
export async function keepRecord(
  store: ObjectStore,
  key: string,
  job: Job,
  { outputs, version: ifVersion }: { readonly outputs: StepOutputs; readonly version: string | null },
): Promise<StepOutputs> {
  const bytes = readableJson({ format: 1, job: job.name, version: job.version, outputs });
  try {
    await store.put(keyOf(key), bytes, store.capabilities.compareAndSwap ? { ifVersion } : {});
    return outputs;
  } catch (error) {
    const other = isConflict(error) ? await readRecord(store, key, job) : undefined;
    if (other?.outputs === undefined) throw error;
    return other.outputs;
  }
}
