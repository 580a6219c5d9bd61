import { describe, expect, it } from "vitest";
import { permutation } from "../../../src/base/random.js";
import { loadKernel } from "../../../src/model/kinds/network/kernel.js";
import { createNetworkScorer } from "../../../src/model/kinds/network/network-scorer.js";
import type { NetworkSpec } from "../../../src/model/kinds/network/spec.js";
import { foldBatchNorm } from "../../../src/model/kinds/network/wasm/fold.js";
import { wasmEngine } from "../../../src/model/kinds/network/wasm/engine.js";
import { adam, networks, rowsFor } from "./wasm-cases.js";

const bits = (values: Float32Array): Uint32Array => new Uint32Array(values.slice().buffer);

describe.each(Object.entries(networks))("layers placed by the kernel, %s", (_, spec) => {
  it("are those that are folded in JavaScript, bit for bit", async () => {
    const session = await wasmEngine().create(spec, { seed: 1, adam, maxBatch: 32 });
    await session.epoch(rowsFor(spec, 128, 1), permutation(128, 1), { batchSize: 16, learningRate: 0.02 });
    const { weights } = await session.state();
    const folded: NetworkSpec = { ...spec, hidden: spec.hidden.map((layer) => ({ ...layer, batchNorm: false })) };
    const kernel = await loadKernel();
    const { x } = rowsFor(spec, 40, 2);
    const expected = createNetworkScorer(folded, foldBatchNorm(spec, weights), kernel).score(x, 40);
    const scorer = createNetworkScorer(spec, weights, kernel);
    expect(bits(scorer.score(x, 40))).toEqual(bits(expected));
    expect(new Set(expected).size).toBeGreaterThan(1);

    scorer.setWeights(weights.map((tensor) => tensor.map((value) => 1.5 * Math.abs(value))));
    expect(bits(scorer.score(x, 40))).not.toEqual(bits(expected));
    scorer.setWeights(weights);
    expect(bits(scorer.score(x, 40))).toEqual(bits(expected));
  });
});
