import { describe, expect, it } from "vitest";
import { mix32, permutation } from "../../../src/base/random.js";
import type { SessionState, TrainingData, TrainingSession } from "../../../src/model/kinds/network/engine.js";
import { dropoutHash } from "../../../src/model/kinds/network/initial-weights.js";
import type { NetworkSpec } from "../../../src/model/kinds/network/spec.js";
import { wasmEngine } from "../../../src/model/kinds/network/wasm/engine.js";
import { adam, network, networks, rowsFor } from "./wasm-cases.js";

const churn = network(45, [
  [24, 0.001, true, 0.3],
  [16, 0.001, true, 0.3],
  [8, 0, false, 0.2],
]);

function start(spec: NetworkSpec, seed: number, maxBatch = 64): Promise<TrainingSession> {
  return wasmEngine().create(spec, { seed, adam, maxBatch });
}

async function train(session: TrainingSession, data: TrainingData, epochs: readonly number[]): Promise<SessionState> {
  const rows = data.sampleWeights?.length ?? 0;
  for (const epoch of epochs) {
    await session.epoch(data, permutation(rows, epoch), { batchSize: 16, learningRate: 0.002 });
  }
  return session.state();
}

/** One number that changes when any bit of any tensor does. */
function fingerprint({ weights, m, v, step }: SessionState): number {
  let hash = step;
  for (const tensor of [...weights, ...m, ...v]) {
    for (const bits of new Uint32Array(tensor.buffer, tensor.byteOffset, tensor.length)) hash = mix32(hash ^ bits) + 1;
  }
  return hash;
}

describe("a wasm training session", () => {
  it("gives the same bits for the same seed, and others for another", async () => {
    const data = rowsFor(churn, 100, 1);
    const first = await train(await start(churn, 7), data, [0, 1, 2]);
    expect(await train(await start(churn, 7), data, [0, 1, 2])).toEqual(first);
    expect(fingerprint(await train(await start(churn, 8), data, [0, 1, 2]))).not.toBe(fingerprint(first));
  });

  it("gives these bits on every runtime", async () => {
    // Found on Node 20, x64; the same on Node 24 and 26. The features avoid Math.log, whose bits are not promised.
    const x = Float32Array.from({ length: 50 * 45 }, (_, i) => mix32(i) / 2 ** 31 - 1);
    const y = Float32Array.from({ length: 50 }, (_, i) => mix32(i + 9999) & 1);
    const data = { x, y, sampleWeights: new Float32Array(50).fill(1) };
    expect(fingerprint(await train(await start(churn, 7), data, [0, 1, 2, 3]))).toBe(2653083551);
  });

  it("goes on after a restore as if it had never stopped", async () => {
    const data = rowsFor(churn, 100, 2);
    const uninterrupted = await train(await start(churn, 7), data, [0, 1, 2, 3]);
    const held = structuredClone(await train(await start(churn, 7), data, [0, 1]));
    // Another start: its weights and moments must all be replaced.
    const resumed = await start(churn, 7);
    await train(resumed, data, [5]);
    await resumed.restore(held);
    expect(await train(resumed, data, [2, 3])).toEqual(uninterrupted);
  });

  it("hands out copies: training on does not change a state", async () => {
    const data = rowsFor(churn, 40, 2);
    const session = await start(churn, 1);
    const state = await session.state();
    const before = structuredClone(state);
    await train(session, data, [0]);
    expect(state).toEqual(before);
  });

  it("does not depend on the room made for larger batches", async () => {
    const data = rowsFor(churn, 100, 3);
    expect(await train(await start(churn, 7, 16), data, [0])).toEqual(
      await train(await start(churn, 7, 100), data, [0]),
    );
  });

  it("takes a batch larger than the data as one batch", async () => {
    const data = rowsFor(churn, 10, 4);
    const order = permutation(10, 1);
    const sessions = [await start(churn, 7), await start(churn, 7)];
    await sessions[0]?.epoch(data, order, { batchSize: 64, learningRate: 0.01 });
    await sessions[1]?.epoch(data, order, { batchSize: 10, learningRate: 0.01 });
    const states = await Promise.all(sessions.map((session) => session.state()));
    expect(states[0]).toEqual(states[1]);
    expect(states[0]?.step).toBe(1);
  });

  it("trains on data too large to copy at once as on its rows alone", async () => {
    const wide = network(1000, [[8, 0.001, true, 0.3]]);
    const few = rowsFor(wide, 96, 5);
    // 8,500 rows of 1,000 features are more than the 32 MB that are copied whole; only 96 of them are used.
    const rows = 8500;
    const x = new Float32Array(rows * 1000);
    const y = new Float32Array(rows);
    const sampleWeights = new Float32Array(rows);
    const order = Uint32Array.from({ length: 96 }, (_, i) => rows - 1 - i * 7);
    order.forEach((row, i) => {
      x.set(few.x.subarray(i * 1000, (i + 1) * 1000), row * 1000);
      y[row] = few.y[i] ?? NaN;
      sampleWeights[row] = few.sampleWeights?.[i] ?? NaN;
    });
    const sessions = [await start(wide, 1), await start(wide, 1)];
    const options = { batchSize: 20, learningRate: 0.01 };
    const plain = Uint32Array.from({ length: 96 }, (_, i) => i);
    const losses = [
      await sessions[0]?.epoch({ x, y, sampleWeights }, order, options),
      await sessions[1]?.epoch(few, plain, options),
    ];
    expect(losses[0]).toEqual(losses[1]);
    expect(await sessions[0]?.state()).toEqual(await sessions[1]?.state());
    const gradients = await sessions[0]?.gradients({ x, y, sampleWeights }, order.subarray(0, 30), { dropout: true });
    expect(gradients).toEqual(await sessions[1]?.gradients(few, plain.subarray(0, 30), { dropout: true }));
  });

  it("drops exactly the units that the shared rule names", async () => {
    const rate = 0.37;
    const spec = network(2, [
      [3, 0, false, 0],
      [13, 0, false, rate],
    ]);
    const session = await start(spec, 99);
    const { m, v } = await session.state();
    // Every unit of the second layer is 1 before dropout: its kernel is 0, its bias 1.
    const weights = [6, 3, 39, 13, 13, 1].map((size, i) => new Float32Array(size).fill(i === 3 ? 1 : 0));
    const data = { x: new Float32Array(20), y: new Float32Array(10) };
    for (const step of [0, 1, 1000000]) {
      await session.restore({ weights, m, v, step });
      for (let row = 0; row < 10; row++) {
        // One row of a batch at a time tells its mask: the others get a weight of 0.
        const sampleWeights = Float32Array.from({ length: 10 }, (_, i) => (i === row ? 10 : 0));
        const batch = Uint32Array.from({ length: 10 }, (_, i) => i);
        const gradient = (await session.gradients({ ...data, sampleWeights }, batch, { dropout: true }))[4];
        const dropped = Array.from(
          { length: 13 },
          (_, unit) => dropoutHash(99, step, 1, row * 13 + unit) / 2 ** 32 < rate,
        );
        expect([...(gradient ?? [])].map((value) => value === 0)).toEqual(dropped);
        // sigmoid(0) - 0 = 1/2, times the kept unit's 1 / (1 - rate).
        for (const value of gradient ?? []) if (value !== 0) expect(value).toBeCloseTo(0.5 / (1 - rate), 6);
      }
    }
  });

  it("learns what can be learned", async () => {
    const session = await start(churn, 3, 32);
    const data = rowsFor(churn, 600, 6);
    const losses: number[] = [];
    for (let epoch = 0; epoch < 25; epoch++) {
      const { loss } = await session.epoch(data, permutation(600, epoch), { batchSize: 32, learningRate: 0.003 });
      losses.push(loss);
    }
    expect(losses[0]).toBeGreaterThan(0.6);
    expect(losses.at(-1)).toBeLessThan(0.35);
    const fresh = rowsFor(churn, 400, 7);
    const logits = await session.predict(fresh.x, 400);
    const right = logits.filter((logit, row) => logit > 0 === (fresh.y[row] === 1)).length;
    expect(right / 400).toBeGreaterThan(0.75);
  });

  it("counts the loss of any logit right, however extreme", async () => {
    const spec = network(1, []);
    const session = await start(spec, 0);
    const { m, v } = await session.state();
    await session.restore({ weights: [Float32Array.of(1), Float32Array.of(0)], m, v, step: 0 });
    const logits = [0, 1e-6, 0.3, -0.7, 2, -5, 17, -30, 88, -88, 1e3, -1e6, 3e38, -3e38];
    for (const logit of logits) {
      for (const target of [0, 0.25, 1]) {
        const data = { x: Float32Array.of(logit), y: Float32Array.of(target) };
        const z = Math.fround(logit);
        const expected = Math.max(z, 0) - z * target + Math.log1p(Math.exp(-Math.abs(z)));
        const { loss } = await session.epoch(data, Uint32Array.of(0), { batchSize: 1, learningRate: 0 });
        expect(Math.abs(loss - expected)).toBeLessThanOrEqual(1e-7 * expected);
        const [kernel, bias] = await session.gradients(data, Uint32Array.of(0), { dropout: true });
        const slope = 1 / (1 + Math.exp(-z)) - target;
        expect(Math.abs((bias?.[0] ?? NaN) - slope)).toBeLessThanOrEqual(1e-7 * Math.abs(slope) + 1e-37);
        expect((kernel?.[0] ?? NaN) + 0).toBe(Math.fround((bias?.[0] ?? NaN) * z) + 0);
      }
    }
  });

  it("trains on columns that are always 0 without subnormal moments", async () => {
    const spec = network(8, [[8, 0.01, false, 0]]);
    const session = await start(spec, 0);
    const data = rowsFor(spec, 64, 1);
    for (let i = 3; i < data.x.length; i += 8) data.x[i] = 0;
    await train(
      session,
      data,
      Array.from({ length: 2000 }, (_, i) => i),
    );
    const { weights, m } = await session.state();
    const column = [...(m[0]?.subarray(24, 32) ?? []), ...(weights[0]?.subarray(24, 32) ?? [])];
    expect(column.map((value) => value !== 0 && Math.abs(value) < 2 ** -126)).not.toContain(true);
  });
});

describe("a wasm training session refuses", () => {
  const spec = networks["5-7-3"] ?? network(5, []);
  const data = rowsFor(spec, 10, 1);
  const order = permutation(10, 1);
  const options = { batchSize: 4, learningRate: 0.01 };
  const invalid = (message: RegExp): object => ({
    code: "OPTION_INVALID",
    message: expect.stringMatching(message) as string,
  });

  it("data that doesn't fit the network", async () => {
    const session = await start(spec, 0, 8);
    await expect(session.epoch({ ...data, x: data.x.slice(1) }, order, options)).rejects.toMatchObject(
      invalid(/49 feature/),
    );
    await expect(session.epoch({ ...data, y: data.y.slice(1) }, order, options)).rejects.toMatchObject(
      invalid(/9 targets/),
    );
    const sampleWeights = new Float32Array(3);
    await expect(session.epoch({ ...data, sampleWeights }, order, options)).rejects.toMatchObject(invalid(/3 sample/));
    await expect(session.epoch(data, Uint32Array.of(1, 10), options)).rejects.toMatchObject(invalid(/Row 10/));
    await expect(session.epoch(data, new Uint32Array(0), options)).rejects.toMatchObject(invalid(/rows to train on/));
    await expect(session.predict(data.x, 11)).rejects.toMatchObject(invalid(/11 rows/));
  });

  it("batches and rates out of range", async () => {
    const session = await start(spec, 0, 8);
    for (const batchSize of [0, 9, 1.5, NaN]) {
      await expect(session.epoch(data, order, { ...options, batchSize })).rejects.toMatchObject(invalid(/batch size/));
    }
    for (const learningRate of [-1, NaN, Infinity]) {
      await expect(session.epoch(data, order, { ...options, learningRate })).rejects.toMatchObject(
        invalid(/learning rate/),
      );
    }
    await expect(session.gradients(data, order, { dropout: false })).rejects.toMatchObject(invalid(/in the batch/));
  });

  it("networks and options that make no sense", async () => {
    const layer = { units: 4, l2: 0, batchNorm: true, dropout: 0 };
    const wrong: [NetworkSpec, RegExp][] = [
      [{ ...spec, inputs: 0 }, /inputs/],
      [{ ...spec, outputs: 1.5 }, /outputs/],
      [{ ...spec, hidden: [{ ...layer, units: -3 }] }, /units of hidden layer 0/],
      [{ ...spec, hidden: [layer, { ...layer, dropout: 1 }] }, /dropout rate of hidden layer 1/],
      [{ ...spec, hidden: [{ ...layer, l2: NaN }] }, /L2/],
      [{ ...spec, batchNorm: { momentum: 2, epsilon: 0.001 } }, /momentum/],
      [{ ...spec, batchNorm: { momentum: 0.9, epsilon: 0 } }, /epsilon/],
      [
        {
          ...spec,
          hidden: [
            { ...layer, units: 65536 },
            { ...layer, units: 65536 },
          ],
        },
        /MB of kernel memory/,
      ],
    ];
    for (const [network, message] of wrong) await expect(start(network, 0)).rejects.toMatchObject(invalid(message));
    await expect(start(spec, -1)).rejects.toMatchObject(invalid(/seed/));
    await expect(start(spec, 0, 0)).rejects.toMatchObject(invalid(/largest batch/));
    const create = wasmEngine().create(spec, { seed: 0, adam: { ...adam, epsilon: 0 }, maxBatch: 4 });
    await expect(create).rejects.toMatchObject(invalid(/epsilon/));
  });

  it("states of another network", async () => {
    const session = await start(spec, 0);
    const state = await session.state();
    await expect(session.restore({ ...state, weights: state.weights.slice(1) })).rejects.toMatchObject(
      invalid(/tensors/),
    );
    const short = state.m.map((tensor) => tensor.subarray(1));
    await expect(session.restore({ ...state, m: short })).rejects.toMatchObject(
      invalid(/first moment of tensor dense_0/),
    );
    await expect(session.restore({ ...state, step: -1 })).rejects.toMatchObject(invalid(/batches trained/));
    expect(await session.state()).toEqual(state);
  });

  it("to go on after a loss that is not a number", async () => {
    const session = await start(spec, 0);
    const x = data.x.slice();
    x[7] = NaN;
    await expect(session.epoch({ ...data, x }, order, options)).rejects.toMatchObject({ code: "TRAINING_DIVERGED" });
  });

  it("to be used after its end", async () => {
    const session = await start(spec, 0);
    session.dispose();
    await expect(session.state()).rejects.toMatchObject(invalid(/disposed/));
  });
});
