import { describe, expect, it } from "vitest";
import { permutation } from "../../../src/base/random.js";
import { fromBundleFiles, toBundleFiles } from "../../../src/model/bundle/format.js";
import { withoutAdapters } from "../../../src/model/kinds/network/adapters.js";
import type { TrainingData, TrainingEngine, TrainingSession } from "../../../src/model/kinds/network/engine.js";
import { toModelJson } from "../../../src/model/kinds/network/layers-model.js";
import { loadKernel } from "../../../src/model/kinds/network/kernel.js";
import { churnNetwork } from "../../../src/model/kinds/network/learner.js";
import { createNetworkScorer } from "../../../src/model/kinds/network/network-scorer.js";
import { tensorLayout, type NetworkSpec } from "../../../src/model/kinds/network/spec.js";
import { tfjsEngine } from "../../../src/model/kinds/network/tfjs/engine.js";
import { wasmEngine } from "../../../src/model/kinds/network/wasm/engine.js";
import { auto } from "../../../src/model/training/auto/learner.js";
import { compile } from "../../../src/model/scoring/compile.js";
import { train } from "../../../src/model/training/train.js";
import { customerFeatures, customers } from "../../helpers/customers.js";
import { adam, network, relativeError, rowsFor } from "./wasm-cases.js";

const adapters = 3;
const wide = (spec: NetworkSpec): NetworkSpec => ({ ...spec, adapters });
const plain = wide(
  network(13, [
    [11, 0, false, 0],
    [6, 0, false, 0],
  ]),
);
const normalized = wide(
  network(5, [
    [7, 0.01, true, 0],
    [9, 0, true, 0],
  ]),
);
const start = (spec: NetworkSpec, seed = 7): Promise<TrainingSession> =>
  wasmEngine().create(spec, { seed, adam, maxBatch: 32 });
const order = (rows: number): Uint32Array => Uint32Array.from({ length: rows }, (_, i) => i);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

async function trained(spec: NetworkSpec, data: TrainingData, epochs = 3): Promise<TrainingSession> {
  const session = await start(spec);
  const rows = data.y.length;
  for (let epoch = 0; epoch < epochs; epoch++)
    await session.epoch(data, permutation(rows, epoch), { batchSize: 32, learningRate: 0.01 });
  return session;
}

describe("adapters", () => {
  it("start as signs, each with an output layer of its own", async () => {
    const { weights } = await (await start(plain)).state();
    expect(tensorLayout(plain).map(({ name, shape }) => [name, ...shape])).toEqual([
      ["adapters", 13, adapters],
      ["dense_0/kernel", 13, 11],
      ["dense_0/bias", 11],
      ["dense_1/kernel", 11, 6],
      ["dense_1/bias", 6],
      ["output/kernel", 6, adapters],
      ["output/bias", adapters],
    ]);
    const factors = [...(weights[0] ?? [])];
    expect(new Set(factors)).toEqual(new Set([-1, 1]));
  });

  it("have the gradients of the mean loss of their networks", async () => {
    const data = rowsFor(plain, 30, 3);
    const session = await trained(plain, data);
    const batch = order(30).reverse();
    const [factors = [], kernel = [], ...rest] = await session.gradients(data, batch, { dropout: false });
    const { weights } = await session.state();
    const parts = await Promise.all(
      withoutAdapters(plain, weights).map(async (one) => {
        const single = await start(one.spec);
        await single.restore({ ...(await single.state()), weights: one.weights });
        return single.gradients(data, batch, { dropout: false });
      }),
    );
    // By the chain rule; the first kernel of adapter k is W[i, u] * r[i, k].
    const factorOf = (input: number, k: number): number => weights[0]?.[input * adapters + k] ?? NaN;
    const mean = (tensor: number): number[] =>
      [...(parts[0]?.[tensor] ?? [])].map(
        (_, i) => parts.reduce((sum, part) => sum + (part[tensor]?.[i] ?? NaN), 0) / adapters,
      );
    const wantedKernel = Array.from(
      { length: 13 * 11 },
      (_, i) =>
        parts.reduce((sum, part, k) => sum + factorOf(Math.floor(i / 11), k) * (part[0]?.[i] ?? NaN), 0) / adapters,
    );
    const wantedFactors = Array.from({ length: 13 * adapters }, (_, at) => {
      const [input, k] = [Math.floor(at / adapters), at % adapters];
      let sum = 0;
      for (let u = 0; u < 11; u++)
        sum += (weights[1]?.[input * 11 + u] ?? NaN) * (parts[k]?.[0]?.[input * 11 + u] ?? NaN);
      return sum / adapters;
    });
    expect(relativeError(factors, wantedFactors)).toBeLessThan(1e-5);
    expect(relativeError(kernel, wantedKernel)).toBeLessThan(1e-5);
    [1, 2, 3].forEach((tensor, i) => expect(relativeError(rest[i] ?? [], mean(tensor))).toBeLessThan(1e-5));
    const heads = Array.from(
      { length: 6 * adapters },
      (_, i) => (parts[i % adapters]?.[4]?.[Math.floor(i / adapters)] ?? NaN) / adapters,
    );
    expect(relativeError(rest[3] ?? [], heads)).toBeLessThan(1e-5);
    expect(
      relativeError(
        rest[4] ?? [],
        parts.map((part) => (part[5]?.[0] ?? NaN) / adapters),
      ),
    ).toBeLessThan(1e-5);
  });

  it("share the statistics of batch normalization, gradients by differences", async () => {
    const data = rowsFor(normalized, 30, 5);
    const state = await (await trained(normalized, data, 1)).state();
    const gradients = await (await trained(normalized, data, 1)).gradients(data, order(30), { dropout: false });
    const session = await start(normalized);
    const lossAt = async (tensor: number, i: number, by: number): Promise<number> => {
      const weights = state.weights.map((values) => values.slice());
      const values = weights[tensor] ?? new Float32Array(0);
      values[i] = (values[i] ?? NaN) + by;
      await session.restore({ ...state, weights });
      const { loss } = await session.epoch(data, order(30), { batchSize: 30, learningRate: 0 });
      return loss + 0.01 * [...(weights[1] ?? [])].reduce((sum, w) => sum + w * w, 0);
    };
    for (const [tensor, gradient] of gradients.entries())
      for (const i of gradient.length === 0 ? [] : [0, gradient.length - 1]) {
        const slope = ((await lossAt(tensor, i, 1e-3)) - (await lossAt(tensor, i, -1e-3))) / 2e-3;
        expect(Math.abs(slope - (gradient[i] ?? NaN)), `${tensor} ${i}`).toBeLessThan(1e-3);
      }
  });

  it("predict the log odds of their networks' mean probability", async () => {
    const data = rowsFor(normalized, 60, 5);
    const session = await trained(normalized, data, 20);
    const { weights } = await session.state();
    const kernel = await loadKernel();
    const logits = withoutAdapters(normalized, weights).map((one) =>
      createNetworkScorer(one.spec, one.weights, kernel).score(data.x, 60),
    );
    const means = order(60).reduce<number[]>(
      (all, row) => [...all, logits.reduce((sum, values) => sum + sigmoid(values[row] ?? NaN), 0) / adapters],
      [],
    );
    expect(relativeError([...(await session.predict(data.x, 60))].map(sigmoid), means)).toBeLessThan(1e-6);
    expect(new Set(logits.map((values) => values[0])).size).toBe(adapters);
  });

  it("give the same bits for the same seed, after a restore too", async () => {
    const data = rowsFor(normalized, 60, 5);
    const wanted = await (await trained(normalized, data, 4)).state();
    expect(await (await trained(normalized, data, 4)).state()).toEqual(wanted);
    const held = await (await trained(normalized, data, 2)).state();
    const resumed = await start(normalized, 8);
    await resumed.restore(held);
    for (const epoch of [2, 3])
      await resumed.epoch(data, permutation(60, epoch), { batchSize: 32, learningRate: 0.01 });
    expect(await resumed.state()).toEqual(wanted);
  });

  it("become as many networks of a bundle, which scores the same when it is read", async () => {
    const learner = churnNetwork({ members: 2, adapters, units: [8, 4], epochs: 3, batchNorm: false });
    const table = customers(300, 4);
    const { artifact } = await train(customerFeatures, table, { learner, baseline: false, workers: 1 });
    const { model } = artifact;
    expect(model.kind === "ensemble" && model.members.map(({ kind }) => kind)).toEqual(new Array(6).fill("network"));
    const read = (await fromBundleFiles(await toBundleFiles(artifact))).artifact;
    expect((await compile(read)).score(table)).toEqual((await compile(artifact)).score(table));
  });

  it("are in a preset of auto, unless another engine trains its networks", () => {
    const names = (engine?: TrainingEngine) => auto({ network: engine ? { engine } : {} }).parameters["learners"];
    expect(names()).toContain("network-adapters");
    expect(names(tfjsEngine())).not.toContain("network-adapters");
  });

  it("are refused where a network stands for itself", async () => {
    const { weights } = await (await start(plain)).state();
    const kernel = await loadKernel();
    const message = /has no adapters, this network has 3/;
    expect(() => toModelJson(plain)).toThrow(message);
    expect(() => createNetworkScorer(plain, weights, kernel)).toThrow(message);
    await expect(tfjsEngine().create(plain, { seed: 1, adam, maxBatch: 8 })).rejects.toThrow(message);
    await expect(start(wide(network(5, [])))).rejects.toThrow("hidden layers of a network with adapters");
    expect(() => churnNetwork({ adapters: 0 })).toThrow("adapters of the churn network");
    expect(() => churnNetwork({ members: 50, adapters: 50 })).toThrow("2500 networks, more than 1000");
  });
});

describe("weight decay", () => {
  const spec = network(5, [[7, 0, true, 0]]);
  const data = rowsFor(spec, 20, 2);
  const step = async (engine: ReturnType<typeof wasmEngine>, weightDecay: number) => {
    const session = await engine.create(spec, { seed: 3, adam: { ...adam, weightDecay }, maxBatch: 20 });
    const before = (await session.state()).weights;
    await session.epoch(data, order(20), { batchSize: 20, learningRate: 0.1 });
    return { before, after: (await session.state()).weights };
  };

  it.each([
    ["wasm", wasmEngine()],
    ["tfjs", tfjsEngine()],
  ])("shrinks the hidden kernels alone by its share of the step, in %s", async (_, engine) => {
    const { before, after: without } = await step(engine, 0);
    const { after: decayed } = await step(engine, 0.5);
    const shrunk = [...(without[0] ?? [])].map((weight, i) => weight - 0.1 * 0.5 * (before[0]?.[i] ?? NaN));
    expect(relativeError(decayed[0] ?? [], shrunk)).toBeLessThan(1e-6);
    expect(decayed.slice(1)).toEqual(without.slice(1));
  });
});
