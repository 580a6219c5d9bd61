import { ChurnkitError } from "../../base/errors.js";
import type { ObjectInfo } from "../../io/store/index.js";

/** What may wait for one place. */
export interface SpoolLimits {
  readonly bytes: number;
  /** Since the run was last added to. */
  readonly days: number;
}

export const spoolLimits: SpoolLimits = { bytes: 2 ** 30, days: 90 };

/** A run that must go, and why. */
export interface Dropped {
  readonly run: string;
  readonly keys: readonly string[];
  readonly reason: string;
}

const dayMs = 86_400_000;

/**
 * Runs that a spool must let go of, so that so many more bytes have room: those that are too old, then the oldest. Runs go
 * whole, because the rest of one could not be sent.
 *
 * @param objects of one place, by `<place>/<run>/<file>`.
 * @param spared runs that are going on.
 * @throws ChurnkitError STORE_FAILED if there would be no room without the others.
 */
export function beyondLimits(
  objects: readonly ObjectInfo[],
  more: number,
  spared: ReadonlySet<string>,
  { bytes: most, days }: SpoolLimits,
): Dropped[] {
  const runs = new Map<string, { keys: string[]; bytes: number; last: number }>();
  for (const { key, size, modified } of objects) {
    const [, id = "", file] = key.split("/");
    if (file === undefined) continue;
    const run = runs.get(id) ?? { keys: [], bytes: 0, last: 0 };
    run.keys.push(key);
    run.bytes += size;
    // Every try to send writes a claim. Where the store does not know the time, nothing is too old.
    if (file.includes(".")) run.last = Math.max(run.last, modified?.getTime() ?? Infinity);
    runs.set(id, run);
  }
  // What has only a claim was just sent.
  const others = [...runs]
    .filter(([id, { last }]) => last > 0 && !spared.has(id))
    .sort(([a, x], [b, y]) => x.last - y.last || (a < b ? -1 : 1));
  let total = more + [...runs.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  if (more > 0 && total - others.reduce((sum, [, { bytes }]) => sum + bytes, 0) > most)
    throw new ChurnkitError(
      "STORE_FAILED",
      `No more than ${shown(most)} can wait in the spool. Send what waits there.`,
    );
  return others.flatMap(([run, { keys, bytes, last }]) => {
    const old = Date.now() - last > days * dayMs;
    if (!old && total <= most) return [];
    total -= bytes;
    const reason = old ? `it has waited for more than ${days} days` : `more than ${shown(most)} would wait`;
    return [{ run, keys, reason }];
  });
}

const shown = (bytes: number): string => `${bytes / 2 ** 20} MiB`;
