import { ChurnkitError } from "../base/errors.js";
import { sigmoid } from "../base/logistic.js";
import type { NetworkModel } from "./artefact.js";
import { parseJsonFile, readableJson } from "./bundle/json.js";
import { fromModelJson, toModelJson, toWeightsBin } from "./network/format.js";
import { createNetworkScorer } from "./network/network-scorer.js";
import type { ModelKind } from "./scorer.js";

/** A network, kept in a folder of its own as a TF.js layers model and scored by the kernel. */
export const networkKind: ModelKind<NetworkModel> = {
  write: ({ spec, weights }, context) => ({
    folder: context.addFolder(
      "networks",
      new Map([
        ["model.json", readableJson(toModelJson(spec))],
        ["weights.bin", Uint8Array.from(toWeightsBin(weights))],
      ]),
    ),
  }),
  read(json, context) {
    const folder = json.get("folder").text();
    const path = `${folder}/model.json`;
    const model = parseJsonFile(path, context.file(path));
    const { spec, weights } = fromModelJson(model.value, context.file(`${folder}/weights.bin`));
    if (spec.outputs !== 1) throw model.not("a network with one output");
    return { kind: "network", spec, weights };
  },
  needsKernel: () => true,
  scorer({ spec, weights }, { kernel }) {
    if (kernel === undefined) throw new ChurnkitError("KERNEL_UNAVAILABLE", "A network cannot score without the kernel.");
    const network = createNetworkScorer(spec, weights, kernel);
    return {
      inputs: spec.inputs,
      score(x, rows, out) {
        const logits = network.score(x, rows);
        for (let row = 0; row < rows; row++) out[row] = sigmoid(logits[row] as number);
      },
    };
  },
};
