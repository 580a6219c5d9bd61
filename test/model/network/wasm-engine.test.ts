import { describe, expect, it } from "vitest";
import { permutation } from "../../../src/base/random.js";
import { tensorLayout } from "../../../src/model/kinds/network/spec.js";
import { wasmEngine } from "../../../src/model/kinds/network/wasm/engine.js";
import { adam, networks, relativeError, rowsFor } from "./wasm-cases.js";
import { Reference } from "./wasm-reference.js";

const engine = wasmEngine();

describe.each(Object.entries(networks))("wasm engine, %s", (_, spec) => {
  it.each([
    { rows: 37, dropout: false },
    { rows: 37, dropout: true },
    { rows: 1, dropout: true },
    { rows: 71, dropout: true },
  ])("has the gradients of the reference, rows $rows, dropout $dropout", async ({ rows, dropout }) => {
    const session = await engine.create(spec, { seed: 3, adam, maxBatch: 71 });
    const data = rowsFor(spec, 80, 1);
    await session.epoch(data, permutation(80, 5), { batchSize: 16, learningRate: 0.01 });
    const batch = permutation(80, 9).subarray(0, rows);
    const before = await session.state();
    const reference = new Reference(spec, 3, before);
    const expected = reference.gradients(data, batch, dropout).gradients;
    const actual = await session.gradients(data, batch, { dropout });
    tensorLayout(spec).forEach(({ name, trainable }, i) => {
      expect(actual[i]?.length, name).toBe(trainable ? before.weights[i]?.length : 0);
      expect(relativeError(actual[i] ?? [], expected[i] ?? []), name).toBeLessThan(1e-5);
    });
    expect(await session.state()).toEqual(before);
  });

  it("trains as the reference does", async () => {
    const session = await engine.create(spec, { seed: 4, adam, maxBatch: 64 });
    const data = rowsFor(spec, 101, 2);
    const reference = new Reference(spec, 4, await session.state());
    for (const batchSize of [8, 64]) {
      const order = permutation(101, batchSize);
      const { loss } = await session.epoch(data, order, { batchSize, learningRate: 0.003 });
      expect(loss).toBeCloseTo(reference.epoch(data, order, batchSize, 0.003, adam), 5);
    }
    const state = await session.state();
    expect(state.step).toBe(reference.step);
    tensorLayout(spec).forEach(({ name }, i) => {
      expect(relativeError(state.weights[i] ?? [], reference.weights[i] ?? []), name).toBeLessThan(1e-4);
    });
    const logits = await session.predict(data.x, 101);
    expect(relativeError(logits, reference.predict(data.x, 101))).toBeLessThan(1e-4);
  });
});
