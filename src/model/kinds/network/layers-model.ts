import { tensorLayout, type NetworkSpec, type NetworkWeights } from "./spec.js";
import { checkNoAdapters } from "./wasm/checks.js";

const KERAS_VERSION = "tfjs-layers 4.22.0";
const WEIGHTS_FILE = "weights.bin";

/** A `model.json` of TF.js's layers-model format: the layers, and the location of each tensor in the weights file. */
export interface LayersModelJson {
  readonly format: "layers-model";
  readonly generatedBy: string;
  readonly convertedBy: null;
  readonly modelTopology: Readonly<Record<string, unknown>>;
  readonly weightsManifest: readonly {
    readonly paths: readonly string[];
    readonly weights: readonly {
      readonly name: string;
      readonly shape: readonly number[];
      readonly dtype: "float32";
    }[];
  }[];
}

const initializer = (className: string, config: object = {}): object => ({ class_name: className, config });
const glorotUniform = initializer("VarianceScaling", {
  scale: 1,
  mode: "fan_avg",
  distribution: "uniform",
  seed: null,
});
const zeros = initializer("Zeros");
const ones = initializer("Ones");

const dense = (name: string, units: number, activation: "relu" | "sigmoid", l2: number, inputs?: number): object => ({
  class_name: "Dense",
  config: {
    ...(inputs === undefined ? {} : { batch_input_shape: [null, inputs], dtype: "float32" }),
    units,
    activation,
    use_bias: true,
    kernel_initializer: glorotUniform,
    bias_initializer: zeros,
    kernel_regularizer: l2 > 0 ? { class_name: "L1L2", config: { l1: 0, l2 } } : null,
    bias_regularizer: null,
    activity_regularizer: null,
    kernel_constraint: null,
    bias_constraint: null,
    name,
    trainable: true,
  },
});

const batchNormalization = (name: string, { momentum, epsilon }: NetworkSpec["batchNorm"]): object => ({
  class_name: "BatchNormalization",
  config: {
    axis: -1,
    momentum,
    epsilon,
    center: true,
    scale: true,
    beta_initializer: zeros,
    gamma_initializer: ones,
    moving_mean_initializer: zeros,
    moving_variance_initializer: ones,
    beta_regularizer: null,
    gamma_regularizer: null,
    beta_constraint: null,
    gamma_constraint: null,
    name,
    trainable: true,
  },
});

const dropout = (name: string, rate: number): object => ({
  class_name: "Dropout",
  config: { rate, noise_shape: null, seed: null, name, trainable: true },
});

/**
 * Returns the network as a TF.js layers model. `tf.loadLayersModel` reads it together with {@link toWeightsBin}'s
 * bytes as `weights.bin`, predicts the same, and can continue training it.
 *
 * @throws ChurnkitError OPTION_INVALID for a network with adapters.
 */
export function toModelJson(spec: NetworkSpec): LayersModelJson {
  checkNoAdapters(spec, "A TF.js layers model");
  const first = (i: number): number | undefined => (i === 0 ? spec.inputs : undefined);
  const layers = spec.hidden.flatMap((layer, i) => [
    dense(`dense_${i}`, layer.units, "relu", layer.l2, first(i)),
    ...(layer.batchNorm ? [batchNormalization(`batch_normalization_${i}`, spec.batchNorm)] : []),
    ...(layer.dropout > 0 ? [dropout(`dropout_${i}`, layer.dropout)] : []),
  ]);
  layers.push(dense("output", spec.outputs, "sigmoid", 0, first(spec.hidden.length)));
  return {
    format: "layers-model",
    generatedBy: "churnkit",
    convertedBy: null,
    modelTopology: {
      class_name: "Sequential",
      config: { name: "network", layers },
      keras_version: KERAS_VERSION,
      backend: "tensor_flow.js",
    },
    weightsManifest: [
      {
        paths: [WEIGHTS_FILE],
        weights: tensorLayout(spec).map(({ name, shape }) => ({ name, shape, dtype: "float32" })),
      },
    ],
  };
}

/** The weights, in layout order, as the little-endian float32 bytes of a TF.js `weights.bin`. */
export function toWeightsBin(weights: NetworkWeights): Uint8Array {
  const bytes = new Uint8Array(weights.reduce((total, tensor) => total + 4 * tensor.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const tensor of weights)
    for (let i = 0; i < tensor.length; i++) {
      view.setFloat32(at, tensor[i] as number, true);
      at += 4;
    }
  return bytes;
}
