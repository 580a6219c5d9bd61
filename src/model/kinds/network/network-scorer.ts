import { ChurnkitError } from "../../../base/errors.js";
import type { Kernel } from "./kernel.js";
import type { NetworkSpec, NetworkWeights } from "./spec.js";
import { checkNoAdapters, checkSpec, checkWeights } from "./wasm/checks.js";
import { denseLayers } from "./wasm/fold.js";
import {
  chunk,
  padded,
  placeLength,
  scoreLayerFields,
  scoreNetworkFields,
  structBytes,
  writeStruct,
  type TensorPlace,
} from "./wasm/layout.js";
import { placeDense, stagingFor } from "./wasm/place.js";

/** A network that scores rows of features, in inference mode (no dropout, moving statistics). */
export interface NetworkScorer {
  readonly inputs: number;
  readonly outputs: number;
  /** Number of rows in {@link NetworkScorer.input}. */
  readonly capacity: number;
  /**
   * The kernel's own input memory, `capacity` x `inputs`: rows written here and scored from here aren't copied. All
   * scorers of one kernel with the same number of inputs share it. Read it again before each use, because growing
   * memory replaces it.
   */
  readonly input: Float32Array;
  /**
   * Logits of `rows` rows (row-major, `inputs` values each), rows x `outputs`. A row has the same bits alone as among
   * others. Features that are not finite give logits that are not finite.
   *
   * @param out target array; a new one by default.
   * @throws ChurnkitError `OPTION_INVALID` when `x` or `out` is too short.
   */
  score(x: Float32Array, rows: number, out?: Float32Array): Float32Array;
  /**
   * The same for the rows, `capacity` at most, that another scorer of the same kernel and number of inputs has just scored:
   * what the two have in common is not done again. Both have a hidden layer.
   */
  scoreAgain(rows: number, out: Float32Array): void;
  /** Replaces the weights. */
  setWeights(weights: NetworkWeights): void;
}

/** Rows in the shared input: enough to make calls cheap, few enough to stay in the cache. */
const capacity = 256;

/**
 * Puts a network into a kernel's memory, batch normalization folded into the dense layers, ready to score. Several
 * scorers may share one kernel.
 *
 * @throws ChurnkitError `OPTION_INVALID` when the network or its weights are invalid.
 */
export function createNetworkScorer(spec: NetworkSpec, weights: NetworkWeights, kernel: Kernel): NetworkScorer {
  checkSpec(spec);
  checkNoAdapters(spec, "A network scorer");
  const { inputs, outputs, hidden } = spec;
  const places: TensorPlace[] = [];
  const place = (form: TensorPlace["form"], rows: number, columns: number): number => {
    const tensor = { form, address: 0, rows, columns };
    const address = kernel.allocate(4 * placeLength(tensor));
    places.push({ ...tensor, address });
    return address;
  };

  const layerBytes = structBytes(scoreLayerFields);
  const layers = kernel.allocate(layerBytes * hidden.length);
  let width = inputs;
  hidden.forEach(({ units }, i) => {
    writeStruct(kernel, layers + i * layerBytes, scoreLayerFields, {
      inputs: width,
      panels: padded(units) / 8,
      kernel: place("panels", width, units),
      bias: place("vector", 1, units),
    });
    width = units;
  });
  const widest = Math.max(inputs, ...hidden.map(({ units }) => units));
  const network = kernel.allocate(structBytes(scoreNetworkFields));
  const fields = {
    layerCount: hidden.length,
    layers,
    inputs,
    outputs,
    outputKernel: place("by-output", width, outputs),
    outputBias: place("vector", 1, outputs),
    front: kernel.scratch("front", 4 * chunk * padded(widest)),
    back: kernel.scratch("back", 4 * chunk * padded(widest)),
    scratch: kernel.scratch("scratch", 4 * chunk * padded(widest)),
    features: kernel.scratch(`features ${inputs}`, 8 * (inputs + 5)),
  };
  const x = kernel.scratch(`input ${inputs}`, 4 * capacity * inputs + 32);
  const logits = kernel.scratch("logits", 4 * capacity * outputs);

  const { memory, score: run } = kernel.exports;
  let input = kernel.floats(x, capacity * inputs);
  let output = kernel.floats(logits, capacity * outputs);
  const refresh = (): void => {
    if (input.buffer === memory.buffer) return;
    input = kernel.floats(x, capacity * inputs);
    output = kernel.floats(logits, capacity * outputs);
  };

  const setWeights = (values: NetworkWeights): void => {
    checkWeights(spec, values);
    const dense = denseLayers(spec, values);
    const staging = stagingFor(kernel, dense);
    dense.forEach((layer, i) => {
      placeDense(kernel, staging, layer, places[2 * i] as TensorPlace, places[2 * i + 1] as TensorPlace);
    });
    const kernels = places.filter(({ form }) => form === "panels");
    const finite = kernels.every((one) => kernel.exports.areFinite(one.address, placeLength(one)) === 1);
    writeStruct(kernel, network, scoreNetworkFields, { ...fields, finite: Number(finite) });
  };
  setWeights(weights);

  const runInto = (count: number, again: number, out: Float32Array, to: number): void => {
    run(network, x, count, logits, again);
    for (let i = 0; i < count * outputs; i++) out[to + i] = output[i] as number;
  };

  return {
    inputs,
    outputs,
    capacity,
    get input() {
      refresh();
      return input;
    },
    score(values, rows, given) {
      refresh();
      const room = given?.length ?? Infinity;
      if (!Number.isInteger(rows) || rows < 0 || values.length < rows * inputs || room < rows * outputs) {
        throw new ChurnkitError(
          "OPTION_INVALID",
          `Scoring ${rows} rows of ${inputs} features needs a whole number of rows, ${rows * inputs} values and room for ` +
            `${rows * outputs} logits; there are ${values.length} values and room for ${room}.`,
        );
      }
      const out = given ?? new Float32Array(rows * outputs);
      const inPlace = values.buffer === memory.buffer && values.byteOffset === x;
      for (let first = 0; first < rows; first += capacity) {
        const count = Math.min(capacity, rows - first);
        if (!inPlace) copy(values, first * inputs, input, count * inputs, count > 1);
        runInto(count, 0, out, first * outputs);
      }
      return out;
    },
    scoreAgain(rows, out) {
      refresh();
      runInto(rows, 1, out, 0);
    },
    setWeights,
  };
}

/** For one row a plain loop is faster than making a view to pass to `set`. */
function copy(from: Float32Array, start: number, to: Float32Array, count: number, many: boolean): void {
  if (many) to.set(from.subarray(start, start + count));
  else for (let i = 0; i < count; i++) to[i] = from[start + i] as number;
}
