import { ChurnkitError } from "../../../base/errors.js";
import {
  count,
  documentError,
  type Decoded,
  JsonValue,
  list,
  nullable,
  number,
  object,
} from "../../../base/json/index.js";
import { type ObjectStore, typedStore } from "../../../io/store/index.js";
import type { LabeledMatrix } from "../learner.js";
import { trainingKey } from "../training-key.js";
import type { FitState } from "./fit-network.js";
import type { NetworkWeights } from "./spec.js";

/** Saved states of an ensemble's members, under a key that depends on data and settings. */
export interface Checkpoints {
  load(member: number): Promise<FitState | undefined>;
  /**
   * Saves in the background, one state of a member after the other; of waiting states only the newest is kept.
   *
   * @throws the error of an earlier save.
   */
  save(member: number, state: FitState): void;
  /** Resolves when all saving has ended, successfully or not. */
  idle(): Promise<void>;
  /** Resolves when everything passed to `save` is stored; rejects with the error of a save. */
  settled(): Promise<void>;
}

/** Opens the checkpoints of a training in a store; without a store there are none. */
export function openCheckpoints(
  kept: ObjectStore | undefined,
  settings: object,
  data: readonly (LabeledMatrix | undefined)[],
): Checkpoints | undefined {
  if (!kept) return undefined;
  const store = typedStore(kept);
  const folder = `checkpoint-${trainingKey(settings, data)}`;
  const key = (member: number): string => `${folder}/member-${member}.bin`;
  const waiting = new Map<number, Uint8Array>();
  const saving = new Map<number, Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  /** Stores a member's states as long as some are waiting; never rejects. */
  const saveAll = async (member: number): Promise<void> => {
    try {
      for (let bytes = waiting.get(member); bytes !== undefined; bytes = waiting.get(member)) {
        const state = bytes;
        waiting.delete(member);
        await store.put(key(member), state);
      }
    } catch (error) {
      failure ??= { error };
    } finally {
      saving.delete(member);
    }
  };
  const idle = async (): Promise<void> => {
    await Promise.all(saving.values());
  };
  return {
    async load(member) {
      const found = await store.get(key(member));
      return found && decodeState(found.bytes);
    },
    save(member, state) {
      if (failure) throw failure.error;
      waiting.set(member, encodeState(state));
      if (!saving.has(member)) saving.set(member, saveAll(member));
    },
    idle,
    async settled() {
      await idle();
      if (failure) throw failure.error;
    },
  };
}

const unreadable = documentError(
  "CHECKPOINT_MISMATCH",
  "A saved training state's",
  "Delete the checkpoint and train from the start.",
);

/** An epoch of a network. */
export const epochRecord = object({ loss: number(), validationLoss: number(), validationAuc: nullable(number(0, 1)) });

const header = object({
  step: count(),
  history: list(epochRecord),
  losses: (json) => [number()(json.item(0)), number()(json.item(1))] as const,
  /** Lengths of the arrays that follow: weights, m, v, best, crossed logits. */
  lengths: list(list(count())),
});

/** A state as bytes: the length of a JSON header, the header, then all floats little-endian. */
function encodeState(state: FitState): Uint8Array<ArrayBuffer> {
  const { session } = state;
  const groups = [session.weights, session.m, session.v, state.best, [state.crossed.logits]];
  const head: Decoded<typeof header> = {
    step: session.step,
    history: [...state.history],
    losses: state.crossed.losses,
    lengths: groups.map((group) => group.map((tensor) => tensor.length)),
  };
  const text = new TextEncoder().encode(JSON.stringify(head));
  const floats = groups.flat();
  const bytes = new Uint8Array(4 + text.length + 4 * floats.reduce((sum, tensor) => sum + tensor.length, 0));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, text.length, true);
  bytes.set(text, 4);
  let offset = 4 + text.length;
  for (const tensor of floats) {
    for (const value of tensor) {
      view.setFloat32(offset, value, true);
      offset += 4;
    }
  }
  return bytes;
}

/** @throws ChurnkitError CHECKPOINT_MISMATCH when the bytes are not a state. */
function decodeState(bytes: Uint8Array): FitState {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let offset = 4 + view.getUint32(0, true);
    const head = header(JsonValue.parse(bytes.subarray(4, offset), "header", unreadable));
    // Before anything is allocated: a corrupted length must not exhaust the memory.
    const floats = head.lengths.flat().reduce((sum, length) => sum + length, 0);
    if (offset + 4 * floats !== bytes.length) throw new RangeError("the lengths do not add up");
    const [weights = [], m = [], v = [], best = [], [logits] = []] = head.lengths.map((lengths): NetworkWeights =>
      lengths.map((length) =>
        Float32Array.from({ length }, () => {
          const value = view.getFloat32(offset, true);
          offset += 4;
          return value;
        }),
      ),
    );
    if (!logits) throw new RangeError("the crossed logits are missing");
    const { step, history, losses } = head;
    return { session: { weights, m, v, step }, history, best, crossed: { losses, logits } };
  } catch (cause) {
    if (ChurnkitError.isInstance(cause)) throw cause;
    throw new ChurnkitError(
      "CHECKPOINT_MISMATCH",
      "A saved training state cannot be read. Delete the checkpoint and train from the start.",
      { cause },
    );
  }
}
