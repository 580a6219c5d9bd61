import { asArray, asNumber, asObject, asText, corrupt } from "./format-values.js";
import type { HiddenLayer, NetworkSpec } from "./spec.js";

/** Far above any churn network; they bound the memory that a hostile file can make us allocate. */
const MAX_LAYERS = 200;
const MAX_WIDTH = 65_536;

interface Layer {
  readonly kind: string;
  readonly name: string;
  readonly config: Record<string, unknown>;
}

/** A valid layer of the format that a churn network cannot have. */
const refuse = ({ kind, name }: Layer, why: string): never =>
  corrupt(
    `has a layer ${name} (${kind}) that ${why}. The loader reads Dense layers with relu, each optionally followed by ` +
      "BatchNormalization and then Dropout, and a last Dense layer with sigmoid",
    name,
  );

/**
 * The network that a `modelTopology` describes, and the names of its tensors in the file, in layout order.
 *
 * @throws ChurnkitError BUNDLE_CORRUPT naming the layer that a churn network cannot have.
 */
export function specOfTopology(topology: unknown): { spec: NetworkSpec; tensorNames: string[] } {
  const layers = layersOf(topology);
  const inputs = inputWidth(layers);
  if (layers[0]?.kind === "InputLayer") layers.shift();
  const output = layers.pop();
  if (output?.kind !== "Dense") return corrupt("does not end in a Dense layer with sigmoid", "modelTopology");
  const { units: outputs, l2 } = denseSettings(output, "sigmoid");
  if (l2 !== 0) refuse(output, "has a kernel regularizer");

  const hidden: HiddenLayer[] = [];
  const tensorNames: string[] = [];
  let batchNorm: NetworkSpec["batchNorm"] | undefined;
  for (let next = layers.shift(); next !== undefined; next = layers.shift()) {
    if (next.kind !== "Dense") refuse(next, "is in an unexpected place");
    const { units, l2: penalty } = denseSettings(next, "relu");
    tensorNames.push(`${next.name}/kernel`, `${next.name}/bias`);
    const normalized = layers[0]?.kind === "BatchNormalization" ? layers.shift() : undefined;
    if (normalized !== undefined) {
      const settings = batchNormSettings(normalized);
      if (
        batchNorm !== undefined &&
        (batchNorm.momentum !== settings.momentum || batchNorm.epsilon !== settings.epsilon)
      ) {
        refuse(normalized, "has a different momentum or epsilon than the one before");
      }
      batchNorm = settings;
      for (const part of ["gamma", "beta", "moving_mean", "moving_variance"])
        tensorNames.push(`${normalized.name}/${part}`);
    }
    const dropped = layers[0]?.kind === "Dropout" ? layers.shift() : undefined;
    hidden.push({
      units,
      l2: penalty,
      batchNorm: normalized !== undefined,
      dropout: dropped === undefined ? 0 : rate(dropped),
    });
  }
  tensorNames.push(`${output.name}/kernel`, `${output.name}/bias`);
  return { spec: { inputs, hidden, outputs, batchNorm: batchNorm ?? { momentum: 0.99, epsilon: 0.001 } }, tensorNames };
}

function layersOf(topology: unknown): Layer[] {
  const { class_name: className, config } = asObject(topology, "modelTopology");
  if (className !== "Sequential") corrupt("is not a Sequential model", "modelTopology.class_name");
  const layers = asArray(asObject(config, "modelTopology.config")["layers"], "modelTopology.config.layers");
  if (layers.length > MAX_LAYERS)
    corrupt(`has ${layers.length} layers, more than ${MAX_LAYERS}`, "modelTopology.config.layers");
  const names = new Set<string>();
  return layers.map((entry, i) => {
    const path = `modelTopology.config.layers[${i}]`;
    const { class_name: kind, config: raw } = asObject(entry, path);
    const layerConfig = asObject(raw, `${path}.config`);
    const name = asText(layerConfig["name"], `${path}.config.name`);
    if (names.has(name)) corrupt(`has two layers named ${name}`, path);
    names.add(name);
    return { kind: asText(kind, `${path}.class_name`), name, config: layerConfig };
  });
}

function inputWidth(layers: readonly Layer[]): number {
  const shape = layers[0]?.config["batch_input_shape"];
  if (!Array.isArray(shape) || shape.length !== 2)
    corrupt("has no batch_input_shape [null, inputs] in its first layer", "modelTopology");
  return asNumber(shape[1], "batch_input_shape[1]", { min: 1, max: MAX_WIDTH, integer: true });
}

function denseSettings(layer: Layer, activation: "relu" | "sigmoid"): { units: number; l2: number } {
  const { config } = layer;
  const units = asNumber(config["units"], `${layer.name}.units`, { min: 1, max: MAX_WIDTH, integer: true });
  if (config["activation"] !== activation)
    refuse(layer, `has the activation ${JSON.stringify(config["activation"]) ?? "none"}, not ${activation}`);
  if (config["use_bias"] === false) refuse(layer, "has no bias");
  for (const key of ["bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint"]) {
    if ((config[key] ?? null) !== null) refuse(layer, `has a ${key}`);
  }
  return { units, l2: l2Of(layer) };
}

function l2Of(layer: Layer): number {
  const regularizer = layer.config["kernel_regularizer"] ?? null;
  if (regularizer === null) return 0;
  const path = `${layer.name}.kernel_regularizer`;
  const { class_name: kind, config } = asObject(regularizer, path);
  const { l1 = 0, l2 = 0 } = asObject(config, path);
  if ((kind !== "L1L2" && kind !== "L2") || l1 !== 0) refuse(layer, "has a kernel regularizer other than L2");
  return asNumber(l2, path, { min: 0, max: 1e6 });
}

function batchNormSettings(layer: Layer): NetworkSpec["batchNorm"] {
  const { config } = layer;
  const [axis] = Array.isArray(config["axis"]) ? (config["axis"] as unknown[]) : [config["axis"] ?? -1];
  if (axis !== -1 && axis !== 1) refuse(layer, "normalizes along an axis other than the units");
  if (config["center"] === false || config["scale"] === false) refuse(layer, "has no gamma or no beta");
  for (const key of ["beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint"]) {
    if ((config[key] ?? null) !== null) refuse(layer, `has a ${key}`);
  }
  return {
    momentum: asNumber(config["momentum"] ?? 0.99, `${layer.name}.momentum`, { min: 0, max: 1 }),
    epsilon: asNumber(config["epsilon"] ?? 0.001, `${layer.name}.epsilon`, { min: 1e-12, max: 1 }),
  };
}

/** A dropout rate; 1 would drop every unit. */
function rate(layer: Layer): number {
  if ((layer.config["noise_shape"] ?? null) !== null) refuse(layer, "has a noise_shape");
  return asNumber(layer.config["rate"], `${layer.name}.rate`, { min: 0, max: 0.999999 });
}
