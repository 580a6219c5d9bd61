import { ChurnkitError } from "../../../base/errors.js";
import { asArray, asObject, asText, corrupt } from "./format-values.js";
import { specOfTopology } from "./format-topology.js";
import { tensorLayout, type NetworkSpec } from "./spec.js";

const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

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
