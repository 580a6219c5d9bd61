import { awaitQuietly, quietly } from "../../base/async/index.js";
import type { Contract } from "../../data/contract/index.js";
import type { TrainingProgress } from "../kinds/learner.js";
import type { TrainedModel } from "./train.js";
import type { Trial } from "./trial.js";

/** What is known when a training, or a search that ends in one, begins. */
export interface TrainingBegin {
  readonly work: "training" | "tuning";
  /** The learner; of a search those that it tries, joined by commas. */
  readonly learner: string;
  /** The learner's own parameters, or the search's: plain JSON. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly contract: Contract;
  /** Where the training rows are from. */
  readonly source: string;
  readonly rows: { readonly train: number; readonly validation: number };
  readonly gitCommit: string | undefined;
}

/** Hears how a training goes. What it throws does not reach the training. */
export interface TrainingWatch {
  progress(progress: TrainingProgress): void;
  /**
   * One of the trials of a search has ended.
   *
   * @param metric the name of its value.
   */
  trial(trial: Trial, metric: string): void;
  /** The training waits for the end of it. */
  trained(model: TrainedModel): Promise<void>;
  /** @param aborted whether the signal of the training ended it. */
  failed(error: unknown, aborted: boolean): Promise<void>;
}

/** The port for whoever watches trainings, such as a tracker of runs. */
export interface TrainingObserver {
  observe(begin: TrainingBegin): TrainingWatch;
}

/**
 * Does work that ends with a model before an observer's eyes.
 *
 * @param work gets what to tell the observer; it cannot fail.
 */
export async function observed<Result extends { readonly model: TrainedModel }>(
  observer: TrainingObserver,
  begin: TrainingBegin,
  signal: AbortSignal | undefined,
  work: (told: Pick<TrainingWatch, "progress" | "trial">) => Promise<Result>,
): Promise<Result> {
  let watch: TrainingWatch | undefined;
  quietly(() => {
    watch = observer.observe(begin);
  });
  try {
    const result = await work({
      progress: (progress) => quietly(() => watch?.progress(progress)),
      trial: (trial, metric) => quietly(() => watch?.trial(trial, metric)),
    });
    await awaitQuietly(() => watch?.trained(result.model));
    return result;
  } catch (error) {
    await awaitQuietly(() => watch?.failed(error, signal?.aborted === true));
    throw error;
  }
}
