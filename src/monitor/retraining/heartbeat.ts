import { ChurnkitError } from "../../base/errors.js";
import { literal, number, object, text, JsonValue, readableJson } from "../../base/json/index.js";
import type { ObjectStore } from "../../io/store/index.js";
import { liesAhead } from "../../base/async/index.js";
import { corruptState, shortText, time } from "./retraining-state.js";

/** A monitor's sign of life. */
export interface Heartbeat {
  /** Its name: one segment of letters, digits and `._-`. */
  readonly monitor: string;
  /** Time of the last heartbeat, ISO 8601. */
  readonly at: string;
  /** Seconds until the next one, as it announced. */
  readonly everySeconds: number;
  /** Its last action, in words. */
  readonly detail: string;
}

const format = "churnkit-heartbeat";
const heartbeatKey = (monitor: string): string => `heartbeats/${monitor}.json`;

/**
 * Records that a monitor is alive, and when the next heartbeat is due: this watches the watcher. Call it at the end
 * of each round of work, so that a failing monitor stays silent.
 *
 * @throws ChurnkitError OPTION_INVALID for an invalid name or `everySeconds`, STORE_FAILED.
 * @example
 * ```ts
 * import { heartbeat, isAlive } from "churnkit/monitor";
 * import { memoryStore } from "churnkit/io";
 *
 * const store = memoryStore();
 * await heartbeat(store, { monitor: "hourly-drift", everySeconds: 3600 });
 * console.assert((await isAlive(store, "hourly-drift")).alive);
 * console.assert(!(await isAlive(store, "nightly-quality")).alive);
 * ```
 */
export async function heartbeat(
  store: ObjectStore,
  beat: { monitor: string; everySeconds: number; detail?: string | undefined; now?: Date | undefined },
): Promise<Heartbeat> {
  const { monitor, everySeconds, detail = "", now = new Date() } = beat;
  checkPositive("everySeconds", everySeconds);
  const given: Heartbeat = { monitor, at: now.toISOString(), everySeconds, detail: shortText(detail) };
  await store.put(heartbeatKey(monitor), readableJson({ format, ...given }));
  return given;
}

function checkPositive(name: string, value: number): void {
  if (Number.isFinite(value) && value > 0) return;
  throw new ChurnkitError("OPTION_INVALID", `The heartbeat's ${name} is ${value}. Give a finite number above 0.`, {
    where: { path: name, value },
  });
}

const written = object({ monitor: text(), at: time, everySeconds: number(0), detail: text() });

/** Whether a monitor is alive. */
export interface Liveness {
  readonly alive: boolean;
  /** Its last heartbeat, null without one. */
  readonly last: Heartbeat | null;
  /** The finding in a sentence. */
  readonly message: string;
}

/**
 * Returns whether a monitor is alive: its last heartbeat is younger than `grace` times its own interval. A future
 * heartbeat says nothing about now, and would hide for that long that the monitor has stopped.
 *
 * @param options.grace how many intervals may pass; default 2.
 * @throws ChurnkitError OPTION_INVALID, STATE_CORRUPT if the heartbeat cannot be read, STORE_FAILED.
 */
export async function isAlive(
  store: ObjectStore,
  monitor: string,
  options: { grace?: number; now?: Date } = {},
): Promise<Liveness> {
  const { grace = 2, now = new Date() } = options;
  checkPositive("grace", grace);
  const found = await store.get(heartbeatKey(monitor));
  if (found === undefined) return { alive: false, last: null, message: `${monitor} has never sent a heartbeat` };
  const json = JsonValue.parse(found.bytes, heartbeatKey(monitor), corruptState);
  literal(format)(json.get("format"));
  const last = written(json);
  if (liesAhead(Date.parse(last.at), now.getTime())) {
    return {
      alive: false,
      last,
      message: `${monitor} sent its last heartbeat at ${last.at}, which is in the future: the clock here says ${now.toISOString()}; correct the wrong clock`,
    };
  }
  const silent = Math.max(0, (now.getTime() - Date.parse(last.at)) / 1000);
  const alive = silent <= last.everySeconds * grace;
  const message = `${monitor} sent its last heartbeat ${Math.round(silent)} s ago, at ${last.at}; it is due every ${last.everySeconds} s`;
  return { alive, last, message };
}
