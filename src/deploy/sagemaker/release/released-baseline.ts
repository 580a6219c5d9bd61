import { ChurnkitError } from "../../../base/errors.js";
import { count, documentError, JsonValue, object, readableJson } from "../../../base/json/index.js";
import type { ObjectStore } from "../../../io/store/index.js";
import { packSource } from "../../../model/bundle/index.js";
import { type MonitorBaseline, monitorBaselineOf, parseMonitorBaseline } from "../../../monitor/index.js";
import type { ModelRegistry } from "../../../registry/index.js";

/** What the monitors of an endpoint compare with, and of which version it is. */
export interface ReleasedBaseline {
  readonly version: number;
  readonly baseline: MonitorBaseline;
}

const corrupt = documentError("STATE_CORRUPT", "The monitors' baseline", "Release the version again, which writes it.");
const document = object({ version: count(1), baseline: (json: JsonValue) => parseMonitorBaseline(json.value) });

const keyOf = (endpoint: string): string => `monitors/${endpoint}/baseline.json`;

/**
 * Reads the baseline of the version that a release brought on duty, for the monitors of its endpoint.
 *
 * @param endpoint the endpoint's whole name.
 * @returns undefined before the first release.
 * @throws ChurnkitError STATE_CORRUPT.
 * @example
 * ```ts
 * import { readReleasedBaseline } from "churnkit/deploy/sagemaker";
 * import { memoryStore } from "churnkit/io";
 *
 * console.assert((await readReleasedBaseline(memoryStore(), "churn-prod")) === undefined);
 * ```
 */
export async function readReleasedBaseline(
  store: ObjectStore,
  endpoint: string,
): Promise<ReleasedBaseline | undefined> {
  const found = await store.get(keyOf(endpoint));
  return found && document(JsonValue.parse(found.bytes, `${keyOf(endpoint)} in ${store.name}`, corrupt));
}

/**
 * Makes a version's baseline the one of an endpoint's monitors, and its archive the one that the gates of pipelines compare with, if they are
 * not yet.
 */
export async function writeReleasedBaseline(
  store: ObjectStore,
  endpoint: string,
  registry: ModelRegistry,
  version: number,
): Promise<void> {
  const standing = await readReleasedBaseline(store, endpoint).catch((error: unknown) => {
    if (ChurnkitError.isInstance(error) && error.code === "STATE_CORRUPT") return undefined;
    throw error;
  });
  if (standing?.version === version) return;
  // The baseline last: it says that both are there.
  await store.putStream(`champion/${endpoint}/model.tar.gz`, packSource(await registry.open(version)));
  const { artifact } = await registry.load(version);
  await store.put(keyOf(endpoint), readableJson({ version, baseline: monitorBaselineOf(artifact) }));
}
