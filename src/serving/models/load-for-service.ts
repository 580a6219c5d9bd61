import { ChurnkitError } from "../../base/errors.js";
import { awaitQuietly, quietly } from "../../base/async/index.js";
import { type ObjectStore, typedStore } from "../../io/store/index.js";
import type { Artifact } from "../../model/artifact.js";
import type { LoadOptions, ModelRegistry } from "../../registry/registry.js";
import { assertSignature, signatureOf } from "../../registry/signature/index.js";
import type { VersionRef } from "../../registry/versions/index.js";
import type { ServedModel } from "./index.js";
import { keepCopy, listCopies, openCopy, stepBack, type LocalCopy } from "./local-copies.js";

/** Options for loading a model for service. */
export interface ServiceOptions extends LoadOptions {
  /** Store of local copies, so that a server starts and rolls back while the registry is down. */
  readonly copies?: ObjectStore | undefined;
  /** Number of versions with a copy: the current one and those before it. Default 2. */
  readonly keep?: number | undefined;
  /**
   * Called for problems that did not keep a model from service: a registry that is down, a copy that could not be
   * written.
   */
  readonly onProblem?: ((error: unknown) => void) | undefined;
}

/** A model for service with its artifact, which includes the monitors' baseline. */
export interface LoadedModel extends ServedModel {
  readonly artifact: Artifact;
}

/**
 * Loads a version for service: from the registry or, if that fails, from the copy of the last success. `source` in
 * the answers shows which: `registry` or `local-copy`.
 *
 * A version that the registry does not have, or that breaks the given signature, is an error, not a reason to serve
 * another.
 *
 * @throws ChurnkitError as {@link ModelRegistry.load} does, if there is no copy to fall back to.
 *
 * @example
 * ```ts
 * import { filesStore, memoryStore } from "churnkit/io";
 * import { storeRegistry } from "churnkit/registry";
 * import { createHandler, listen, loadForService } from "churnkit/serving";
 *
 * export async function start(): Promise<string> {
 *   const registry = storeRegistry(filesStore("registry"), { name: "churn" });
 *   const model = await loadForService(registry, "champion", { copies: filesStore("model-copies") });
 *   return (await listen(createHandler(model), { port: 0 })).url;
 * }
 * console.assert(storeRegistry(memoryStore(), { name: "churn" }).capabilities.compareAndSwap);
 * ```
 */
export async function loadForService(
  registry: ModelRegistry,
  ref: VersionRef,
  options: ServiceOptions = {},
): Promise<LoadedModel> {
  try {
    return await loadVersion(registry, ref, options);
  } catch (error) {
    const copied = isAnswer(error) ? undefined : await loadCopy(registry.name, options);
    if (copied === undefined) throw error;
    quietly(() => options.onProblem?.(error));
    return copied.model;
  }
}

/** Loads a version from the registry, and keeps a copy where copies are kept. */
export async function loadVersion(
  registry: ModelRegistry,
  ref: VersionRef,
  { copies, keep = 2, onProblem, ...load }: ServiceOptions,
): Promise<LoadedModel> {
  if (!Number.isSafeInteger(keep) || keep < 1)
    throw new ChurnkitError("OPTION_INVALID", `keep must be a whole number above 0, not ${keep}.`);
  const { artifact, scorer, version } = await registry.load(ref, load);
  const tell = (error: unknown): void => quietly(() => onProblem?.(error));
  if (copies)
    await awaitQuietly(
      () => keepCopy(typedStore(copies), version, () => registry.download(version.number), keep),
      tell,
    );
  return { artifact, scorer, name: registry.name, version: version.semver, source: "registry" };
}

/** The version that was in service when the registry last answered, if there is a copy of it. */
export async function loadCopy(
  name: string,
  { copies, ...load }: ServiceOptions,
): Promise<{ readonly model: LoadedModel; readonly contentHash: string } | undefined> {
  if (copies === undefined) return undefined;
  const store = typedStore(copies);
  const [copy] = await listCopies(store);
  if (copy === undefined) return undefined;
  return { model: await served(name, store, copy, load), contentHash: copy.contentHash };
}

/**
 * Loads the previously served version from its copy: a rollback while the registry is down. The next {@link
 * loadForService} that reaches the registry serves the registry's version.
 *
 * @param name the model's name, for answers.
 * @throws ChurnkitError BUNDLE_NOT_FOUND if no former version was kept.
 *
 * @example
 * ```ts
 * import { filesStore } from "churnkit/io";
 * import { createHandler, rollBackToCopy, type Handler } from "churnkit/serving";
 *
 * export const former = async (): Promise<Handler> =>
 *   createHandler(await rollBackToCopy("churn", filesStore("model-copies")));
 * ```
 */
export async function rollBackToCopy(name: string, store: ObjectStore, load: LoadOptions = {}): Promise<LoadedModel> {
  const copies = typedStore(store);
  const copy = await stepBack(copies);
  if (copy === undefined) {
    throw new ChurnkitError(
      "BUNDLE_NOT_FOUND",
      `There is no copy of a former version of ${name} in ${copies.name}, so there is nothing to roll back to.`,
    );
  }
  return served(name, copies, copy, load);
}

async function served(
  name: string,
  copies: ObjectStore,
  copy: LocalCopy,
  { signature, ...open }: LoadOptions,
): Promise<LoadedModel> {
  const { artifact, scorer } = await openCopy(copies, copy, open);
  if (signature !== undefined) assertSignature(signature, signatureOf(scorer.contract));
  return { artifact, scorer, name, version: copy.semver, source: "local-copy" };
}

/** Returns whether the registry answered, so that falling back would contradict it. */
export const isAnswer = (error: unknown): boolean =>
  ChurnkitError.isInstance(error) &&
  ["REGISTRY_NOT_FOUND", "SIGNATURE_MISMATCH", "OPTION_INVALID"].includes(error.code);
