// Makes customers, trains on them and compares them with others; writes all results as files. Run with several
// versions of Node, which must write the same bytes. Arguments: the folder of the built package, an empty folder.
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [dist, out] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(resolve(dist, `${name}.js`)).href);
const { defineFeatures, inferFromFile, log1p, ratio, readTable, seasonality, syntheticCustomers, writeCsv } =
  await load("data");
const { churnNetwork, logistic, saveBundle, train } = await load("model");
const { compareTables } = await load("drift");

/** The customers, with a heavy-tailed amount, a label of many levels and a spike for the recipe to deal with. */
function table(scenario, seed) {
  const { records, probabilities } = syntheticCustomers({ rows: 700, seed, scenario });
  return records.map((record, i) => ({
    ...record,
    town: `town ${(i * i) % 83}`,
    spent:
      i % 3 === 0
        ? 0
        : Number((1 / (0.002 + probabilities[i])).toPrecision(6)) * (1 + (i % 7)) * (i % 40 === 1 ? 900 : 1),
  }));
}

mkdirSync(out, { recursive: true });
for (const [name, scenario, seed] of [
  ["train", "base", 3],
  ["later", "shifted", 4],
])
  await writeCsv(join(out, `${name}.csv`), table(scenario, seed));
const file = join(out, "train.csv");
const { contract } = await inferFromFile(file, {
  name: "customers",
  target: "churn",
  positive: "Yes",
  id: "customerId",
});
const rows = await readTable(contract, file);
const features = defineFeatures(contract, {
  derive: (c) => ({
    perMonth: log1p(ratio(c.totalCharges, c.tenureMonths)),
    season: seasonality(c.signupDate, "year").sine,
    turn: seasonality(c.signupDate, "year").cosine,
  }),
  columns: { spent: { encode: "log" }, monthlyCharges: { encode: "quantile" }, town: { encode: "frequency" } },
});
const learners = {
  logistic: logistic(),
  network: churnNetwork({ units: [24, 12], members: 2, epochs: 4, schedule: "cosine" }),
};
for (const [name, learner] of Object.entries(learners)) {
  const { artifact, history } = await train(features, rows, { learner, seed: 5 });
  await saveBundle(artifact, join(out, name), { createdAt: new Date(0) });
  writeFileSync(join(out, `${name}-history.json`), JSON.stringify(history));
}
// By its default rules the recipe encodes the towns by target.
const { artifact } = await train(defineFeatures(contract), rows, { learner: logistic(), seed: 6 });
await saveBundle(artifact, join(out, "default.tar.gz"), { createdAt: new Date(0) });
const later = await readTable(contract, join(out, "later.csv"), { target: "ignore" });
writeFileSync(join(out, "drift.json"), JSON.stringify(compareTables(rows, later)));
