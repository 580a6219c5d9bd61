/*
 * Memory layout. A matrix of rows x units is kept as panels of 8 units: panel p has units 8p..8p+7 of every row, 32
 * bytes a row, so that four rows by eight units are one run of 128 bytes. Kernels [inputs, units] are kept the same
 * way: panel p has 8 output units for every input. Units are padded to a multiple of 8 with zeros that stay zero.
 * src/model/kinds/network/wasm/layout.ts writes the words of both structs, in this order.
 */

/** Bytes of one row of a panel. */
export const ROW: usize = 32;

/** Rows worked on together, so that their activations stay in the first-level cache. */
export const CHUNK: i32 = 32;

/** One hidden layer; pointers are byte addresses, 0 where the part is absent. */
@unmanaged
export class Layer {
  inputs: i32;
  inputPanels: i32;
  units: i32;
  panels: i32;
  /** Trainable parameters: kernel, bias, gamma, beta, one after the other. */
  kernel: usize;
  bias: usize;
  gamma: usize;
  beta: usize;
  movingMean: usize;
  movingVariance: usize;
  /** Statistics of the current batch: mean, and 1 / sqrt(variance + epsilon). */
  mean: usize;
  inverseDeviation: usize;
  /** Outputs of relu, and of the whole layer (the same place if relu is the last step). */
  relu: usize;
  output: usize;
  /** For each unit a byte of ones, or of zeros if dropout drops it: panels of 8 bytes a row. */
  mask: usize;
  /** Gradient of the loss by this layer's output, then by its pre-activation. */
  delta: usize;
  /** The kernel's transpose, for the backward pass; 0 for the first layer. */
  transposed: usize;
  dropBelow: u32;
  keepScale: f32;
  /** Twice the L2 penalty. */
  decay: f32;
}

/** A network in training. */
@unmanaged
export class Network {
  beta1: f64;
  beta2: f64;
  layerCount: i32;
  layers: usize;
  /** Bytes from one panel of activations to the next. */
  stride: usize;
  inputs: i32;
  inputPanels: i32;
  outputs: i32;
  /** The current batch's features as panels. */
  x: usize;
  /** How often the network reads a row: once for each adapter, and once without adapters. */
  adapters: i32;
  /** Factors of each adapter, padded like a row; 0 without adapters. */
  adapterFactors: usize;
  /** Gradient of the loss by the scaled features; 0 without adapters. */
  xDelta: usize;
  /** The output layer: one row of padded inputs for each output unit (of each adapter), then the biases. */
  outputKernel: usize;
  outputBias: usize;
  logits: usize;
  /** CHUNK rows of the widest layer or input. */
  scratch: usize;
  /** Bytes from a parameter to its gradient and to its moments. */
  toGradient: usize;
  toMoment1: usize;
  toMoment2: usize;
  /** mix32 of the seed. */
  seedHash: u32;
  /** 1 - momentum of the moving statistics. */
  movingRate: f32;
  normEpsilon: f32;
  adamEpsilon: f32;
  /** Share of a hidden layer's kernel that a step of learning rate 1 takes away (AdamW). */
  weightDecay: f32;
}

/** The layer at an index of the network's table. */
@inline
export function layerAt(network: Network, index: i32): Layer {
  return changetype<Layer>(network.layers + <usize>index * offsetof<Layer>());
}
