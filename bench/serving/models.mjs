// Trains the models that are served: few epochs, since what a network knows does not change what it costs.
import { join } from "node:path";
import { defineFeatures, inferContract, tableFromRecords } from "churnkit/data";
import { boosting, churnNetwork, logistic, saveBundle, train } from "churnkit/model";
import { customers } from "./records.mjs";

/** How each model is trained. */
const learners = {
  ensemble: churnNetwork({ epochs: 3 }),
  network: churnNetwork({ members: 1, epochs: 3 }),
  boosting: boosting(),
  logistic: logistic(),
};

/** Saves a bundle of each model in a folder; gives their paths by name. */
export async function makeModels(folder) {
  const records = customers(7000).map(({ features, left }) => ({ ...features, Churn: left ? "Yes" : "No" }));
  const names = Object.keys(records[0]);
  const rows = records.map((record) => names.map((name) => String(record[name])));
  const { contract } = inferContract(names, rows, { target: "Churn", positive: "Yes", name: "telco" });
  const table = tableFromRecords(contract, records);
  const bundles = {};
  for (const [name, learner] of Object.entries(learners)) {
    const { artifact } = await train(defineFeatures(contract), table, { learner, seed: 1 });
    bundles[name] = join(folder, name);
    await saveBundle(artifact, bundles[name]);
  }
  return bundles;
}
