import type { TrainingData } from "../../../src/model/kinds/network/engine.js";
import { dropoutHash } from "../../../src/model/kinds/network/initial-weights.js";
import type { NetworkSpec, NetworkWeights } from "../../../src/model/kinds/network/spec.js";

/**
 * The full training loss of one batch in plain float64 loops, written from its definition: an oracle for gradients (by
 * differences) that shares no code with any engine.
 */
export function referenceLoss(
  spec: NetworkSpec,
  weights: readonly (readonly number[])[],
  data: TrainingData,
  batch: Uint32Array,
  dropout?: { seed: number; step: number },
): number {
  let next = 0;
  const tensor = (): readonly number[] => weights[next++] ?? [];
  const dense = (rows: number[][], units: number): { out: number[][]; kernel: readonly number[] } => {
    const kernel = tensor();
    const bias = tensor();
    const out = rows.map((row) =>
      Array.from({ length: units }, (_, j) =>
        row.reduce((sum, value, i) => sum + value * (kernel[i * units + j] ?? 0), bias[j] ?? 0),
      ),
    );
    return { out, kernel };
  };

  let rows = [...batch].map((row) => [...data.x.subarray(row * spec.inputs, (row + 1) * spec.inputs)]);
  let penalty = 0;
  spec.hidden.forEach((layer, number) => {
    const { out, kernel } = dense(rows, layer.units);
    penalty += layer.l2 * kernel.reduce((sum, value) => sum + value * value, 0);
    rows = out.map((row) => row.map((value) => Math.max(0, value)));
    if (layer.batchNorm) {
      const [gamma, beta] = [tensor(), tensor()];
      next += 2;
      for (let j = 0; j < layer.units; j++) {
        const mean = rows.reduce((sum, row) => sum + (row[j] ?? 0), 0) / rows.length;
        const variance = rows.reduce((sum, row) => sum + ((row[j] ?? 0) - mean) ** 2, 0) / rows.length;
        const scale = (gamma[j] ?? 0) / Math.sqrt(variance + spec.batchNorm.epsilon);
        for (const row of rows) row[j] = ((row[j] ?? 0) - mean) * scale + (beta[j] ?? 0);
      }
    }
    if (dropout === undefined || layer.dropout === 0) return;
    rows = rows.map((row, r) =>
      row.map((value, j) => {
        const share = dropoutHash(dropout.seed, dropout.step, number, r * layer.units + j) / 2 ** 32;
        return share < layer.dropout ? 0 : value / (1 - layer.dropout);
      }),
    );
  });
  const logits = dense(rows, 1).out;
  const total = logits.reduce((sum, [z = 0], r) => {
    const row = batch[r] ?? 0;
    const p = 1 / (1 + Math.exp(-z));
    const y = data.y[row] ?? 0;
    return sum - (data.sampleWeights?.[row] ?? 1) * (y * Math.log(p) + (1 - y) * Math.log(1 - p));
  }, 0);
  return total / batch.length + penalty;
}

/** d loss / d weights[tensor][index], by a central difference. */
export function referenceSlope(
  spec: NetworkSpec,
  weights: NetworkWeights,
  at: { tensor: number; index: number },
  ...rest: [data: TrainingData, batch: Uint32Array, dropout?: { seed: number; step: number }]
): number {
  const shifted = (shift: number): number => {
    const values = weights.map((tensor) => [...tensor]);
    const tensor = values[at.tensor] ?? [];
    tensor[at.index] = (tensor[at.index] ?? 0) + shift;
    return referenceLoss(spec, values, ...rest);
  };
  const shift = 1e-6;
  return (shifted(shift) - shifted(-shift)) / (2 * shift);
}
