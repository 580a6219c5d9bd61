/** One thread for each processor, at most 8; one if the runtime has no threads. */
export async function defaultWorkers(): Promise<number> {
  try {
    const { availableParallelism } = await import("node:os");
    return Math.min(8, availableParallelism());
  } catch {
    return 1;
  }
}
