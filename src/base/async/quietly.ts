type Work = () => unknown;
type Failed = (error: unknown) => unknown;

/**
 * Runs code from somebody else: a listener, a sink, a log. If it throws, or rejects later, the error goes to `failed`
 * and no further.
 *
 * @param failed called with the error; its own errors are dropped, because a listener for errors must not cause one.
 */
export function quietly(work: Work, failed?: Failed): void {
  try {
    const result = work();
    if (isThenable(result)) Promise.resolve(result).catch((error: unknown) => tell(error, failed));
  } catch (error) {
    tell(error, failed);
  }
}

/** Same as {@link quietly}, but waits for the end. */
export async function awaitQuietly(work: Work, failed?: Failed): Promise<void> {
  try {
    await work();
  } catch (error) {
    tell(error, failed);
  }
}

function tell(error: unknown, failed: Failed | undefined): void {
  if (failed !== undefined) quietly(() => failed(error));
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
