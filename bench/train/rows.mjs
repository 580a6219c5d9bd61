// The rows that everybody trains on: 7,000 x 45 standard-normal features, a target with a linear and a product part.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A small seeded generator (xorshift), uniform in (0, 1). */
function generator(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) + 0.5) / 2 ** 32;
  };
}

/** Writes x.f32 and y.f32 (little-endian) into a folder. */
export function writeRows(folder, rows, features) {
  const random = generator(20_240_601);
  const normal = () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
  const effects = Array.from({ length: features }, () => 0.4 * normal());
  const x = new Float32Array(rows * features);
  const y = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const values = x.subarray(row * features, (row + 1) * features);
    let score = -1;
    for (let i = 0; i < features; i++) score += effects[i] * (values[i] = normal());
    y[row] = random() < 1 / (1 + Math.exp(-score - 0.5 * values[0] * values[1])) ? 1 : 0;
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "x.f32"), new Uint8Array(x.buffer));
  writeFileSync(join(folder, "y.f32"), new Uint8Array(y.buffer));
}
