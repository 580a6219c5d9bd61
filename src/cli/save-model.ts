import type { Table } from "../data/table/index.js";
import type { Artifact, TrainingRun } from "../model/artifact.js";
import { saveBundle } from "../model/bundle/index.js";
import type { TrainedModel } from "../model/training/index.js";
import { monitorBaseline, watchedArtifact, withMonitorBaseline } from "../monitor/baseline/index.js";
import type { Facet } from "../monitor/bias/index.js";

/** The rows of a training, and its test rows if some were kept out. */
export interface TrainedOn {
  readonly training: Table;
  readonly test: Table | undefined;
  readonly facets: readonly Facet[];
  /** Where the training rows are from and how they were chosen, in words. */
  readonly rows: string;
}

/** Saves a model with its monitors' baseline, from the test rows if there are any, else out of fold; returns what it saved. */
export async function saveModel(
  model: TrainedModel,
  { training, test, facets, rows }: TrainedOn,
  out: string,
): Promise<{ readonly artifact: Artifact; readonly trainingRun: TrainingRun }> {
  const { artifact } = model;
  const watched =
    test === undefined
      ? await watchedArtifact(model, training, { facets })
      : withMonitorBaseline(artifact, await monitorBaseline({ artifact, table: test, facets }));
  const saved = { artifact: watched, trainingRun: { ...model.trainingRun, rows } };
  await saveBundle(saved, out);
  return saved;
}
