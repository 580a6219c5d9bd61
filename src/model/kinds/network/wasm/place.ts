import type { Kernel } from "../kernel.js";
import type { DenseLayer } from "./fold.js";
import { padded, type TensorPlace } from "./layout.js";

/** Memory where layers wait, one after the other, for the kernel to place them. */
interface Staging {
  readonly scale: number;
  readonly shift: number;
  readonly kernel: number;
  readonly bias: number;
}

/** Memory for the largest of some layers. May detach views made before. */
export function stagingFor(
  kernel: Kernel,
  sizes: readonly { readonly inputs: number; readonly units: number }[],
): Staging {
  const widest = Math.max(...sizes.map(({ inputs, units }) => Math.max(inputs, units)));
  const largest = Math.max(...sizes.map(({ inputs, units }) => inputs * units));
  return {
    scale: kernel.scratch("scale", 8 * widest),
    shift: kernel.scratch("shift", 8 * widest),
    kernel: kernel.scratch("dense kernel", 4 * largest),
    bias: kernel.scratch("dense bias", 4 * widest),
  };
}

/**
 * Puts a dense layer in its place, with the previous normalization folded in. In the kernel, which is fast from the
 * first call on: loops over all weights in JavaScript would dominate a cold start.
 */
export function placeDense(
  kernel: Kernel,
  staging: Staging,
  layer: DenseLayer,
  to: TensorPlace,
  toBias: TensorPlace,
): void {
  const { inputs, units, normalized } = layer;
  const { memory, placeDense: place } = kernel.exports;
  kernel.floats(staging.kernel, inputs * units).set(layer.kernel);
  kernel.floats(staging.bias, units).set(layer.bias);
  if (normalized !== undefined) {
    new Float64Array(memory.buffer, staging.scale, inputs).set(normalized.scale);
    new Float64Array(memory.buffer, staging.shift, inputs).set(normalized.shift);
  }
  const [scale, shift] = normalized === undefined ? [0, 0] : [staging.scale, staging.shift];
  // A panel interleaves 8 units; by output, each unit is contiguous.
  const [laneBytes, rowBytes] = to.form === "panels" ? [4, 32] : [4 * padded(inputs), 4];
  place(staging.kernel, staging.bias, inputs, units, scale, shift, to.address, toBias.address, laneBytes, rowBytes);
}
