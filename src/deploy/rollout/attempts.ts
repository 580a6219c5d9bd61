import { type Clock, isConflict, retryAfter } from "../../base/async/index.js";

const waits = [1000, 2000, 4000];

/**
 * Tries a call of a port again, after 1, 2 and 4 seconds, since each can be repeated. A conflict is final.
 *
 * @param isFinal whether another error is final, too.
 */
export const attempts = <T>(
  clock: Clock,
  call: () => Promise<T>,
  isFinal: (error: unknown) => boolean = () => false,
): Promise<T> => retryAfter(waits, clock, call, (error) => !isConflict(error) && !isFinal(error));
