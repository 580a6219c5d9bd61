import { type Clock, isConflict, Paused } from "../../base/async/index.js";

const most = 4;

/** Tries a call of a port again, after 1, 2 and 4 seconds, since each can be repeated. A conflict is final. */
export async function attempts<T>(
  clock: Clock,
  call: () => Promise<T>,
  isFinal: (error: unknown) => boolean = () => false,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await call();
    } catch (error) {
      if (tries === most || isConflict(error) || isFinal(error) || error instanceof Paused) throw error;
      await clock.sleep(1000 * 2 ** (tries - 1));
    }
  }
}
