import { ChurnkitError, type ErrorCode } from "../../../base/errors.js";
import { settleAll } from "../../../base/async/index.js";
import { logit } from "../../../stats/logistic.js";
import type { Budget } from "../../kinds/budget.js";
import type { HeldOut, LabeledMatrix, Learned, Learner, LearnerContext } from "../../kinds/learner.js";
import { turn } from "../../kinds/trees/turn.js";
import { labelsAt } from "./fit-weights.js";
import { calibratedLoss } from "./choose-weights.js";
import { openFinished } from "./finished.js";
import type { Candidate } from "./presets.js";

/** A candidate with its result. */
export interface Trained {
  readonly name: string;
  readonly learner: Learner;
  readonly learned: Learned;
}

/** Result of training some candidates. */
export interface Tried {
  /** How many of them, in their order, were tried to their end. */
  readonly count: number;
  /** Those that have a model; if the budget ended all of them early, those that it ended. */
  readonly trained: readonly Trained[];
  /** Those that failed, with the error's message. */
  readonly failed: readonly { readonly name: string; readonly message: string }[];
}

/** Errors of one learner that say nothing about the others: too little memory is an invalid option of the kernel's. */
const ownErrors: ReadonlySet<ErrorCode> = new Set([
  "TRAINING_DIVERGED",
  "THREAD_FAILED",
  "TOO_FEW_ROWS",
  "OPTION_INVALID",
]);
const isOwn = (error: unknown): error is Error =>
  ChurnkitError.isInstance(error) ? ownErrors.has(error.code) : error instanceof RangeError;

/** Turns of the event loop in which a pool of threads opens. */
const turnsToStart = 10;

type Outcome =
  | { readonly end: "trained" | "cut"; readonly trained: Trained }
  | { readonly end: "failed"; readonly error: Error };

/**
 * Trains candidates until the budget is spent. Networks train on threads of their own while the others take turns on
 * the caller's. What a candidate learns does not depend on that, and only candidates count that come before the first
 * one that was not finished, so that their number gives the same model on any machine. With a checkpoint, candidates
 * that an interrupted training has finished are not trained again.
 *
 * @throws the first error if every candidate failed, and any error that is not one learner's own.
 */
export async function fitCandidates(
  candidates: readonly Candidate[],
  training: LabeledMatrix,
  validation: LabeledMatrix | undefined,
  context: LearnerContext & { readonly budget: Budget | undefined },
): Promise<Tried> {
  const { budget, onProgress } = context;
  const outcomes: (Outcome | undefined)[] = candidates.map(() => undefined);
  const fatal = new AbortController();
  const signal = AbortSignal.any([fatal.signal, ...(context.signal ? [context.signal] : [])]);
  const finished = openFinished(context.checkpoint, context.seed, [training, validation]);
  let best = Infinity;

  const fit = async (at: number): Promise<void> => {
    const { name, learner: make } = candidates[at] as Candidate;
    const learner = make({ rows: training.labels.length, width: training.width });
    const report: LearnerContext["onProgress"] =
      onProgress && ((progress) => onProgress({ ...progress, learner: name }));
    try {
      const known = await finished?.load(learner);
      const learned = known ?? (await learner.fit(training, validation, { ...context, signal, onProgress: report }));
      const cut = learned.caps?.some(({ cap }) => cap === "budget") ?? false;
      if (!known && !cut) await finished?.save(learner, learned);
      outcomes[at] = { end: cut ? "cut" : "trained", trained: { name, learner, learned } };
      if (cut || !onProgress) return;
      const loss = heldOutLoss(learned.heldOut, validation ?? training);
      best = Math.min(best, loss);
      const done = outcomes.filter((one) => one !== undefined).length;
      const counted = { member: at, members: candidates.length, epoch: done, epochs: candidates.length };
      onProgress({
        ...counted,
        loss,
        validationLoss: best,
        validationAuc: null,
        done: true,
        of: "candidates",
        learner: name,
      });
    } catch (error) {
      if (signal.aborted || !isOwn(error)) {
        fatal.abort(error);
        throw error;
      }
      outcomes[at] = { end: "failed", error };
    }
  };
  const lane = async (places: readonly number[]): Promise<void> => {
    for (const at of places) {
      signal.throwIfAborted();
      if (budget?.spent && outcomes.some((one) => one && one.end !== "failed")) return;
      await fit(at);
    }
  };
  const places = [...candidates.keys()];
  const threaded = (at: number): boolean => candidates[at]?.threaded === true && (context.workers ?? 1) > 1;
  const inTurn = async (): Promise<void> => {
    // Learners on this thread hardly leave it, so the others' threads get their first work before.
    if (places.some(threaded)) for (let i = 0; i < turnsToStart; i++) await turn(signal);
    await lane(places.filter((at) => !threaded(at)));
  };
  await settleAll([() => lane(places.filter(threaded)), inTurn]);
  return triedOf(candidates, outcomes);
}

function triedOf(candidates: readonly Candidate[], outcomes: readonly (Outcome | undefined)[]): Tried {
  const failed = outcomes.flatMap((one, at) =>
    one?.end === "failed" ? [{ name: candidates[at]?.name ?? "", message: one.error.message }] : [],
  );
  const open = outcomes.findIndex((one) => one === undefined || one.end === "cut");
  const count = open < 0 ? outcomes.length : open;
  const modelsOf = (some: readonly (Outcome | undefined)[]): Trained[] =>
    some.flatMap((one) => (one && one.end !== "failed" ? [one.trained] : []));
  const finished = modelsOf(outcomes.slice(0, count));
  const trained = finished.length > 0 ? finished : modelsOf(outcomes);
  if (trained.length > 0) return { count, trained, failed };
  const first = outcomes.find((one) => one?.end === "failed");
  throw first?.end === "failed" ? first.error : new ChurnkitError("OPTION_INVALID", "There is no learner to train.");
}

function heldOutLoss(
  { rows, probabilities, crossed = probabilities }: HeldOut,
  { labels, rowWeights }: LabeledMatrix,
): number {
  const judged = labelsAt(labels, rowWeights, rows);
  return calibratedLoss(Float64Array.from(crossed, logit), judged, Uint32Array.from(rows.keys()));
}
