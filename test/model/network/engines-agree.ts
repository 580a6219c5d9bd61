import { afterAll, describe, expect, it } from "vitest";
import { permutation } from "../../../src/base/random.js";
import type { TrainingEngine } from "../../../src/model/kinds/network/engine.js";
import { fromModelJson } from "../../../src/model/kinds/network/format.js";
import { toModelJson, toWeightsBin } from "../../../src/model/kinds/network/layers-model.js";
import { tensorLayout, type NetworkSpec } from "../../../src/model/kinds/network/spec.js";
import { referenceSlope } from "./reference-loss.js";
import { batchNorm, churnShape, firstRows, options, relativeDifference, rowsFor } from "./tfjs-cases.js";

const none = new Float32Array();

/** The churn network itself, and shapes that meet the edges of a vectorized kernel. */
const shapes: Readonly<Record<string, { spec: NetworkSpec; rows: number }>> = {
  "the churn network": {
    spec: {
      inputs: 45,
      hidden: [
        { units: 128, l2: 0.001, batchNorm: true, dropout: 0.3 },
        { units: 64, l2: 0.001, batchNorm: true, dropout: 0.3 },
        { units: 32, l2: 0, batchNorm: false, dropout: 0.2 },
      ],
      outputs: 1,
      batchNorm,
    },
    rows: 32,
  },
  "odd sizes": { spec: churnShape, rows: 29 },
  "no batch norm": {
    spec: { ...churnShape, inputs: 5, hidden: [{ units: 3, l2: 0.1, batchNorm: false, dropout: 0.5 }] },
    rows: 7,
  },
  "batch norm without dropout": {
    spec: { ...churnShape, inputs: 3, hidden: [{ units: 9, l2: 0, batchNorm: true, dropout: 0 }] },
    rows: 17,
  },
  "no hidden layer": { spec: { ...churnShape, inputs: 6, hidden: [] }, rows: 10 },
  "two outputs": { spec: { ...churnShape, inputs: 6, outputs: 2 }, rows: 12 },
};

/** Declares the tests that hold two engines to the same arithmetic. */
export function enginesAgree(title: string, first: TrainingEngine, second: TrainingEngine): void {
  describe(title, () => {
    let worst = 0;
    afterAll(() => {
      console.info(`${title}: largest gradient difference ${worst.toExponential(1)} of the norm`);
    });

    describe.each(Object.entries(shapes))("%s", (_, { spec, rows }) => {
      it.each([false, true])("has the same gradients, dropout %s", async (dropout) => {
        const data = targetsFor(spec, 3 * rows);
        const batch = Uint32Array.from({ length: rows }, (_row, i) => (5 * i + 2) % (3 * rows));
        const [one, other] = await Promise.all([first.create(spec, options(21)), second.create(spec, options(21))]);
        expect((await one.state()).weights).toEqual((await other.state()).weights);
        // Compared at the start, where every moving statistic is at rest, and again a little into training.
        for (const epochs of [0, 3]) {
          for (let epoch = 0; epoch < epochs; epoch++)
            await one.epoch(data, firstRows(3 * rows), { batchSize: rows, learningRate: 0.01 });
          await other.restore(await one.state());
          const [a, b] = await Promise.all([
            one.gradients(data, batch, { dropout }),
            other.gradients(data, batch, { dropout }),
          ]);
          expect(a).toHaveLength(b.length);
          tensorLayout(spec).forEach(({ name, trainable }, i) => {
            const [mine = none, theirs = none] = [a[i], b[i]];
            expect(mine.length > 0, name).toBe(trainable);
            const difference = relativeDifference(mine, theirs);
            worst = Math.max(worst, difference);
            expect(difference, name).toBeLessThanOrEqual(1e-5);
          });
        }
        one.dispose();
        other.dispose();
      });
    });

    it.each([false, true])("both have the gradients of the loss's definition, dropout %s", async (dropout) => {
      const data = rowsFor(churnShape.inputs, 60, 4, true);
      const batch = Uint32Array.from({ length: 20 }, (_row, i) => 3 * i);
      for (const engine of [first, second]) {
        const session = await engine.create(churnShape, options(8));
        await session.epoch(data, firstRows(60), { batchSize: 20, learningRate: 0.01 });
        const gradients = await session.gradients(data, batch, { dropout });
        const { weights, step } = await session.state();
        session.dispose();
        tensorLayout(churnShape).forEach(({ name }, tensor) => {
          const values = gradients[tensor] ?? none;
          for (const index of new Set([0, values.length >> 1, values.length - 1].filter((at) => at in values))) {
            const slope = referenceSlope(
              churnShape,
              weights,
              { tensor, index },
              data,
              batch,
              dropout ? { seed: 8, step } : undefined,
            );
            expect(values[index], `${engine.name} ${name}[${index}]`).toBeCloseTo(slope, 5);
          }
        });
      }
    });

    it.each([
      ["first to second", first, second],
      ["second to first", second, first],
    ])("a network goes from the %s: through its files, scores the same, and goes on training", async (_, from, to) => {
      const data = rowsFor(churnShape.inputs, 90, 6);
      const settings = { batchSize: 32, learningRate: 0.01 };
      const trained = await from.create(churnShape, options(2));
      for (let epoch = 0; epoch < 3; epoch++) await trained.epoch(data, permutation(90, epoch), settings);
      const state = await trained.state();
      const file: unknown = JSON.parse(JSON.stringify(toModelJson(churnShape)));
      const { spec, weights } = fromModelJson(file, toWeightsBin(state.weights));
      expect(weights).toEqual(state.weights);

      const heir = await to.create(spec, options(2));
      await heir.restore({ ...state, weights });
      const scores = await heir.predict(data.x, 90);
      expect(relativeDifference(scores, await trained.predict(data.x, 90))).toBeLessThanOrEqual(1e-5);

      // With Adam's moments and the step handed over, the next epoch is the one the first engine would have trained.
      const [mine, theirs] = [
        await heir.epoch(data, permutation(90, 7), settings),
        await trained.epoch(data, permutation(90, 7), settings),
      ];
      expect(mine.loss).toBeCloseTo(theirs.loss, 5);
      expect(relativeDifference(await heir.predict(data.x, 90), await trained.predict(data.x, 90))).toBeLessThanOrEqual(
        1e-3,
      );
      trained.dispose();
      heir.dispose();
    });

    it("stays close over epochs of training from one seed, with dropout and weights", async () => {
      const data = rowsFor(churnShape.inputs, 120, 9, true);
      const [one, other] = [await first.create(churnShape, options(3)), await second.create(churnShape, options(3))];
      for (let epoch = 0; epoch < 8; epoch++) {
        const order = permutation(120, epoch);
        const [a, b] = await Promise.all(
          [one, other].map((session) => session.epoch(data, order, { batchSize: 32, learningRate: 0.003 })),
        );
        expect(a?.loss).toBeCloseTo(b?.loss ?? Number.NaN, 4);
      }
      expect((await one.state()).step).toBe((await other.state()).step);
      expect(relativeDifference(await one.predict(data.x, 120), await other.predict(data.x, 120))).toBeLessThanOrEqual(
        5e-3,
      );
      one.dispose();
      other.dispose();
    });
  });
}

/** Weighted rows, with a target for every output. */
function targetsFor(spec: NetworkSpec, rows: number): ReturnType<typeof rowsFor> {
  const data = rowsFor(spec.inputs, rows, 11, true);
  return { ...data, y: Float32Array.from({ length: rows * spec.outputs }, (_, i) => (i * 7 + Math.floor(i / 3)) % 2) };
}
