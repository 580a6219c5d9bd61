import { awaitQuietly, quietly } from "../../base/async/index.js";
import type { Contract } from "../../data/contract/index.js";
import type { Features } from "../../data/features/index.js";
import type { Table } from "../../data/table/index.js";
import type { TrainingProgress } from "../kinds/learner.js";
import { churnNetwork } from "../kinds/network/learner.js";
import { trainModel } from "./train-model.js";
import type { TrainedModel, TrainOptions } from "./train.js";

/** What is known when a training begins. */
export interface TrainingBegin {
  readonly learner: string;
  /** The learner's own parameters: plain JSON. */
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
  /** The training waits for the end of it. */
  trained(model: TrainedModel): Promise<void>;
  /** @param aborted whether the signal of the training ended it. */
  failed(error: unknown, aborted: boolean): Promise<void>;
}

/** The port for whoever watches trainings, such as a tracker of runs. */
export interface TrainingObserver {
  observe(begin: TrainingBegin): TrainingWatch;
}

/** Trains before an observer's eyes. */
export async function observedTraining<Row, Request>(
  features: Features<Row, Request>,
  table: Table<Row>,
  options: TrainOptions<Row>,
  observer: TrainingObserver,
): Promise<TrainedModel<Row, Request>> {
  const { learner = churnNetwork(), seed = 0, validation, gitCommit, onProgress, signal } = options;
  let watch: TrainingWatch | undefined;
  quietly(() => {
    const { name, parameters } = learner;
    const rows = { train: table.rows, validation: validation?.rows ?? 0 };
    const { contract, source } = table;
    watch = observer.observe({ learner: name, parameters, seed, contract, source, rows, gitCommit });
  });
  try {
    const model = await trainModel(features, table, {
      ...options,
      learner,
      onProgress(progress) {
        quietly(() => watch?.progress(progress));
        onProgress?.(progress);
      },
    });
    await awaitQuietly(() => watch?.trained(model));
    return model;
  } catch (error) {
    await awaitQuietly(() => watch?.failed(error, signal?.aborted === true));
    throw error;
  }
}
