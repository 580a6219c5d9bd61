// Explaining 200 rows against 100 background rows, beside the training of the model that it explains, in the same process:
// processor seconds and their ratio. Telco, each learner with its default parameters.
//   npm run bench:explain -- [--rows 200] [--learners forest,boosting] [--data file]
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { defineFeatures, inferFromFile, readCsv, split } from "churnkit/data";
import { boosting, explainerOf, forest, train } from "churnkit/model";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "200" },
    learners: { type: "string", default: "forest,boosting" },
    data: { type: "string", default: "../shared/data/telco-churn.csv" },
  },
});
if (!existsSync(values.data)) {
  console.log(`skipped: no data set at ${values.data}`);
  process.exit(0);
}
const { contract } = await inferFromFile(values.data, { target: "Churn", positive: "Yes", id: "customerID" });
const table = await readCsv(contract, values.data);
const { test: explained } = split(table, { test: Number(values.rows) / table.rows, validation: 0 });

/** The result of some work, and its processor seconds. */
async function timed(work) {
  const from = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(from);
  return [result, (user + system) / 1e6];
}

console.log(`Telco, ${table.rows} rows; ${explained.rows} explained, node ${process.version}, processor seconds`);
for (const [name, learner] of Object.entries({ forest: forest(), boosting: boosting() })) {
  if (!values.learners.split(",").includes(name)) continue;
  const [{ artifact }, training] = await timed(() => train(defineFeatures(contract), table, { learner }));
  const [explainer, preparing] = await timed(() => explainerOf(artifact));
  const [, explaining] = await timed(() => explainer.explain(explained));
  const share = (preparing + explaining) / training;
  console.log(
    `${name.padEnd(10)} train ${training.toFixed(2)}  explain ${(preparing + explaining).toFixed(2)}` +
      ` (${preparing.toFixed(2)} + ${explaining.toFixed(2)})  ratio ${share.toFixed(3)}  ${explainer.method}`,
  );
}
