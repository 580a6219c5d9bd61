import fc from "fast-check";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { permutation } from "../../../src/base/random.js";
import { loadKernel } from "../../../src/model/kinds/network/kernel.js";
import { createNetworkScorer } from "../../../src/model/kinds/network/network-scorer.js";
import type { NetworkSpec } from "../../../src/model/kinds/network/spec.js";
import { wasmEngine } from "../../../src/model/kinds/network/wasm/engine.js";
import { adam, network, networks, relativeError, rowsFor } from "./wasm-cases.js";
import { Reference } from "./wasm-reference.js";
import { budget } from "../../helpers/budget.js";

/** A network that was trained a little, so that no tensor is as it started. */
async function trained(spec: NetworkSpec, seed = 1) {
  const session = await wasmEngine().create(spec, { seed, adam, maxBatch: 32 });
  await session.epoch(rowsFor(spec, 128, seed), permutation(128, 1), { batchSize: 16, learningRate: 0.02 });
  return { session, state: await session.state() };
}

/** Bits as numbers, all NaN alike: which one it is no arithmetic tells. */
const numbers = (values: Float32Array): number[] =>
  Array.from(bits(values.map((value) => (value !== value ? NaN : value))));
const bits = (values: Float32Array): Uint32Array => new Uint32Array(values.slice().buffer);

describe.each(Object.entries(networks))("network scorer, %s", (_, spec) => {
  it("scores as the reference does", async () => {
    const { state } = await trained(spec);
    const scorer = createNetworkScorer(spec, state.weights, await loadKernel());
    const { x } = rowsFor(spec, 300, 2);
    const expected = new Reference(spec, 1, state).predict(x, 300);
    expect(relativeError(scorer.score(x, 300), expected)).toBeLessThan(1e-5);
  });

  it("gives a row the same bits alone, among others, in place and in training's predictions", async () => {
    const { session, state } = await trained(spec);
    const scorer = createNetworkScorer(spec, state.weights, await loadKernel());
    const { x } = rowsFor(spec, 300, 3);
    const together = scorer.score(x, 300);
    const alone = Array.from({ length: 300 }, (_, row) => {
      return [...scorer.score(x.subarray(row * spec.inputs, (row + 1) * spec.inputs), 1)];
    });
    expect(bits(Float32Array.from(alone.flat()))).toEqual(bits(together));
    scorer.input.set(x.subarray(0, 37 * spec.inputs));
    expect(bits(scorer.score(scorer.input, 37))).toEqual(bits(together.subarray(0, 37 * spec.outputs)));
    expect(bits(await session.predict(x, 300))).toEqual(bits(together));
  });
});

describe("a network scorer", () => {
  const spec = network(45, [
    [128, 0.001, true, 0.3],
    [64, 0.001, true, 0.3],
    [32, 0, false, 0.2],
  ]);

  it("gives the same bits for any cut of the rows into calls", async () => {
    const { state } = await trained(spec);
    const scorer = createNetworkScorer(spec, state.weights, await loadKernel());
    const { x } = rowsFor(spec, 600, 4);
    const whole = bits(scorer.score(x, 600));
    fc.assert(
      fc.property(fc.nat(599), fc.integer({ min: 1, max: 600 }), (first, wanted) => {
        const count = Math.min(wanted, 600 - first);
        const part = scorer.score(x.subarray(first * 45, (first + count) * 45), count);
        expect(bits(part)).toEqual(whole.subarray(first, first + count));
      }),
      { numRuns: budget(50) },
    );
  });

  it("gives a row of zeros, of negative zeros or of what is not finite the same bits alone as among others, whatever the weights", async () => {
    const { state } = await trained(spec);
    const special = [0, -0, 1, -1, NaN, Infinity, 1e-45, 3e38];
    const strange = (share: number) =>
      state.weights.map((tensor, t) =>
        tensor.map((weight, i) => (((i + t) * 7919) % 997 < share ? (special[(i + t) % special.length] ?? 0) : weight)),
      );
    const onlyFirst = state.weights.map((tensor, t) => tensor.map((weight, i) => (t + i === 0 ? Infinity : weight)));
    const { x } = rowsFor(spec, 60, 6);
    const rows = x.map((value, i) => (i % 3 === 0 ? 0 : i % 7 === 0 ? (special[Math.floor(i / 45) % 8] ?? 0) : value));
    rows.fill(0, 0, 45);
    rows.fill(-0, 45, 90);
    for (const weights of [
      state.weights,
      onlyFirst,
      strange(300),
      state.weights.map((tensor) => tensor.map(() => -0)),
    ]) {
      const scorer = createNetworkScorer(spec, weights, await loadKernel());
      const together = scorer.score(rows, 60);
      const alone = Float32Array.from({ length: 60 }, (_, row) => {
        return scorer.score(rows.subarray(row * 45, (row + 1) * 45), 1)[0] ?? 0;
      });
      expect(numbers(alone)).toEqual(numbers(together));
    }
  });

  it("scores again the rows that another network has scored, alone and together, whatever the weights", async () => {
    const odd = network(45, [[13, 0, true, 0]]);
    const [one, other, small] = await Promise.all([trained(spec, 1), trained(spec, 2), trained(odd)]);
    const broken = one.state.weights.map((tensor, t) => tensor.map((weight, i) => (i % 50 === t ? Infinity : weight)));
    const kernel = await loadKernel();
    const scorers = [one.state.weights, other.state.weights, broken].map((weights) =>
      createNetworkScorer(spec, weights, kernel),
    );
    scorers.push(createNetworkScorer(odd, small.state.weights, kernel));
    const x = rowsFor(spec, 40, 8).x.map((value, i) => (i % 3 === 0 ? 0 : i === 400 ? Infinity : value));
    const out = new Float32Array(40);
    for (const first of scorers) {
      for (const second of scorers) {
        const expected = numbers(second.score(x, 40));
        first.score(x, 40);
        second.scoreAgain(40, out);
        expect(numbers(out)).toEqual(expected);
        for (let row = 0; row < 40; row++) {
          first.score(x.subarray(row * 45, (row + 1) * 45), 1);
          second.scoreAgain(1, out);
          expect(numbers(out)[0]).toBe(expected[row]);
        }
      }
    }
  });

  it("shares a kernel with others, also when its memory grows", async () => {
    const kernel = await loadKernel();
    const { x } = rowsFor(spec, 100, 5);
    const models = await Promise.all([1, 2, 3].map((seed) => trained(spec, seed)));
    const first = createNetworkScorer(spec, models[0]?.state.weights ?? [], kernel);
    const alone = bits(first.score(x, 100));
    const held = first.input;
    const others = models.map(({ state }) => createNetworkScorer(spec, state.weights, kernel));
    const wide = network(700, [[900, 0, true, 0]]);
    createNetworkScorer(wide, (await trained(wide)).state.weights, kernel).score(new Float32Array(700), 1);
    kernel.allocate(8 * 2 ** 20);
    expect(held.length).toBe(0);
    expect(first.input.length).toBe(first.capacity * 45);
    expect(bits(first.score(x, 100))).toEqual(alone);
    expect(bits(others[0]?.score(x, 100) ?? new Float32Array())).toEqual(alone);
    expect(bits(others[1]?.score(x, 100) ?? new Float32Array())).not.toEqual(alone);
    // One copy of the rows serves them all.
    first.input.set(x);
    expect(others.map((scorer) => scorer.score(first.input, 100)[99])).toEqual(
      others.map((scorer) => scorer.score(x, 100)[99]),
    );
  });

  it("takes new weights, and changes neither rows nor weights", async () => {
    const [one, two] = [await trained(spec, 1), await trained(spec, 2)];
    const { x } = rowsFor(spec, 10, 6);
    const held = structuredClone({ x, weights: one.state.weights });
    const scorer = createNetworkScorer(spec, one.state.weights, await loadKernel());
    const before = scorer.score(x, 10);
    scorer.setWeights(two.state.weights);
    expect(scorer.score(x, 10)).not.toEqual(before);
    scorer.setWeights(one.state.weights);
    const out = new Float32Array(12).fill(7);
    expect(scorer.score(x, 10, out)).toBe(out);
    expect([...out]).toEqual([...before, 7, 7]);
    expect({ x, weights: one.state.weights }).toEqual(held);
    expect(scorer.score(x, 0)).toEqual(new Float32Array(0));
  });

  it("refuses rows, room or weights of the wrong size", async () => {
    const { state } = await trained(spec);
    const kernel = await loadKernel();
    const scorer = createNetworkScorer(spec, state.weights, kernel);
    const x = new Float32Array(90);
    for (const score of [
      () => scorer.score(x, 3),
      () => scorer.score(x, -1),
      () => scorer.score(x, 1.5),
      () => scorer.score(x, 2, new Float32Array(1)),
      () => createNetworkScorer({ ...spec, inputs: 44 }, state.weights, kernel),
    ]) {
      expect(score).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
    }
  });
});

describe("loadKernel", () => {
  const built = (name: string) => readFile(new URL(`../../../src/kernels/build/${name}.wasm`, import.meta.url));

  it("takes bytes or a compiled module, and gives each caller a memory of its own", async () => {
    const bytes = await built("kernel");
    const kernels = [await loadKernel(bytes), await loadKernel(await WebAssembly.compile(bytes)), await loadKernel()];
    expect(new Set(kernels.map((kernel) => kernel.exports.memory)).size).toBe(3);
  });

  it("embeds only what scores, and takes the module that trains too", async () => {
    const [whole, scoring] = [await WebAssembly.compile(await built("kernel")), await built("scoring")];
    const names = (module: WebAssembly.Module) => WebAssembly.Module.exports(module).map(({ name }) => name);
    expect(names(whole).sort()).toEqual(
      [...names(await WebAssembly.compile(scoring)), "gradients", "train", "weightGradient"].sort(),
    );
    expect(Object.keys((await loadKernel()).exports)).not.toContain("train");

    const spec = network(45, [[32, 0, true, 0.2]]);
    const { state } = await trained(spec);
    const session = await wasmEngine({ kernel: whole }).create(spec, { seed: 1, adam, maxBatch: 32 });
    await session.epoch(rowsFor(spec, 128, 1), permutation(128, 1), { batchSize: 16, learningRate: 0.02 });
    expect(await session.state()).toEqual(state);
    const { x } = rowsFor(spec, 300, 2);
    const [own, given] = [await loadKernel(), await loadKernel(whole)].map((kernel) =>
      createNetworkScorer(spec, state.weights, kernel).score(x, 300),
    );
    expect(given).toEqual(own);
  });

  it("says what to do where the kernel can't be compiled", async () => {
    await expect(loadKernel(new Uint8Array([0, 1, 2, 3]))).rejects.toMatchObject({
      code: "KERNEL_UNAVAILABLE",
      message: expect.stringContaining("churnkit/kernel.wasm") as string,
    });
  });
});
