/** Work that begins when it is called. */
export type Work = () => Promise<unknown>;

/**
 * Starts all work at once and waits for the end of each, so that none is still running when the first error is
 * thrown.
 */
export async function settleAll(works: Iterable<Work>): Promise<void> {
  const ends = await Promise.allSettled(Array.from(works, (work) => work()));
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
