import type { Artifact, TrainingRun } from "../artifact.js";
import type { BundleOptions } from "./format.js";
import type { Manifest } from "./manifest.js";

/** A trained model, or as much of it as a bundle keeps. */
export interface Saved {
  readonly artifact: Artifact;
  readonly trainingRun?: TrainingRun | undefined;
}

/**
 * Saves a trained model, or its artifact, as a bundle: a folder, or one archive if the path ends in .tar.gz. An
 * existing bundle is replaced as a whole; a kill, a full disk or an error at any moment leaves the old bundle or the
 * new one, and a failure leaves nothing behind. The bundle is opened once in memory before anything is written, so
 * that every saved bundle can be loaded. The manifest of a trained model says what its training took.
 *
 * @throws ChurnkitError OPTION_INVALID when the folder has something other than a bundle, IO_FAILED when the system
 * refuses to write, and the errors of opening it.
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
  model: Artifact | Saved,
  path: string,
  options: BundleOptions = {},
): Promise<Manifest> {
  const { writeBundle } = await import("./write-bundle.js");
  return writeBundle(model, path, options);
}

/**
 * Checks, before a long training, that a bundle can be saved in this place: in a writable folder, with nothing of
 * that name, an empty folder, or a bundle without other files; for an archive, no folder of that name.
 *
 * @throws ChurnkitError OPTION_INVALID when something would be lost, IO_FAILED when the place is not writable.
 */
export async function checkBundleTarget(path: string): Promise<void> {
  const { checkTarget } = await import("./write-bundle.js");
  return checkTarget(path);
}
