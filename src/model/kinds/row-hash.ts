import { mix32 } from "../../base/random.js";

const one = new Float32Array(1);
const bits = new Uint32Array(one.buffer);

/** A 32-bit seed from a row's features and another seed. */
export function rowHash(x: Float32Array, at: number, inputs: number, seed: number): number {
  let hash = mix32(seed);
  for (let j = 0; j < inputs; j++) {
    // + 0 merges the two zeros.
    one[0] = (x[at + j] as number) + 0;
    hash = mix32(hash ^ mix32((bits[0] as number) + j));
  }
  return hash;
}
