import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { permutation } from "../../../src/base/random.js";
import { tensorLayout } from "../../../src/model/kinds/network/spec.js";
import { tfjsEngine } from "../../../src/model/kinds/network/tfjs/engine.js";
import { referenceSlope } from "./reference-loss.js";
import { churnShape, firstRows, options, relativeDifference, rowsFor } from "./tfjs-cases.js";

const engine = tfjsEngine();
const data = rowsFor(churnShape.inputs, 96, 1, true);

describe("tfjs engine", () => {
  it("learns, and the same seed gives the same weights", async () => {
    const runs = await Promise.all(
      [5, 5, 6].map(async (seed) => {
        const session = await engine.create(churnShape, options(seed));
        const losses: number[] = [];
        for (let epoch = 0; epoch < 6; epoch++) {
          const { loss } = await session.epoch(data, permutation(96, epoch), { batchSize: 20, learningRate: 0.01 });
          losses.push(loss);
        }
        const { weights, step } = await session.state();
        session.dispose();
        return { losses, weights, step };
      }),
    );
    const [first, again, other] = runs;
    expect(first?.losses.at(-1)).toBeLessThan(0.75 * (first?.losses[0] ?? 0));
    expect(first?.step).toBe(30);
    expect(again).toEqual(first);
    expect(other?.weights).not.toEqual(first?.weights);
  });

  it("leaves no tensor behind", async () => {
    const warm = await engine.create(churnShape, options(1));
    warm.dispose();
    const before = tf.memory().numTensors;
    const session = await engine.create(churnShape, options(1));
    const held = tf.memory().numTensors;
    await session.epoch(data, firstRows(50), { batchSize: 16, learningRate: 0.01 });
    await session.gradients(data, firstRows(8), { dropout: true });
    await session.predict(data.x, 96);
    await session.restore(await session.state());
    expect(tf.memory().numTensors).toBe(held);
    session.dispose();
    session.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([false, true])("has the gradients of the loss's definition, with dropout %s", async (dropout) => {
    const session = await engine.create(churnShape, options(3));
    await session.epoch(data, firstRows(96), { batchSize: 32, learningRate: 0.01 });
    const batch = Uint32Array.from({ length: 24 }, (_, i) => 3 * i + 1);
    const gradients = await session.gradients(data, batch, { dropout });
    const { weights, step } = await session.state();
    const masks = dropout ? { seed: 3, step } : undefined;
    tensorLayout(churnShape).forEach(({ name, trainable }, tensor) => {
      const values = gradients[tensor] ?? new Float32Array();
      if (!trainable) expect(values, name).toHaveLength(0);
      const indices = [0, values.length >> 1, values.length - 1].filter((index) => index in values);
      for (const index of indices) {
        const slope = referenceSlope(churnShape, weights, { tensor, index }, data, batch, masks);
        expect(values[index], `${name}[${index}]`).toBeCloseTo(slope, 5);
      }
    });
    session.dispose();
  });

  it("changes nothing when asked for gradients or scores, and scales the dropped-out forward pass", async () => {
    const session = await engine.create(churnShape, options(4));
    await session.epoch(data, firstRows(64), { batchSize: 32, learningRate: 0.01 });
    const before = await session.state();
    const still = await session.gradients(data, firstRows(30), { dropout: false });
    const dropped = await session.gradients(data, firstRows(30), { dropout: true });
    expect(await session.gradients(data, firstRows(30), { dropout: true })).toEqual(dropped);
    expect(relativeDifference(dropped[0] ?? new Float32Array(), still[0] ?? new Float32Array())).toBeGreaterThan(0.05);
    await session.predict(data.x, 96);
    expect(await session.state()).toEqual(before);
    session.dispose();
  });

  it("goes on from a state as if it had never stopped", async () => {
    const first = await engine.create(churnShape, options(9));
    const settings = { batchSize: 32, learningRate: 0.01 };
    await first.epoch(data, permutation(96, 1), settings);
    const state = await first.state();
    const second = await engine.create(churnShape, options(9));
    await second.restore(state);
    for (const session of [first, second]) await session.epoch(data, permutation(96, 2), settings);
    expect(await second.state()).toEqual(await first.state());
    first.dispose();
    second.dispose();
  });

  it("leaves the process's own TF.js backend alone", async () => {
    await import("@tensorflow/tfjs-backend-wasm");
    await tf.setBackend("wasm");
    const session = await engine.create(churnShape, options(1));
    await session.epoch(data, firstRows(32), { batchSize: 32, learningRate: 0.01 });
    expect(tf.getBackend()).toBe("wasm");
    session.dispose();
    await tf.setBackend("cpu");
  });

  it("refuses what it cannot train on", async () => {
    const session = await engine.create(churnShape, options(1));
    const settings = { batchSize: 8, learningRate: 0.01 };
    const code = (name: string): unknown => expect.objectContaining({ code: name });
    await expect(session.epoch(data, Uint32Array.of(96), settings)).rejects.toEqual(code("OPTION_INVALID"));
    await expect(session.epoch(data, new Uint32Array(), settings)).rejects.toEqual(code("OPTION_INVALID"));
    await expect(session.epoch({ ...data, x: data.x.subarray(1) }, firstRows(8), settings)).rejects.toEqual(
      code("OPTION_INVALID"),
    );
    await expect(session.epoch(data, firstRows(8), { ...settings, batchSize: 0 })).rejects.toEqual(
      code("OPTION_INVALID"),
    );
    await expect(session.predict(data.x, 5)).rejects.toEqual(code("OPTION_INVALID"));
    const state = await session.state();
    await expect(session.restore({ ...state, m: state.m.slice(1) })).rejects.toEqual(code("OPTION_INVALID"));
    session.dispose();
    await expect(session.predict(data.x, 96)).rejects.toEqual(code("OPTION_INVALID"));
    await expect(tfjsEngine({ backend: "abacus" }).create(churnShape, options(1))).rejects.toEqual(
      code("OPTION_INVALID"),
    );
    await expect(tfjsEngine({ backend: "webgpu" }).create(churnShape, options(1))).rejects.toMatchObject({
      code: "PEER_MISSING",
      message: expect.stringContaining(
        "npm install @tensorflow/tfjs-core @tensorflow/tfjs-layers @tensorflow/tfjs-backend-webgpu",
      ) as string,
    });
    await expect(tfjsEngine({ tf: { tidy: 1 } }).create(churnShape, options(1))).rejects.toEqual(
      code("OPTION_INVALID"),
    );
  });
});
