/** Largest size of a weight in 8 bits, the same on both sides of 0. */
const largest = 127;

/** A kernel of a network in 8 bits: its weights are whole numbers times their unit's scale. */
export interface RoundedKernel {
  readonly whole: Int8Array;
  /** One for each unit. */
  readonly scales: Float32Array;
}

/** Rounds a kernel to 8 bits, symmetrically, with one scale for each unit (column). */
export function roundedKernel(kernel: Float32Array, units: number): RoundedKernel {
  const scales = new Float32Array(units);
  for (let i = 0; i < kernel.length; i++) {
    scales[i % units] = Math.max(scales[i % units] as number, Math.abs(kernel[i] as number) / largest);
  }
  const whole = Int8Array.from(kernel, (weight, i) => {
    const scale = scales[i % units] as number;
    return scale === 0 ? 0 : Math.max(-largest, Math.min(largest, Math.round(weight / scale)));
  });
  return { whole, scales };
}
