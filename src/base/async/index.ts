export { backoff } from "./backoff.js";
export { keyedQueue, sharedReads } from "./queue.js";
export { awaitQuietly, quietly } from "./quietly.js";
export { type Clock, liesAhead, Paused, pausing, sleep, systemClock, unlessPaused } from "./clock.js";
export { isConflict, retryAfter, retryOnConflict } from "./retry.js";
export { unref } from "./unref.js";
export { settleAll, type Work } from "./settle-all.js";
