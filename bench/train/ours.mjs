// Our engine, one network. CHURNKIT_BENCH_FROM=src takes it from the TypeScript source (under tsx), else it is the
// built package under its own name.
import { loadRows, serve } from "./peers/peer.mjs";

const { wasmEngine } =
  process.env.CHURNKIT_BENCH_FROM === "src"
    ? await import("../../src/model/kinds/network/wasm/engine.ts")
    : await import("churnkit/model");

const { x, y, rows, features, batch } = loadRows(process.argv.slice(2));
const spec = {
  inputs: features,
  hidden: [
    { units: 128, l2: 0.001, batchNorm: true, dropout: 0.3 },
    { units: 64, l2: 0.001, batchNorm: true, dropout: 0.3 },
    { units: 32, l2: 0, batchNorm: false, dropout: 0.2 },
  ],
  outputs: 1,
  batchNorm: { momentum: 0.99, epsilon: 0.001 },
};
const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
const session = await wasmEngine().create(spec, { seed: 1, adam, maxBatch: batch });
const order = Uint32Array.from({ length: rows }, (_, row) => row);

await serve("churnkit", async () => {
  for (let i = rows - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return (await session.epoch({ x, y }, order, { batchSize: batch, learningRate: 0.001 })).loss;
});
