// Processor time of one training epoch of the churn network on the wasm engine, beside that of its matrix products alone, in
// one run: npx tsx bench/kernel.mjs [rows] [epochs]
import { readFile } from "node:fs/promises";
import asc from "assemblyscript/asc";
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

/** The kernel's products by themselves, compiled as the kernel is. */
async function compileProducts() {
  const entry = `
    export { matmul } from "./matmul";
    export { weightGradient } from "./weight-gradient";
    export function heapBase(): usize { return __heap_base; }`;
  let bytes;
  const { error, stderr } = await asc.main(
    "products.ts --outFile products.wasm -O3 --noAssert --enable simd --runtime stub --initialMemory 128".split(" "),
    {
      readFile: (name) =>
        name === "products.ts"
          ? entry
          : readFile(new URL(name, new URL("../src/kernels/assembly/", import.meta.url)), "utf8").catch(() => null),
      writeFile: (_, content) => (bytes = content),
      stderr: asc.createMemoryStream(),
    },
  );
  if (error) throw new Error(stderr.toString(), { cause: error });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { abort() {} } });
  return exports;
}

/** A product of an epoch: its floating-point operations for each row, and a call for a batch. */
function productsOf({ matmul, weightGradient, heapBase, memory }, batch) {
  const stride = (Math.ceil((batch * 32) / 1024) | 1) * 1024;
  let next = Math.ceil(heapBase() / 1024) * 1024;
  const room = (bytes) => (next += bytes) - bytes;
  const panels = (units) => room(Math.ceil(units / 8) * stride);
  const widths = [inputs, ...spec.hidden.map(({ units }) => units)];
  const products = widths.slice(1).flatMap((units, i) => {
    const width = widths[i];
    const flops = 2 * width * units;
    const [a, out] = [panels(width), panels(units)];
    const [kernel, transposed, gradient] = [0, 0, 0].map(() => room(4 * 136 * 136));
    const bias = room(4 * units);
    const scratch = room(4 * 32 * 136);
    const forward = () => matmul(a, stride, batch, width, kernel, units / 8, bias, out, scratch);
    const weights = () => weightGradient(a, width, out, units / 8, stride, batch, gradient);
    const backward = () => matmul(out, stride, batch, units, transposed, width / 8, 0, a, scratch);
    return [forward, weights, ...(i > 0 ? [backward] : [])].map((run) => ({ flops, run }));
  });
  new Float32Array(memory.buffer, 0, next / 4).fill(0.01, heapBase() / 4);
  return products;
}

/** Measures an epoch's products in turn with the epochs, so that all meet the same machine. */
function productTimer(kernel, batch) {
  const products = productsOf(kernel, batch);
  const all = () => products.forEach(({ run }) => run());
  for (let i = 0; i < 5000; i++) all();
  const perEpoch = (run) => {
    const start = cpu();
    for (let i = 0; i < 2 * (rows / batch); i++) run();
    return (cpu() - start) / 2;
  };
  const rates = products.map(() => []);
  const inTurn = [];
  return {
    measure() {
      products.forEach(({ flops, run }, i) => rates[i].push((flops * rows) / perEpoch(run) / 1e6));
      inTurn.push(perEpoch(all));
    },
    /** The fastest product's GFLOP/s, the milliseconds of all products at that speed, and those that they take. */
    result() {
      const peak = Math.max(...rates.map(median));
      return {
        peak,
        atPeak: (products.reduce((sum, { flops }) => sum + flops, 0) * rows) / peak / 1e6,
        inTurn: median(inTurn),
      };
    },
  };
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
const kernel = await compileProducts();
const timers = sizes.map((size) => productTimer(kernel, size));
for (let i = 0; i < epochs; i++) {
  for (const [index, { run }] of trainers.entries()) {
    const start = cpu();
    losses[index] = (await run()).loss;
    times[index].push(cpu() - start);
    timers[index].measure();
  }
}
sizes.forEach((size, i) => {
  const { peak, atPeak, inTurn } = timers[i].result();
  console.log(`epoch of ${rows} rows, batch ${size}: ms ${summary(times[i])} (loss ${losses[i].toFixed(4)})`);
  console.log(
    `  its products: at the kernel's peak of ${peak.toFixed(1)} GFLOP/s ${atPeak.toFixed(1)} ms, the epoch takes ` +
      `${(median(times[i]) / atPeak).toFixed(2)} times that; one after the other ${inTurn.toFixed(1)} ms, ` +
      `${(median(times[i]) / inTurn).toFixed(2)} times`,
  );
});

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
