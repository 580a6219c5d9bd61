/** Something to write, when it is called. */
export type Write = () => Promise<unknown>;

/** Begins all at once. The first error is thrown when all have ended, so that none is still at it. */
export async function allAtOnce(writes: readonly Write[]): Promise<void> {
  const ends = await Promise.allSettled(writes.map((write) => write()));
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
