import { isConflict } from "../../../base/async/index.js";
import type { ObjectStore } from "../../../io/store/index.js";
import { packSource } from "../../../model/bundle/index.js";
import type { ModelRegistry, ModelVersion } from "../../../registry/index.js";
import { type AwsTarget, uriOf } from "../../aws/target.js";

/** Name of a version among models and variants: `v12`. */
export const versionName = (number: number): string => `v${number}`;

/** Number of a version's name; undefined for a model that no release made. */
export const numberOf = (name: string): number | undefined =>
  /^v\d{1,15}$/.test(name) ? Number(name.slice(1)) : undefined;

type Archived = Pick<ModelVersion, "number" | "contentHash">;

// Equal bundles are equal archives, so a key by content never needs a second write.
const keyOf = ({ number, contentHash }: Archived): string =>
  `models/${versionName(number)}-${contentHash.slice(0, 12)}/model.tar.gz`;

/** Where SageMaker finds a version's bundle. */
export const archiveUri = (target: AwsTarget, version: Archived): string => uriOf(target, keyOf(version));

/** Puts a version's bundle there, as one archive, unless it is there. */
export async function putArchive(store: ObjectStore, registry: ModelRegistry, version: Archived): Promise<void> {
  const key = keyOf(version);
  if ((await store.list(key)).some((each) => each.key === key)) return;
  try {
    await store.putStream(key, packSource(await registry.open(version.number)), { ifVersion: null });
  } catch (error) {
    // Another run of the same release was faster.
    if (!isConflict(error)) throw error;
  }
}
