import { adam, addDecay, correctedEpsilon, correctedRate } from "./adam";
import { adaptBackward, adaptForward } from "./adapters";
import { hiddenBackward, hiddenForward } from "./hidden";
import { Layer, layerAt, Network, ROW } from "./layout";
import { matmul } from "./matmul";
import { outputBackward, outputForward, sigmoidLoss } from "./output";
import { gather } from "./rows";
import { transpose } from "./transpose";
import { weightGradient } from "./weight-gradient";

/** Where the layer before `index` puts its output: the batch's features for the first. */
@inline
function inputOf(network: Network, index: i32): usize {
  return index == 0 ? network.x : layerAt(network, index - 1).output;
}

/** Values in a layer's small vectors: bias, and gamma and beta where it is normalized; one after the other. */
@inline
function vectorCount(layer: Layer): i32 {
  return layer.panels * (layer.gamma != 0 ? 24 : 8);
}

@inline
function kernelCount(layer: Layer): i32 {
  return layer.inputPanels * layer.panels * 64;
}

/** Values in the output layer: its kernel, then its biases, padded. */
@inline
function outputCount(network: Network): i32 {
  const last = network.layerCount - 1;
  const panels = last < 0 ? network.inputPanels : layerAt(network, last).panels;
  const outputs = network.outputs * network.adapters;
  return panels * 8 * outputs + ((outputs + 7) & -8);
}

/** A data set: rows of features and targets without padding, row weights (0: all 1). */
@unmanaged
class Data {
  x: usize;
  targets: usize;
  weights: usize;
  order: usize;
}

/**
 * Forward and backward over one batch, `count` rows from position `first` of the data's order. Leaves the gradients
 * without L2. Returns the sum of losses.
 */
function pass(
  network: Network, data: Data, first: i32, count: i32, step: u32, dropping: bool, moving: bool,
): f64 {
  const stride = network.stride;
  const scratch = network.scratch;
  const layers = network.layerCount;
  const adapters = network.adapters;
  const adapted = network.adapterFactors != 0;
  const rows = adapters * count;
  const unscaled = adapted ? network.x + <usize>rows * ROW : network.x;
  gather(data.x, network.inputs, data.order, first, count, unscaled, stride);
  if (adapted) adaptForward(network, count);
  for (let i = 0; i < layers; ++i) {
    const layer = layerAt(network, i);
    const a = inputOf(network, i);
    matmul(a, stride, rows, layer.inputs, layer.kernel, layer.panels, layer.bias, layer.relu, scratch);
    hiddenForward(network, layer, i, rows, step, dropping, moving);
  }
  const a = inputOf(network, layers);
  const panels = layers == 0 ? network.inputPanels : layerAt(network, layers - 1).panels;
  const outputs = network.outputs;
  const delta = layers == 0 ? 0 : layerAt(network, layers - 1).delta;
  let loss: f64 = 0;
  for (let adapter = 0; adapter < adapters; ++adapter) {
    const offset = <usize>(adapter * count) * ROW;
    const kernel = network.outputKernel + <usize>(adapter * outputs * panels) * ROW;
    const bias = network.outputBias + ((<usize>(adapter * outputs)) << 2);
    const logits = network.logits + ((<usize>(adapter * count * outputs)) << 2);
    outputForward(a + offset, stride, panels, count, kernel, bias, outputs, logits);
    loss += sigmoidLoss(logits, outputs, adapters, data.targets, data.weights, data.order, first, count);
    outputBackward(network, a + offset, panels, kernel, bias, logits, delta == 0 ? 0 : delta + offset, count);
  }
  for (let i = layers - 1; i >= 0; --i) {
    const layer = layerAt(network, i);
    hiddenBackward(network, layer, rows, dropping);
    const gradient = layer.kernel + network.toGradient;
    weightGradient(inputOf(network, i), layer.inputs, layer.delta, layer.panels, stride, rows, gradient);
    if (i > 0 || adapted) {
      const below = i > 0 ? layerAt(network, i - 1).delta : network.xDelta;
      transpose(layer.kernel, layer.inputPanels, layer.panels, layer.transposed);
      matmul(layer.delta, stride, rows, layer.units, layer.transposed, layer.inputPanels, 0, below, scratch);
    }
  }
  if (adapted) adaptBackward(network, count);
  return loss;
}

/** Trains on `count` rows in batches, the last perhaps smaller. Returns the sum of the rows' losses. */
export function train(at: usize, from: usize, count: i32, batch: i32, step: u32, learningRate: f64): f64 {
  const network = changetype<Network>(at);
  const data = changetype<Data>(from);
  let loss: f64 = 0;
  for (let first = 0; first < count; first += batch) {
    loss += pass(network, data, first, min(batch, count - first), step, true, true);
    const rate = correctedRate(network, learningRate, step);
    const epsilon = correctedEpsilon(network, step);
    const keep = <f32>(1.0 - learningRate * <f64>network.weightDecay);
    for (let i = 0; i < network.layerCount; ++i) {
      const layer = layerAt(network, i);
      adam(network, layer.kernel, kernelCount(layer), layer.decay, keep, rate, epsilon);
      adam(network, layer.bias, vectorCount(layer), 0, 1, rate, epsilon);
    }
    adam(network, network.outputKernel, outputCount(network), 0, 1, rate, epsilon);
    if (network.adapterFactors != 0) {
      adam(network, network.adapterFactors, network.adapters * network.inputPanels * 8, 0, 1, rate, epsilon);
    }
    ++step;
  }
  return loss;
}

/** Leaves the gradients of the full loss over `count` rows, as one batch. Changes nothing else. */
export function gradients(at: usize, from: usize, count: i32, step: u32, dropping: bool): void {
  const network = changetype<Network>(at);
  pass(network, changetype<Data>(from), 0, count, step, dropping, false);
  for (let i = 0; i < network.layerCount; ++i) {
    const layer = layerAt(network, i);
    addDecay(network, layer.kernel, kernelCount(layer), layer.decay);
  }
}
