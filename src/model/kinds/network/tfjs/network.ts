import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { Rank, Scalar, Tensor2D, Variable } from "@tensorflow/tfjs-core";
import { toModelJson, toWeightsBin } from "../layers-model.js";
import { dropoutHash } from "../initial-weights.js";
import type { NetworkSpec, NetworkWeights } from "../spec.js";
import type { Batch } from "./batch.js";
import type { Tf } from "./module.js";

/** A network in TF.js: its layers, and its variables in layout order. */
export interface TfNetwork {
  readonly model: LayersModel;
  readonly variables: readonly Variable[];
}

/** Makes the layers from the network's own file format, so that TF.js and the files can't mean different networks. */
export async function createNetwork(tf: Tf, spec: NetworkSpec, weights: NetworkWeights): Promise<TfNetwork> {
  const { modelTopology, weightsManifest } = toModelJson(spec);
  const bytes = toWeightsBin(weights);
  const model = await tf.loadLayersModel(
    tf.io.fromMemory({
      modelTopology,
      weightSpecs: weightsManifest.flatMap((group) =>
        group.weights.map((entry) => ({ ...entry, shape: [...entry.shape] })),
      ),
      weightData: bytes.buffer as ArrayBuffer,
    }),
  );
  return {
    model,
    variables: model.layers.flatMap((layer) => layer.weights.map((weight) => weight.read() as Variable)),
  };
}

/**
 * The logits of a batch. In training, batch normalization uses the batch's own statistics and moves its averages, and
 * the Dropout layer of hidden layer `i` multiplies by `masks[i]`; without a mask it passes its input on.
 */
export function forward(
  tf: Tf,
  network: TfNetwork,
  x: Tensor2D,
  training?: { masks: readonly (Tensor2D | undefined)[] },
): Tensor2D {
  let values = x;
  let hidden = -1;
  for (const layer of network.model.layers.slice(0, -1)) {
    const kind = layer.getClassName();
    if (kind === "Dense") hidden++;
    if (kind !== "Dropout") values = layer.apply(values, { training: training !== undefined }) as Tensor2D;
    else {
      const mask = training?.masks[hidden];
      if (mask !== undefined) values = tf.mul(values, mask);
    }
  }
  // Not through the output layer, whose sigmoid would lose the logits of certain answers.
  const [kernel, bias] = network.variables.slice(-2) as [Variable<Rank.R2>, Variable<Rank.R1>];
  return tf.add(tf.matMul(values, kernel), bias);
}

/** The masks of one step: 0 for a dropped unit, 1 / (1 - rate) for a kept one, in the order of {@link dropoutHash}. */
export function dropoutMasks(
  tf: Tf,
  spec: NetworkSpec,
  rows: number,
  seed: number,
  step: number,
): (Tensor2D | undefined)[] {
  return spec.hidden.map(({ units, dropout }, layer) => {
    if (dropout <= 0) return undefined;
    const values = new Float32Array(rows * units);
    const kept = 1 / (1 - dropout);
    const dropBelow = dropout * 2 ** 32;
    for (let i = 0; i < values.length; i++) values[i] = dropoutHash(seed, step, layer, i) < dropBelow ? 0 : kept;
    return tf.tensor2d(values, [rows, units]);
  });
}

/** `sum(w * bce) / rows` on logits, bce the mean over the outputs: `softplus(z) - z * y` cannot overflow. */
export function batchLoss(tf: Tf, logits: Tensor2D, { y, weights }: Batch): Scalar {
  const losses = tf.mean(tf.sub(tf.softplus(logits), tf.mul(logits, y)), 1);
  return tf.mean(weights === undefined ? losses : tf.mul(losses, weights));
}

/** `sum(l2 * w^2)` over the kernels with a penalty; undefined without any. */
export function l2Penalty(tf: Tf, spec: NetworkSpec, { model }: TfNetwork): Scalar | undefined {
  const kernels = model.layers.filter((layer) => layer.getClassName() === "Dense").map((layer) => layer.weights[0]);
  const penalties = spec.hidden.flatMap(({ l2 }, i) => {
    const kernel = kernels[i];
    return l2 > 0 && kernel !== undefined ? [tf.mul<Scalar>(tf.sum(tf.square(kernel.read())), l2)] : [];
  });
  return penalties.length === 0 ? undefined : tf.addN(penalties);
}
