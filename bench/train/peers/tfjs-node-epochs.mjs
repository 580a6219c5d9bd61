// The churn network in native TensorFlow.js, with its own fit. CHURNKIT_TFJS_NODE names the folder it is installed in.
import { createRequire } from "node:module";
import { resolve } from "node:path";
import util from "node:util";
import { loadRows, serve } from "./peer.mjs";

util.isNullOrUndefined ??= (value) => value === null || value === undefined;
util.isArray ??= Array.isArray;
const tf = createRequire(resolve(process.env.CHURNKIT_TFJS_NODE ?? ".", "package.json"))("@tensorflow/tfjs-node");

const { x, y, rows, features, batch } = loadRows(process.argv.slice(2));
const kernelInitializer = "glorotUniform";
const model = tf.sequential();
for (const [i, units] of [128, 64].entries()) {
  const kernelRegularizer = tf.regularizers.l2({ l2: 0.001 });
  model.add(
    tf.layers.dense({
      units,
      activation: "relu",
      kernelInitializer,
      kernelRegularizer,
      ...(i === 0 && { inputShape: [features] }),
    }),
  );
  model.add(tf.layers.batchNormalization());
  model.add(tf.layers.dropout({ rate: 0.3 }));
}
model.add(tf.layers.dense({ units: 32, activation: "relu", kernelInitializer }));
model.add(tf.layers.dropout({ rate: 0.2 }));
model.add(tf.layers.dense({ units: 1, activation: "sigmoid", kernelInitializer }));
model.compile({ optimizer: tf.train.adam(0.001), loss: "binaryCrossentropy" });

const xs = tf.tensor2d(x, [rows, features]);
const ys = tf.tensor2d(y, [rows, 1]);
await serve(`tfjs-node ${tf.version["tfjs-node"] ?? tf.version.tfjs}`, async () => {
  const { history } = await model.fit(xs, ys, {
    epochs: 1,
    batchSize: batch,
    shuffle: true,
    verbose: 0,
    yieldEvery: "never",
  });
  return history.loss[0];
});
