import { ChurnkitError } from "../../../base/errors.js";
import { sigmoid } from "../../../stats/logistic.js";
import type { NetworkModel } from "../../artifact.js";
import { object, text, type JsonValue, readableJson } from "../../../base/json/index.js";
import { readModelJson, readWeights, type ModelLayout } from "./format.js";
import { toModelJson, toWeightsBin } from "./layers-model.js";
import { createNetworkScorer } from "./network-scorer.js";
import type { ModelKind, ModelScorer, ModelWriter } from "../model-kind.js";

/** A network, stored in its own folder as a TF.js layers model and scored by the kernel. */
export const networkKind: ModelKind<NetworkModel> = {
  read(json, context) {
    const { folder } = object({ folder: text() })(json);
    const layout = context.json(`${folder}/model.json`, readLayout);
    return { kind: "network", spec: layout.spec, weights: readWeights(layout, context.file(`${folder}/weights.bin`)) };
  },
  kernelUse: () => "needed",
  scorer({ spec, weights }, { kernel }) {
    if (kernel === undefined)
      throw new ChurnkitError("KERNEL_UNAVAILABLE", "A network cannot score without the kernel.");
    const network = createNetworkScorer(spec, weights, kernel);
    const { capacity } = network;
    let logits = new Float32Array(capacity);
    const toProbabilities = (rows: number, out: Float64Array): void => {
      for (let row = 0; row < rows; row++) out[row] = sigmoid(logits[row] as number);
    };
    const again: ModelScorer["again"] = {
      atOnce: capacity,
      score(rows, out) {
        network.scoreAgain(rows, logits);
        toProbabilities(rows, out);
      },
    };
    return {
      inputs: spec.inputs,
      score(x, rows, out) {
        if (logits.length < rows) logits = new Float32Array(rows);
        network.score(x, rows, logits);
        toProbabilities(rows, out);
      },
      // The list of a row's features is made for the first hidden layer; without one there is nothing to share.
      ...(spec.hidden.length > 0 ? { again } : {}),
    };
  },
};

function readLayout(json: JsonValue): ModelLayout {
  const layout = readModelJson(json.value);
  if (layout.spec.outputs !== 1) throw json.not("a network with one output");
  return layout;
}

export const writeNetwork: ModelWriter<NetworkModel> = ({ spec, weights }, context) => ({
  folder: context.addFolder(
    "networks",
    new Map([
      ["model.json", readableJson(toModelJson(spec))],
      ["weights.bin", Uint8Array.from(toWeightsBin(weights))],
    ]),
  ),
});
