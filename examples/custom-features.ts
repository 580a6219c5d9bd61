// Derived columns: expressions that are stored in the bundle, so that serving cannot differ from training. With a schema
// they are typed, as in quickstart.ts; here the contract is inferred from a file, and columns are named by `column`.
// Run it: npx tsx examples/custom-features.ts
import {
  bucket,
  clip,
  column,
  countOf,
  defineFeatures,
  equals,
  explainEncoding,
  inferFromFile,
  isMissing,
  labels,
  log1p,
  product,
  ratio,
  readCsv,
  split,
  syntheticCustomers,
  trend,
  writeCsv,
} from "churnkit/data";
import { compareScores, logistic, train } from "churnkit/model";

await writeCsv("customers.csv", syntheticCustomers({ rows: 3000, seed: 3 }).records);

const { contract } = await inferFromFile("customers.csv", { target: "churn", positive: "Yes", id: "customerId" });
const { train: rows, test } = split(await readCsv(contract, "customers.csv"), { seed: 3, validation: 0 });

const own = defineFeatures(contract, {
  derive: () => {
    const usage = ["usageHoursThreeMonthsAgo", "usageHoursTwoMonthsAgo", "usageHoursLastMonth"].map(column);
    const usageTrend = trend(usage);
    return {
      usageTrend,
      fallingOnMonthly: product(equals(column("contract"), "Month-to-month"), clip(usageTrend, -50, 0)),
      pricePerHour: log1p(ratio(column("monthlyCharges"), column("usageHoursLastMonth"))),
      services: countOf(["techSupport", "onlineBackup", "onlineSecurity", "streaming"].map(column), "Yes"),
      silent: isMissing(column("satisfaction")),
      firstYears: bucket(column("tenureMonths"), [6, 14, 24]),
    };
  },
});

const options = { learner: logistic(), seed: 3 };
const plain = await train(defineFeatures(contract), rows, options);
const derived = await train(own, rows, options);
console.log(
  explainEncoding(derived.artifact.recipe)
    .filter(({ columns }) => columns.length > 1)
    .map(({ name }) => name),
);

const { a, b, difference } = compareScores(labels(test), derived.scorer.score(test), plain.scorer.score(test), "auc");
const { value, low, high } = difference;
console.log(
  `AUC ${a?.toFixed(4)} with derived columns, ${b?.toFixed(4)} without: ${value?.toFixed(4)} (${low?.toFixed(4)} to ${high?.toFixed(4)})`,
);
