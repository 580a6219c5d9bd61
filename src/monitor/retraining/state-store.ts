import { retryOnConflict } from "../../base/async/index.js";
import type { ObjectStore } from "../../io/store/index.js";
import { newRetrainingState, parseState, shortText, writeState, type RetrainingState } from "./retraining-state.js";

const stateKey = (name: string): string => `retraining/${name}/state.json`;

/**
 * Returns the state of a policy in a store, or a new one.
 *
 * @throws ChurnkitError STATE_CORRUPT if it cannot be read, STORE_FAILED if the store cannot.
 */
export async function readRetrainingState(
  store: ObjectStore,
  name: string,
  now: Date = new Date(),
): Promise<RetrainingState> {
  const found = await store.get(stateKey(name));
  return found === undefined ? newRetrainingState(now) : parseState(stateKey(name), found.bytes);
}

/**
 * Changes the state by compare-and-swap, from the start again after losing a race: `change` is pure and may be called
 * several times. The new state is written completely or not at all.
 */
export async function changeState(
  store: ObjectStore,
  name: string,
  now: () => Date,
  change: (state: RetrainingState, now: Date) => RetrainingState,
): Promise<RetrainingState> {
  const key = stateKey(name);
  return retryOnConflict(async () => {
    const found = await store.get(key);
    const time = now();
    const state = found === undefined ? newRetrainingState(time) : parseState(key, found.bytes);
    const next = change(state, time);
    if (next !== state || found === undefined)
      await store.put(key, writeState(next), { ifVersion: found?.version ?? null });
    return next;
  });
}

/**
 * The stop switch: stops all retraining under a policy's name, for every process that uses the store. Triggers are
 * still remembered; a run in progress has its signal aborted when its lease is next renewed.
 */
export async function stopRetraining(
  store: ObjectStore,
  name: string,
  stop: { by: string; reason: string; now?: () => Date },
): Promise<void> {
  await changeState(store, name, stop.now ?? (() => new Date()), (state, now) => ({
    ...state,
    stopped: { at: now.toISOString(), by: shortText(stop.by), reason: shortText(stop.reason) },
  }));
}

/**
 * Allows retraining again after {@link stopRetraining}; triggers remembered in the meantime count in the next
 * decision.
 */
export async function startRetraining(store: ObjectStore, name: string): Promise<void> {
  await changeState(
    store,
    name,
    () => new Date(),
    (state) => ({ ...state, stopped: null }),
  );
}
