import type { Artifact } from "../artifact.js";
import type { BundleOptions } from "./format.js";
import type { Manifest } from "./manifest.js";

/**
 * Saves a trained model, or its artifact, as a bundle: a folder, or one archive if the path ends in .tar.gz. An
 * existing bundle is replaced as a whole; a kill, a full disk or an error at any moment leaves the old bundle or the
 * new one, and a failure leaves nothing behind. The bundle is opened once in memory before anything is written, so
 * that every saved bundle can be loaded.
 *
 * @throws ChurnkitError OPTION_INVALID when the folder holds something else than a bundle, IO_FAILED when the system
 * refuses to write, and as opening it would.
 *
 * @example
 * ```ts
 * import { loadBundle, saveBundle, type Artifact } from "churnkit/model";
 *
 * export async function keep(artifact: Artifact): Promise<void> {
 *   await saveBundle(artifact, "out/model");
 *   const { scorer } = await loadBundle("out/model");
 *   console.log(scorer.scoreRecord({ tenure: 3, plan: "basic" }));
 * }
 * ```
 */
export async function saveBundle(
  model: Artifact | { readonly artifact: Artifact },
  path: string,
  options: BundleOptions = {},
): Promise<Manifest> {
  const { writeBundle } = await import("./write-bundle.js");
  return writeBundle(model, path, options);
}

/**
 * Makes sure, before a long training, that a bundle may be saved in this place: a folder that may be written to, and in
 * it nothing of that name, an empty folder, or a bundle and nothing but it; for an archive, no folder of that name.
 *
 * @throws ChurnkitError OPTION_INVALID when something would be lost, IO_FAILED when the place may not be written to.
 */
export async function checkBundleTarget(path: string): Promise<void> {
  const { checkTarget } = await import("./write-bundle.js");
  return checkTarget(path);
}
