import { keyedQueue, quietly } from "../../base/async/index.js";
import { ChurnkitError } from "../../base/errors.js";
import { batchTurns } from "../batch-turns.js";
import type { LoadedModel } from "./load-for-service.js";
import type { ModelProblem } from "./models.js";
import type { Place } from "./place.js";

/** One reference, the version of it on duty, and its watch. */
export interface Post {
  /** The version on duty. */
  readonly model: () => LoadedModel | undefined;
  /** Why the version that is due is not in service, or is unknown. */
  readonly problem: () => ModelProblem | undefined;
  /** Error of the last look, if it failed. */
  readonly error: () => unknown;
  /**
   * Looks which version is due. Another one is loaded, checked and warmed before it takes over; where that fails, the former one
   * stays. Never rejects.
   *
   * @param eager try a version again at once that failed before.
   */
  refresh(eager: boolean): Promise<void>;
}

/** Options of {@link postOf}. */
export interface PostOptions {
  readonly ref: string;
  /** Name in answers; the model's own by default. */
  readonly name: string | undefined;
  readonly variant: string | undefined;
  /** Milliseconds after which a look or a load has failed. */
  readonly timeout: number;
  readonly onProblem: (error: unknown, ref?: string) => void;
  readonly onChange: (model: LoadedModel, former: LoadedModel | undefined) => void;
}

/** Longest wait before a version is tried again that failed, in milliseconds. */
const longestWait = 300_000;
const firstWait = 10_000;

/** Watches one place. */
export function postOf(place: Place, { ref, name, variant, timeout, onProblem, onChange }: PostOptions): Post {
  let onDuty: { readonly model: LoadedModel; readonly stamp: string } | undefined;
  let failure: { readonly error: unknown; readonly since: string } | undefined;
  let refused: { readonly stamp: string; readonly times: number; readonly until: number } | undefined;

  const take = (loaded: LoadedModel, stamp: string): void => {
    const former = onDuty?.model;
    const model = { ...loaded, name: name ?? loaded.name, ...(variant === undefined ? {} : { variant }) };
    onDuty = { model, stamp };
    quietly(() => onChange(model, former), onProblem);
  };
  const failed = (error: unknown): void => {
    const isNew = messageOf(error) !== messageOf(failure?.error);
    failure = { error, since: failure?.since ?? new Date().toISOString() };
    if (isNew) quietly(() => onProblem(error, ref));
  };

  async function look(eager: boolean): Promise<void> {
    const due = await within(timeout, place.look());
    if (due.stamp === onDuty?.stamp && onDuty.model.source !== "local-copy") {
      failure = undefined;
      return;
    }
    if (refused?.stamp === due.stamp && !eager && performance.now() < refused.until) return;
    try {
      const loaded = await within(timeout, due.load());
      await warmUp(loaded);
      take(loaded, due.stamp);
      refused = failure = undefined;
    } catch (error) {
      const times = refused?.stamp === due.stamp ? refused.times + 1 : 0;
      refused = { stamp: due.stamp, times, until: performance.now() + Math.min(longestWait, firstWait * 2 ** times) };
      throw error;
    }
  }

  const inTurn = keyedQueue();
  const refresh = async (eager: boolean): Promise<void> => {
    try {
      await look(eager);
    } catch (error) {
      failed(error);
      if (onDuty !== undefined) return;
      try {
        const copied = await within(timeout, place.copy(error));
        if (copied === undefined) return;
        await warmUp(copied.model);
        take(copied.model, copied.stamp);
      } catch (copyError) {
        quietly(() => onProblem(copyError));
      }
    }
  };
  return {
    model: () => onDuty?.model,
    problem: () =>
      failure && {
        ref,
        code: ChurnkitError.isInstance(failure.error) ? failure.error.code : "IO_FAILED",
        since: failure.since,
      },
    error: () => failure?.error,
    // One behind the other: a look that began earlier must not put an older version on duty.
    refresh: (eager) => inTurn(ref, () => refresh(eager)),
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Work that takes longer has failed; its later result is dropped. */
function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new ChurnkitError("IO_FAILED", `The model's place gave no answer within ${milliseconds} ms.`));
    }, milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

const oneByOne = batchTurns();
/** Scores that make a model fast: the engine compiles what runs often. */
const warmScores = 200;

/** Scores golden rows over and over, and lets requests go first. */
function warmUp({ scorer, artifact: { golden } }: LoadedModel): Promise<void> {
  return oneByOne(async (giveWay) => {
    for (let i = 0; i < warmScores; i++) {
      const row = golden[i % golden.length];
      if (row === undefined) return;
      await giveWay();
      scorer.scoreRecord(row.record);
    }
  });
}
