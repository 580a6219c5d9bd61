import { ChurnkitError } from "../../../base/errors.js";
import { asArray, asObject, asText, corrupt } from "./format-values.js";
import { specOfTopology } from "./format-topology.js";
import { tensorLayout, type NetworkSpec, type NetworkWeights } from "./spec.js";
import { checkNoAdapters } from "./wasm/checks.js";

const KERAS_VERSION = "tfjs-layers 4.22.0";
const WEIGHTS_FILE = "weights.bin";
const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

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

/** Network and tensor offsets in a `model.json`, in layout order. */
export interface ModelLayout {
  readonly spec: NetworkSpec;
  readonly tensors: readonly StoredTensor[];
  /** Bytes of the weights file. */
  readonly bytes: number;
}

interface StoredTensor {
  /** As the file calls it. */
  readonly name: string;
  readonly shape: readonly number[];
  /** First byte and the one after the last. */
  readonly from: number;
  readonly to: number;
}

/**
 * Reads a TF.js layers model that is a churn network: a Sequential of Dense relu, each optionally followed by
 * BatchNormalization and Dropout, and a final Dense sigmoid. It reads both our own files and TF.js's files of such a
 * model.
 *
 * @param json the parsed `model.json`.
 * @param weights the bytes of its weight files, joined in the order of the manifest's paths.
 * @throws ChurnkitError BUNDLE_CORRUPT naming the layer or tensor, when the model has another shape, or a tensor is
 * missing, of another size or not finite.
 */
export function fromModelJson(json: unknown, weights: Uint8Array): { spec: NetworkSpec; weights: Float32Array[] } {
  const layout = readModelJson(json);
  return { spec: layout.spec, weights: readWeights(layout, weights) };
}

/**
 * Reads the `model.json` alone.
 *
 * @throws ChurnkitError BUNDLE_CORRUPT, as in {@link fromModelJson}.
 */
export function readModelJson(json: unknown): ModelLayout {
  const root = asObject(json, "model.json");
  if (root["format"] !== "layers-model") {
    corrupt(
      'is not a TF.js layers model (its "format" is not "layers-model"). Save it with model.save of tf.layers',
      "format",
    );
  }
  const { spec, tensorNames } = specOfTopology(root["modelTopology"]);
  const { stored, bytes } = storedTensors(root["weightsManifest"]);
  const tensors = tensorLayout(spec).map(({ shape }, i) => {
    const name = tensorNames[i] ?? "";
    const tensor = stored.get(name);
    if (tensor === undefined) corrupt(`has no weights named ${name}`, "weightsManifest");
    stored.delete(name);
    if (tensor.shape.join() !== shape.join()) {
      corrupt(
        `holds ${name} as [${tensor.shape.join(", ")}], its layer needs [${shape.join(", ")}]`,
        "weightsManifest",
      );
    }
    return tensor;
  });
  const [extra] = stored.keys();
  if (extra !== undefined) corrupt(`holds weights named ${extra}, which no layer has`, "weightsManifest");
  return { spec, tensors, bytes };
}

/**
 * The tensors of a weights file, in layout order.
 *
 * @throws ChurnkitError BUNDLE_CORRUPT, as in {@link fromModelJson}.
 */
export function readWeights({ tensors, bytes: size }: ModelLayout, bytes: Uint8Array): Float32Array[] {
  if (size !== bytes.length) {
    corrupt(`describes ${size} bytes of weights, its weights file has ${bytes.length}`, "weightsManifest");
  }
  const all = floatsOf(bytes);
  const every = tensors.map(({ name, from, to }) => ({ name, values: all.subarray(from / 4, to / 4) }));
  // The engine's own search and sort are fast from the first call on; loops would dominate a cold start.
  const suspect = [NaN, Infinity, -Infinity].some((value) => all.includes(value));
  for (const { name, values } of every) checkValues(name, values, suspect);
  return every.map(({ values }) => values);
}

function storedTensors(manifest: unknown): { stored: Map<string, StoredTensor>; bytes: number } {
  const stored = new Map<string, StoredTensor>();
  let at = 0;
  for (const group of asArray(manifest, "weightsManifest")) {
    for (const entry of asArray(asObject(group, "weightsManifest")["weights"], "weightsManifest.weights")) {
      const { name: rawName, shape: rawShape, dtype, quantization } = asObject(entry, "weightsManifest.weights");
      const name = asText(rawName, "weightsManifest.weights.name");
      if (dtype !== "float32" || quantization !== undefined)
        corrupt(`holds ${name} in a format other than plain float32`, name);
      if (stored.has(name)) corrupt(`names the weights ${name} twice`, name);
      const shape = asArray(rawShape, name).map((size) =>
        typeof size === "number" && Number.isSafeInteger(size) && size >= 0
          ? size
          : corrupt(`gives ${name} an invalid shape`, name),
      );
      const from = at;
      at += 4 * shape.reduce((a, b) => a * b, 1);
      stored.set(name, { name, shape, from, to: at });
    }
  }
  return { stored, bytes: at };
}

/** Copies little-endian float32 bytes into a new array. On a little-endian machine it copies them at once. */
function floatsOf(bytes: Uint8Array): Float32Array {
  if (isLittleEndian) return new Float32Array(new Uint8Array(bytes).buffer);
  const values = new Float32Array(bytes.length / 4);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(4 * i, true);
  return values;
}

function checkValues(name: string, values: Float32Array, suspect: boolean): void {
  const least = name.endsWith("/moving_variance") ? 0 : -Infinity;
  const isWrong = (value: number): boolean => !Number.isFinite(value) || value < least;
  const negative = least === 0 && (values.slice().sort()[0] ?? 0) < 0;
  const i = suspect || negative ? values.findIndex(isWrong) : -1;
  if (i < 0) return;
  const value = values[i];
  const message = `The network's weights are broken: ${name}[${i}] is ${value}. Train or export the model again.`;
  throw new ChurnkitError("BUNDLE_CORRUPT", message, { where: { path: name, value } });
}
