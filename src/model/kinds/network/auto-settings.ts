import type { ChurnNetworkParameters } from "./learner.js";
import type { FitSettings } from "./fit-network.js";

/** Values of `auto` for a table with few rows. */
const few = { epochs: 60, patience: 12 } as const;
/** With up to this many rows a network needs all those epochs; beyond, the number of steps stays about the same. */
const fewRows = 20_000;
/** Returns whether a training is long enough for shortcuts. */
export const manyRows = (rows: number): boolean => rows > fewRows;
/** Each row is seen at least this many times. */
const leastEpochs = 6;

/** The settings that depend on the number of rows. */
export type SizedSettings = Pick<FitSettings, "batchSize" | "epochs" | "patience" | "schedule">;

/**
 * Replaces `auto` by numbers. A network on many rows trains for fewer epochs with a learning rate that falls along a
 * cosine: about as many steps as on 20,000 rows, so that its time grows slowly with the rows.
 */
export function sizedSettings(parameters: ChurnNetworkParameters, rows: number): SizedSettings {
  const share = Math.min(1, fewRows / rows);
  const epochs =
    parameters.epochs === "auto" ? Math.max(leastEpochs, Math.round(few.epochs * share)) : parameters.epochs;
  const falling = parameters.epochs === "auto" && manyRows(rows);
  return {
    batchSize: parameters.batchSize === "auto" ? (rows < 6000 ? 32 : 64) : parameters.batchSize,
    epochs,
    // With a falling rate the last epochs are the best, so stopping early would discard them.
    patience: parameters.patience === "auto" ? (falling ? epochs : few.patience) : parameters.patience,
    schedule: parameters.schedule === "auto" ? (falling ? "cosine" : "constant") : parameters.schedule,
  };
}
