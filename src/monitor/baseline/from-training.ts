import { takeRows, type Table } from "../../data/table/index.js";
import type { Artifact } from "../../model/artifact.js";
import type { TrainedModel } from "../../model/training/index.js";
import { monitorBaseline, type MonitorBaselineInput } from "./baseline.js";
import { withMonitorBaseline } from "./parse-baseline.js";

/** Options for a trained model's baseline. */
export type TrainedBaselineOptions = Omit<MonitorBaselineInput, "artifact" | "table" | "probabilities" | "groups">;

/**
 * Returns the bundle of a newly trained model, with the baseline of all four monitors in it. No rows need to be kept
 * aside: the baseline uses the rows that the model's parts had not seen (`heldOutScores`).
 *
 * @param table the table passed to `train`: its validation rows or, without them, its training rows.
 * @throws ChurnkitError with the codes of `monitorBaseline`.
 *
 * @example
 * ```ts
 * import { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } from "churnkit/data";
 * import { monitorBaselineOf, watchedArtifact } from "churnkit/monitor";
 * import { logistic, train } from "churnkit/model";
 *
 * const table = tableFromRecords(syntheticContract, syntheticCustomers({ rows: 500, seed: 1 }).records);
 * const model = await train(defineFeatures(syntheticContract), table, { learner: logistic() });
 * const artifact = await watchedArtifact(model, table, { facets: [{ column: "gender" }] });
 * console.assert(monitorBaselineOf(artifact).quality.calibration !== null);
 * ```
 */
export async function watchedArtifact(
  { artifact, heldOutScores }: Pick<TrainedModel, "artifact" | "heldOutScores">,
  table: Table,
  options: TrainedBaselineOptions = {},
): Promise<Artifact> {
  const { rows, probabilities } = heldOutScores;
  return withMonitorBaseline(
    artifact,
    await monitorBaseline({ ...options, artifact, table: takeRows(table, rows), probabilities, groups: rows }),
  );
}
