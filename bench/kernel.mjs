// Processor time of one training epoch of the churn network on the wasm engine, beside the speed of its matrix product,
// in one run: npx tsx bench/kernel.mjs [rows] [epochs]
import { permutation, uniform } from "../src/base/random.ts";
import { loadKernel } from "../src/model/kinds/network/kernel.ts";
import { createNetworkScorer } from "../src/model/kinds/network/network-scorer.ts";
import { wasmEngine } from "../src/model/kinds/network/wasm/engine.ts";

const rows = Number(process.argv[2] ?? 7000);
const epochs = Number(process.argv[3] ?? 15);
const inputs = 45;
const layer = (units, l2, batchNorm, dropout) => ({ units, l2, batchNorm, dropout });
const spec = {
  inputs,
  hidden: [layer(128, 0.001, true, 0.3), layer(64, 0.001, true, 0.3), layer(32, 0, false, 0.2)],
  outputs: 1,
  batchNorm: { momentum: 0.99, epsilon: 1e-3 },
};

const random = uniform(1);
const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const x = Float32Array.from({ length: rows * inputs }, normal);
const slopes = Array.from({ length: inputs }, () => normal() * 0.4);
const y = Float32Array.from({ length: rows }, (_, row) => {
  const at = (i) => x[row * inputs + i];
  const logit = slopes.reduce((sum, slope, i) => sum + slope * at(i), 0.5 * at(0) * at(1) - 1);
  return random() < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
});

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const summary = (values, digits = 1) =>
  `median ${median(values).toFixed(digits)}, least ${Math.min(...values).toFixed(digits)}`;

/** GFLOP/s of processor time of one dense layer through the scorer: 256 rows, 128 to 64. */
async function product() {
  const wide = { inputs: 128, hidden: [layer(64, 0, false, 0)], outputs: 1, batchNorm: spec.batchNorm };
  const weights = [
    new Float32Array(128 * 64).fill(0.01),
    new Float32Array(64),
    new Float32Array(64),
    new Float32Array(1),
  ];
  const scorer = createNetworkScorer(wide, weights, await loadKernel());
  const input = scorer.input.fill(0.5);
  const out = new Float32Array(256);
  const rates = [];
  for (let i = 0; i < 40; i++) {
    const start = cpu();
    for (let j = 0; j < 100; j++) scorer.score(input, 256, out);
    rates.push((100 * 256 * 128 * 64 * 2) / (cpu() - start) / 1e6);
  }
  return `${median(rates).toFixed(1)} GFLOP/s, most ${Math.max(...rates).toFixed(1)}`;
}

async function trainer(batchSize) {
  const session = await wasmEngine().create(spec, {
    seed: 1,
    adam: { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
    maxBatch: batchSize,
  });
  let epoch = 0;
  return {
    session,
    run: () => session.epoch({ x, y }, permutation(rows, epoch++), { batchSize, learningRate: 0.001 }),
  };
}

const sizes = [32, 256];
const trainers = await Promise.all(sizes.map(trainer));
for (const { run } of trainers) for (let i = 0; i < 4; i++) await run();
await new Promise((resolve) => setTimeout(resolve, 300));
const times = sizes.map(() => []);
const losses = [];
for (let i = 0; i < epochs; i++) {
  for (const [index, { run }] of trainers.entries()) {
    const start = cpu();
    losses[index] = (await run()).loss;
    times[index].push(cpu() - start);
  }
}
sizes.forEach((size, i) => {
  console.log(`epoch of ${rows} rows, batch ${size}: ms ${summary(times[i])} (loss ${losses[i].toFixed(4)})`);
});
console.log(`dense layer, 256 x 128 to 64: ${await product()}`);

const { weights } = await trainers[0].session.state();
const scorer = createNetworkScorer(spec, weights, await loadKernel());
const out = new Float32Array(rows);
const one = x.slice(0, inputs);
const single = [];
const many = [];
for (let i = 0; i < 30; i++) {
  let start = cpu();
  for (let j = 0; j < 10000; j++) scorer.score(one, 1, out);
  single.push((cpu() - start) / 10);
  start = cpu();
  for (let j = 0; j < 3; j++) scorer.score(x, rows, out);
  many.push(((cpu() - start) * 1000) / rows / 3);
}
console.log(`scoring one row: us ${summary(single, 2)}; a row among ${rows}: us ${summary(many, 2)}`);
