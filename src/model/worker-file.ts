/**
 * Returns the file of an entry of this package that is a thread's program, or undefined where there are no threads: in a
 * browser or worker runtime, or when the package's files were bundled away.
 */
export async function workerFile(entry: "score-worker" | "train-worker"): Promise<string | undefined> {
  try {
    const { createRequire } = await import("node:module");
    return createRequire(import.meta.url).resolve(`churnkit/${entry}`);
  } catch {
    return undefined;
  }
}
