import { adam, addDecay, correctedEpsilon, correctedRate } from "./adam";
import { hiddenBackward, hiddenForward } from "./hidden";
import { Layer, layerAt, Network } from "./layout";
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
  return panels * 8 * network.outputs + ((network.outputs + 7) & -8);
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
  gather(data.x, network.inputs, data.order, first, count, network.x, stride);
  for (let i = 0; i < layers; ++i) {
    const layer = layerAt(network, i);
    const a = inputOf(network, i);
    matmul(a, stride, count, layer.inputs, layer.kernel, layer.panels, layer.bias, layer.relu, scratch);
    hiddenForward(network, layer, i, count, step, dropping, moving);
  }
  const a = inputOf(network, layers);
  const panels = layers == 0 ? network.inputPanels : layerAt(network, layers - 1).panels;
  const outputs = network.outputs;
  outputForward(a, stride, panels, count, network.outputKernel, network.outputBias, outputs, network.logits);
  const loss = sigmoidLoss(network.logits, outputs, data.targets, data.weights, data.order, first, count);
  outputBackward(network, a, panels, layers == 0 ? 0 : layerAt(network, layers - 1).delta, count);
  for (let i = layers - 1; i >= 0; --i) {
    const layer = layerAt(network, i);
    hiddenBackward(network, layer, count, dropping);
    const gradient = layer.kernel + network.toGradient;
    weightGradient(inputOf(network, i), layer.inputs, layer.delta, layer.panels, stride, count, gradient);
    if (i > 0) {
      const below = layerAt(network, i - 1);
      transpose(layer.kernel, layer.inputPanels, layer.panels, layer.transposed);
      matmul(layer.delta, stride, count, layer.units, layer.transposed, below.panels, 0, below.delta, scratch);
    }
  }
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
    for (let i = 0; i < network.layerCount; ++i) {
      const layer = layerAt(network, i);
      adam(network, layer.kernel, kernelCount(layer), layer.decay, rate, epsilon);
      adam(network, layer.bias, vectorCount(layer), 0, rate, epsilon);
    }
    adam(network, network.outputKernel, outputCount(network), 0, rate, epsilon);
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
