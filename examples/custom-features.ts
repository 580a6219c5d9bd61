// Derived columns: typed expressions that are stored in the bundle, so that serving cannot differ from training.
// Run it: npx tsx examples/custom-features.ts
import {
  bucket,
  clip,
  countOf,
  defineFeatures,
  difference,
  equals,
  explainEncoding,
  isMissing,
  log1p,
  product,
  ratio,
  split,
  syntheticContract,
  syntheticCustomers,
  tableFromRecords,
  trend,
  type CategoryExpression,
  type NumericExpression,
} from "churnkit/data";
import { compareScores, logistic, train } from "churnkit/model";
import { labels } from "churnkit/data";

const { records } = syntheticCustomers({ rows: 3000, seed: 3 });
const { train: rows, test } = split(tableFromRecords(syntheticContract, records), { seed: 3, validation: 0 });

// A contract that was not declared by a schema has untyped columns; say what the ones you use are.
interface Columns {
  readonly [name: string]: NumericExpression & CategoryExpression;
}

const plain = defineFeatures(syntheticContract);
const own = defineFeatures(syntheticContract, {
  derive: (columns) => {
    const c = columns as unknown as Columns;
    const column = (name: string): NumericExpression & CategoryExpression => c[name] as NumericExpression & CategoryExpression;
    const usage = ["usageHoursThreeMonthsAgo", "usageHoursTwoMonthsAgo", "usageHoursLastMonth"].map(column);
    const monthly = equals(column("contract"), "Month-to-month");
    const slope = trend(usage);
    return {
      usageTrend: slope,
      fallingOnMonthly: product(monthly, clip(slope, -50, 0)),
      pricePerHour: log1p(ratio(column("monthlyCharges"), column("usageHoursLastMonth"))),
      services: countOf(["techSupport", "onlineBackup", "onlineSecurity", "streaming"].map(column), "Yes"),
      silent: isMissing(column("satisfaction")),
      firstYears: bucket(column("tenureMonths"), [6, 14, 24]),
      ticketsOverTenure: difference(column("supportTickets"), ratio(column("tenureMonths"), 12)),
    };
  },
});

const learner = logistic();
const [without, with_] = [await train(plain, rows, { learner }), await train(own, rows, { learner })];
console.log(explainEncoding(with_.artefact.recipe).filter(({ columns }) => columns.length > 1).map(({ name }) => name));
const { a, b, difference: gain } = compareScores(labels(test), with_.scorer.score(test), without.scorer.score(test), "auc");
console.log(`AUC ${a?.toFixed(4)} with derived columns, ${b?.toFixed(4)} without: ${gain.value?.toFixed(4)} (${gain.low?.toFixed(4)} to ${gain.high?.toFixed(4)})`);
