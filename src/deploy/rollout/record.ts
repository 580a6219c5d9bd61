import { type Clock, isConflict } from "../../base/async/index.js";
import { ChurnkitError } from "../../base/errors.js";
import {
  type Decoded,
  documentError,
  JsonValue,
  literal,
  number,
  object,
  readableJson,
  text,
} from "../../base/json/index.js";
import { type ObjectStore, typedStore } from "../../io/store/index.js";
import { attempts } from "./attempts.js";
import { type RolloutState, rolloutState } from "./state.js";

const record = object({
  format: literal(1),
  /** Who runs the rollout, and the run. */
  owner: text(200),
  run: text(100),
  /** Until when the runner holds it, in milliseconds since 1970; 0 when it has ended. */
  until: number(0),
  plan: text(),
  state: rolloutState,
});
type RolloutRecord = Decoded<typeof record>;

const corrupt = documentError(
  "STATE_CORRUPT",
  "The rollout's record",
  "Restore it, or delete it after a look at the traffic.",
);

/** The record of a rollout, held by one runner. */
export interface HeldRecord {
  /** @throws ChurnkitError STORE_CONFLICT when another runner has taken over. */
  save(state: RolloutState): Promise<void>;
  /** Does work that may take long, and shows signs of life meanwhile. */
  during<T>(work: () => Promise<T>): Promise<T>;
  /** Lets the next runner begin at once. */
  release(): Promise<void>;
}

/** What identifies a record and its runner. */
export interface RecordOptions {
  readonly store: ObjectStore;
  readonly key: string;
  readonly owner: string;
  /** Milliseconds without a sign of life after which another runner may take over. */
  readonly lease: number;
  readonly clock: Clock;
}

/** A record as it was found, with how to hold it. */
export interface FoundRecord {
  readonly state: RolloutState | undefined;
  /** The plan that it was begun with. */
  readonly plan: string | undefined;
  /** Writes the first state, and takes the record over. */
  hold(state: RolloutState, plan: string): Promise<HeldRecord>;
}

/**
 * Reads where a rollout stands, whoever runs it.
 *
 * @throws ChurnkitError STATE_CORRUPT.
 */
export async function readRollout(store: ObjectStore, key: string): Promise<RolloutState | undefined> {
  const found = await store.get(key);
  return found && parse(found.bytes, key, store).state;
}

const parse = (bytes: Uint8Array, key: string, { name }: ObjectStore): RolloutRecord =>
  record(JsonValue.parse(bytes, `${key} in ${name}`, corrupt));

/**
 * Finds the record of a rollout.
 *
 * @throws ChurnkitError STORE_CONFLICT while another runner is at work, STATE_CORRUPT.
 */
export async function findRecord(options: RecordOptions): Promise<FoundRecord> {
  const { key, owner, clock } = options;
  const store = typedStore(options.store);
  if (!store.capabilities.compareAndSwap)
    throw new ChurnkitError(
      "OPTION_INVALID",
      `${store.name} cannot hold the record of a rollout, since two runners could overwrite each other there. Use a store with conditional writes.`,
    );
  const found = await attempts(clock, () => store.get(key));
  const former = found && parse(found.bytes, key, store);
  if (former !== undefined && former.owner !== owner && clock.now() < former.until)
    throw new ChurnkitError(
      "STORE_CONFLICT",
      `${former.owner} runs the rollout of ${former.state.candidate} (${key} in ${store.name}). If that process is gone, start again after ${new Date(former.until).toISOString()}.`,
      { where: { file: key } },
    );
  return {
    state: former?.state,
    plan: former?.plan,
    hold: (state, plan) => hold({ ...options, store }, { state, plan, version: found?.version ?? null }),
  };
}

async function hold(
  { store, key, owner, lease, clock }: RecordOptions,
  first: { readonly state: RolloutState; readonly plan: string; version: string | null },
): Promise<HeldRecord> {
  const run = crypto.randomUUID();
  let { version } = first;
  let last = first.state;
  let turn: Promise<unknown> = Promise.resolve();

  async function write(bytes: Uint8Array): Promise<void> {
    try {
      ({ version } = await store.put(key, bytes, { ifVersion: version }));
    } catch (error) {
      if (!isConflict(error)) throw error;
      // The write before may have succeeded although its answer was lost.
      const found = await store.get(key);
      if (found === undefined || Buffer.compare(found.bytes, bytes) !== 0) throw error;
      ({ version } = found);
    }
  }

  const put = (state: RolloutState, until: number): Promise<void> => {
    last = state;
    const content: RolloutRecord = { format: 1, owner, run, until, plan: first.plan, state };
    const bytes = readableJson(content);
    const written = turn.then(() => attempts(clock, () => write(bytes)));
    turn = written.catch(() => undefined);
    return written;
  };
  await put(last, clock.now() + lease);

  return {
    save: (state) => put(state, clock.now() + lease),
    async during(work) {
      const over = new AbortController();
      const beat = async (): Promise<void> => {
        for (;;) {
          await clock.sleep(lease / 3, over.signal);
          await put(last, clock.now() + lease);
        }
      };
      // The next save tells what keeps the record from being written.
      beat().catch(() => undefined);
      try {
        return await work();
      } finally {
        over.abort();
      }
    },
    release: () => put(last, 0),
  };
}
