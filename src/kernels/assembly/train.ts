import { adam, addDecay, correctedRate, correctedScale } from "./adam";
import { hiddenBackward, normaliseAndDrop } from "./hidden";
import { Layer, layerAt, Network, ROW } from "./layout";
import { matmul } from "./matmul";
import { outputBackward, outputForward, sigmoidLoss } from "./output";
import { packRows } from "./pack";
import { transpose } from "./transpose";
import { weightGradient } from "./weight-gradient";

/** Where the layer before `index` puts its output: the batch's features for the first. */
@inline
function inputOf(network: Network, index: i32): usize {
  return index == 0 ? network.x : layerAt(network, index - 1).output;
}

/** Values in a layer's small vectors: bias, and gamma and beta where it is normalised; one after the other. */
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

/** Forward and backward over one batch of the staged rows; leaves the gradients without L2. Returns the sum of losses. */
function pass(network: Network, first: i32, rows: i32, step: u32, dropping: bool, moving: bool): f64 {
  const stride = network.stride;
  const layers = network.layerCount;
  const rowBytes = <usize>network.inputPanels * ROW;
  packRows(network.stagedRows + <usize>first * rowBytes, rowBytes, network.inputPanels, rows, network.x, stride);
  for (let i = 0; i < layers; ++i) {
    const layer = layerAt(network, i);
    const a = inputOf(network, i);
    matmul(a, stride, rows, layer.inputs, layer.kernel, layer.panels, layer.bias, layer.relu, stride);
    normaliseAndDrop(network, layer, i, rows, step, dropping, moving);
  }
  const a = inputOf(network, layers);
  const panels = layers == 0 ? network.inputPanels : layerAt(network, layers - 1).panels;
  const outputs = network.outputs;
  outputForward(a, stride, panels, rows, network.outputKernel, network.outputBias, outputs, network.logits);
  const targets = network.stagedTargets + <usize>(first * outputs) * 4;
  const loss = sigmoidLoss(network.logits, targets, network.stagedWeights + <usize>first * 4, rows, outputs);

  outputBackward(network, a, panels, layers == 0 ? 0 : layerAt(network, layers - 1).delta, rows);
  for (let i = layers - 1; i >= 0; --i) {
    const layer = layerAt(network, i);
    hiddenBackward(network, layer, rows, dropping);
    const gradient = layer.kernel + network.toGradient;
    weightGradient(inputOf(network, i), layer.inputs, layer.delta, layer.panels, stride, rows, gradient);
    if (i > 0) {
      const below = layerAt(network, i - 1);
      transpose(layer.kernel, layer.inputPanels, layer.panels, layer.transposed);
      matmul(layer.delta, stride, rows, layer.units, layer.transposed, below.panels, 0, below.delta, stride);
    }
  }
  return loss;
}

/** Trains on `count` staged rows in batches, the last perhaps smaller. Returns the sum of the rows' losses. */
export function train(at: usize, count: i32, batch: i32, step: u32, learningRate: f64): f64 {
  const network = changetype<Network>(at);
  let loss: f64 = 0;
  for (let first = 0; first < count; first += batch) {
    loss += pass(network, first, min(batch, count - first), step, true, true);
    const rate = correctedRate(network, learningRate, step);
    const scale = correctedScale(network, step);
    for (let i = 0; i < network.layerCount; ++i) {
      const layer = layerAt(network, i);
      adam(network, layer.kernel, kernelCount(layer), layer.decay, rate, scale);
      adam(network, layer.bias, vectorCount(layer), 0, rate, scale);
    }
    adam(network, network.outputKernel, outputCount(network), 0, rate, scale);
    ++step;
  }
  return loss;
}

/** Leaves the gradients of the full loss over the staged rows, as one batch. Changes nothing else. */
export function gradients(at: usize, rows: i32, step: u32, dropping: bool): f64 {
  const network = changetype<Network>(at);
  const loss = pass(network, 0, rows, step, dropping, false);
  for (let i = 0; i < network.layerCount; ++i) {
    const layer = layerAt(network, i);
    addDecay(network, layer.kernel, kernelCount(layer), layer.decay);
  }
  return loss;
}
