import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChurnkitError } from "../../../src/base/errors.js";
import { fromModelJson } from "../../../src/model/kinds/network/format.js";
import { toModelJson, toWeightsBin } from "../../../src/model/kinds/network/layers-model.js";
import { initialWeights } from "../../../src/model/kinds/network/initial-weights.js";
import type { NetworkSpec } from "../../../src/model/kinds/network/spec.js";
import { tfjsEngine } from "../../../src/model/kinds/network/tfjs/engine.js";
import { batchNorm, churnShape, firstRows, options, rowsFor } from "./tfjs-cases.js";
import { budget } from "../../helpers/budget.js";

const weights = initialWeights(churnShape, 3);
const json = (): unknown => JSON.parse(JSON.stringify(toModelJson(churnShape)));
const bytes = toWeightsBin(weights);

/** The model file with the value at a dotted path replaced. */
function changed(path: string, value: unknown): unknown {
  const root = json();
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  const holder = keys.reduce((at, key) => (at as Record<string, unknown>)[key], root) as Record<string, unknown>;
  holder[last] = value;
  return root;
}

function load(modelJson: unknown, weightData: Uint8Array): Promise<tfl.LayersModel> {
  const { modelTopology, weightsManifest } = modelJson as tf.io.ModelJSON;
  const weightSpecs = weightsManifest.flatMap((group) => group.weights);
  return tfl.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData: weightData.slice().buffer }));
}

async function save(model: tfl.LayersModel): Promise<{ json: unknown; bytes: Uint8Array }> {
  let saved: tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler((artifacts) => {
      saved = artifacts;
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" } });
    }),
  );
  const manifest = [{ paths: ["weights.bin"], weights: saved?.weightSpecs }];
  const whole = { format: saved?.format, modelTopology: saved?.modelTopology, weightsManifest: manifest };
  return { json: JSON.parse(JSON.stringify(whole)), bytes: new Uint8Array(saved?.weightData as ArrayBuffer) };
}

const layers = "modelTopology.config.layers";

describe("the network's file format", () => {
  it("comes back as it was written, for any network", () => {
    const layer = fc.record({
      units: fc.integer({ min: 1, max: 9 }),
      l2: fc.constantFrom(0, 0.001, 0.25),
      batchNorm: fc.boolean(),
      dropout: fc.constantFrom(0, 0.2, 0.5),
    });
    const specs = fc.record({
      inputs: fc.integer({ min: 1, max: 7 }),
      hidden: fc.array(layer, { maxLength: 4 }),
      outputs: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(specs, fc.nat(), (shape, seed) => {
        const spec: NetworkSpec = { ...shape, batchNorm };
        const values = initialWeights(spec, seed);
        const back = fromModelJson(JSON.parse(JSON.stringify(toModelJson(spec))), toWeightsBin(values));
        expect(back).toEqual({ spec, weights: values });
      }),
      { numRuns: budget(60) },
    );
  });

  it("reads weights that start anywhere in a buffer", () => {
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(fromModelJson(json(), shifted.subarray(3)).weights).toEqual(weights);
  });

  it("loads with plain tf.loadLayersModel, predicts the same and goes on training", async () => {
    const session = await tfjsEngine().create(churnShape, options(3));
    const data = rowsFor(churnShape.inputs, 64, 2);
    await session.epoch(data, firstRows(64), { batchSize: 16, learningRate: 0.01 });
    const state = await session.state();
    const logits = await session.predict(data.x, 64);
    session.dispose();

    const model = await load(json(), toWeightsBin(state.weights));
    const x = tf.tensor2d(data.x, [64, churnShape.inputs]);
    const scores = (model.predict(x) as tf.Tensor).dataSync();
    logits.forEach((logit, i) => expect(scores[i]).toBeCloseTo(1 / (1 + Math.exp(-logit)), 6));

    model.compile({ optimizer: tf.train.adam(0.01), loss: "binaryCrossentropy" });
    const y = tf.tensor2d(data.y, [64, 1]);
    const { history } = await model.fit(x, y, { epochs: 12, batchSize: 16, shuffle: false, verbose: 0 });
    const losses = history["loss"] as number[];
    expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);

    const saved = await save(model);
    const back = fromModelJson(saved.json, saved.bytes);
    expect(back.spec).toEqual(churnShape);
    expect(back.weights.map((values) => values.length)).toEqual(weights.map((values) => values.length));
  });

  it("reads a model that TF.js made and named by itself", async () => {
    const model = tfl.sequential({
      layers: [
        tfl.layers.inputLayer({ inputShape: [4] }),
        tfl.layers.dense({ units: 3, activation: "relu", kernelRegularizer: tfl.regularizers.l2({ l2: 0.5 }) }),
        tfl.layers.batchNormalization({ momentum: 0.9, epsilon: 0.01 }),
        tfl.layers.dense({ units: 1, activation: "sigmoid" }),
      ],
    });
    const saved = await save(model);
    const { spec, weights: values } = fromModelJson(saved.json, saved.bytes);
    expect(spec).toEqual({
      inputs: 4,
      hidden: [{ units: 3, l2: 0.5, batchNorm: true, dropout: 0 }],
      outputs: 1,
      batchNorm: { momentum: 0.9, epsilon: 0.01 },
    });
    // TF.js stores the moving averages last, ours stand behind their layer.
    const [kernel, bias, , , mean, variance] = values;
    expect(kernel).toEqual(model.layers[1]?.getWeights()[0]?.dataSync());
    expect(bias).toEqual(new Float32Array(3));
    expect(mean).toEqual(new Float32Array(3));
    expect(variance).toEqual(new Float32Array(3).fill(1));
  });

  it.each([
    ["a foreign format", changed("format", "graph-model"), "layers-model"],
    ["a functional model", changed("modelTopology.class_name", "Model"), "Sequential"],
    [
      "another layer",
      changed(`${layers}.1.class_name`, "LayerNormalization"),
      "batch_normalization_0 (LayerNormalization)",
    ],
    ["another activation", changed(`${layers}.0.config.activation`, "tanh"), "dense_0 (Dense)"],
    ["an output without sigmoid", changed(`${layers}.8.config.activation`, "linear"), "output (Dense)"],
    ["no bias", changed(`${layers}.3.config.use_bias`, false), "dense_1 (Dense)"],
    ["an L1 penalty", changed(`${layers}.0.config.kernel_regularizer.config.l1`, 0.1), "dense_0 (Dense)"],
    ["a constraint", changed(`${layers}.0.config.kernel_constraint`, {}), "kernel_constraint"],
    ["a changed epsilon", changed(`${layers}.4.config.epsilon`, 0.5), "batch_normalization_1"],
    ["dropout of all", changed(`${layers}.2.config.rate`, 1), "dropout_0.rate"],
    ["a repeated name", changed(`${layers}.3.config.name`, "dense_0"), "two layers named dense_0"],
    ["no layers", changed(layers, []), "batch_input_shape"],
    ["too many layers", changed(layers, new Array(10_000).fill({})), "10000 layers"],
    ["a huge width", changed(`${layers}.0.config.units`, 1e9), "dense_0.units"],
    [
      "a missing tensor",
      changed("weightsManifest.0.weights.0.name", "other/kernel"),
      "no weights named dense_0/kernel",
    ],
    ["another shape", changed("weightsManifest.0.weights.0.shape", [24, 13]), "[24, 13]"],
    [
      "a shape beyond the file",
      changed("weightsManifest.0.weights.0.shape", [1e9, 1e9]),
      "dense_0/kernel as [1000000000, 1000000000]",
    ],
    ["a negative shape", changed("weightsManifest.0.weights.0.shape", [-1]), "an invalid shape"],
    ["quantized weights", changed("weightsManifest.0.weights.1.dtype", "uint8"), "plain float32"],
    ["no manifest", changed("weightsManifest", null), "weightsManifest"],
    ["text", "model", "no object"],
    ["nothing", undefined, "no object"],
  ])("refuses %s", (_, model, message) => {
    expect(() => fromModelJson(model, bytes)).toThrowError(expect.objectContaining({ code: "BUNDLE_CORRUPT" }));
    expect(() => fromModelJson(model, bytes)).toThrowError(message);
  });

  it("refuses weights of another size, not finite, or impossible", () => {
    expect(() => fromModelJson(json(), bytes.subarray(4))).toThrowError(/more bytes|describes/);
    expect(() => fromModelJson(json(), new Uint8Array(bytes.length + 4))).toThrowError("describes");
    for (const [index, value] of [
      [0, Number.NaN],
      [1, Number.POSITIVE_INFINITY],
      [5, -1],
    ] as const) {
      const broken = weights.map((values) => values.slice());
      const values = broken[index];
      if (values !== undefined) values[0] = value;
      expect(() => fromModelJson(json(), toWeightsBin(broken))).toThrowError(`[0] is ${value}`);
    }
  });

  it("never fails with anything but its own error, and takes no name for a prototype", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        try {
          fromModelJson({ format: "layers-model", modelTopology: JSON.parse(text) as unknown }, bytes);
        } catch (error) {
          expect(ChurnkitError.isInstance(error)).toBe(true);
        }
      }),
    );
    const hostile = JSON.parse('{"format":"layers-model","__proto__":{"modelTopology":{}}}') as unknown;
    expect(() => fromModelJson(hostile, bytes)).toThrowError("modelTopology");
    expect(({} as Record<string, unknown>)["modelTopology"]).toBeUndefined();
  });
});
