import { mix32 } from "../../../../base/random.js";
import type { SessionOptions } from "../engine.js";
import type { Kernel } from "../kernel.js";
import type { HiddenLayer, NetworkSpec } from "../spec.js";
import {
  chunk,
  layerFields,
  networkFields,
  padded,
  placeLength,
  structBytes,
  writeStruct,
  type TensorPlace,
} from "./layout.js";

/** A network in training, in the kernel's memory. */
export interface WasmPlan {
  /** Address of the kernel's struct. */
  readonly network: number;
  /** Places of all tensors, in layout order. */
  readonly tensors: readonly TensorPlace[];
  /** Bytes from a trainable tensor to its gradient, and to Adam's first and second moment. */
  readonly toGradient: number;
  readonly toMoment1: number;
  readonly toMoment2: number;
}

/** Bytes of all trainable tensors, one after the other. */
function trainableBytes(spec: NetworkSpec): number {
  const { adapters = 0 } = spec;
  const outputs = spec.outputs * (adapters || 1);
  let width = padded(spec.inputs);
  let floats = width * adapters;
  for (const { units, batchNorm } of spec.hidden) {
    floats += padded(units) * (width + (batchNorm ? 3 : 1));
    width = padded(units);
  }
  return 4 * (floats + width * outputs + padded(outputs));
}

/**
 * Bytes from one panel of activations to the next: an odd number of kilobytes, so that the same rows of many panels
 * don't map to the same sets of the cache.
 */
function panelStride(maxBatch: number): number {
  return (Math.ceil((maxBatch * 32) / 1024) | 1) * 1024;
}

/** Lays out a network and its working memory, and writes the kernel's structs. */
export function planNetwork(kernel: Kernel, spec: NetworkSpec, options: SessionOptions): WasmPlan {
  const { maxBatch, adam } = options;
  const tensors: TensorPlace[] = [];
  // A distance that also keeps the four streams of Adam in different sets of the cache.
  const distance = Math.ceil(trainableBytes(spec) / 4096) * 4096 + 1088;
  let next = kernel.allocate(4 * distance);
  const place = (form: TensorPlace["form"], rows: number, columns: number): number => {
    const tensor = { form, address: next, rows, columns };
    tensors.push(tensor);
    next += 4 * placeLength(tensor);
    return tensor.address;
  };
  const vector = (columns: number): number => kernel.allocate(4 * padded(columns));
  const moving = (columns: number): number => {
    const address = vector(columns);
    tensors.push({ form: "vector", address, rows: 1, columns });
    return address;
  };

  const { adapters = 0 } = spec;
  // Each adapter's copy of the rows, and the rows themselves.
  const stride = panelStride(adapters ? (adapters + 1) * maxBatch : maxBatch);
  const outputs = spec.outputs * (adapters || 1);
  const adapterFactors = adapters ? place("by-output", spec.inputs, adapters) : 0;
  const panels = (units: number): number => kernel.allocate((padded(units) / 8) * stride);
  const layerBytes = structBytes(layerFields);
  const layers = kernel.allocate(spec.hidden.length * layerBytes);
  let width = spec.inputs;
  spec.hidden.forEach((layer, i) => {
    const { units, batchNorm, dropout } = layer;
    const relu = panels(units);
    const values = {
      ...layerConstants(layer, width),
      kernel: place("panels", width, units),
      bias: place("vector", 1, units),
      gamma: batchNorm ? place("vector", 1, units) : 0,
      beta: batchNorm ? place("vector", 1, units) : 0,
      movingMean: batchNorm ? moving(units) : 0,
      movingVariance: batchNorm ? moving(units) : 0,
      mean: vector(units),
      inverseDeviation: vector(units),
      relu,
      output: batchNorm || dropout > 0 ? panels(units) : relu,
      mask: batchNorm || dropout > 0 ? kernel.allocate((padded(units) / 8) * (stride / 4)) : 0,
      delta: panels(units),
      transposed: i > 0 || adapters ? kernel.allocate(4 * padded(width) * padded(units)) : 0,
    };
    writeStruct(kernel, layers + i * layerBytes, layerFields, values);
    width = units;
  });

  const widest = padded(Math.max(spec.inputs, ...spec.hidden.map(({ units }) => units)));
  const network = kernel.allocate(structBytes(networkFields));
  writeStruct(kernel, network, networkFields, {
    layerCount: spec.hidden.length,
    layers,
    stride,
    inputs: spec.inputs,
    inputPanels: padded(spec.inputs) / 8,
    outputs: spec.outputs,
    x: panels(spec.inputs),
    adapters: adapters || 1,
    adapterFactors,
    xDelta: adapters ? panels(spec.inputs) : 0,
    outputKernel: place("by-output", width, outputs),
    outputBias: place("vector", 1, outputs),
    logits: kernel.allocate(4 * outputs * maxBatch),
    scratch: kernel.scratch("scratch", 4 * chunk * widest),
    toGradient: distance,
    toMoment1: 2 * distance,
    toMoment2: 3 * distance,
    seedHash: mix32(options.seed),
    movingRate: 1 - spec.batchNorm.momentum,
    normEpsilon: spec.batchNorm.epsilon,
    adamEpsilon: adam.epsilon,
    weightDecay: adam.weightDecay ?? 0,
    beta1: adam.beta1,
    beta2: adam.beta2,
  });
  return { network, tensors, toGradient: distance, toMoment1: 2 * distance, toMoment2: 3 * distance };
}

/** The words of a layer's struct that depend only on its shape. */
function layerConstants({ units, l2, dropout }: HiddenLayer, inputs: number) {
  return {
    inputs,
    inputPanels: padded(inputs) / 8,
    units,
    panels: padded(units) / 8,
    // A unit is dropped if its hash is below rate * 2^32.
    dropBelow: Math.min(Math.ceil(dropout * 2 ** 32), 2 ** 32 - 1),
    keepScale: 1 / (1 - dropout),
    decay: 2 * l2,
  };
}
