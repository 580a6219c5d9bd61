// From a CSV to a saved model, typed by one schema. Run it: npx tsx examples/quickstart.ts
import { z } from "zod";
import { defineDataset, defineFeatures, ratio, readCsv, split, syntheticCustomers, writeCsv } from "churnkit/data";
import { churnNetwork, evaluate, metricNames, metrics, saveBundle, train } from "churnkit/model";

// Any file with these columns will do; this one is made of synthetic customers.
await writeCsv("customers.csv", syntheticCustomers({ rows: 2000, seed: 1 }).records);

const customers = defineDataset({
  name: "customers",
  schema: z.object({
    customerId: z.string(),
    contract: z.enum(["Month-to-month", "One year", "Two year"]),
    tenureMonths: z.int().min(0).meta({ unit: "months" }),
    usageHoursThreeMonthsAgo: z.number().min(0),
    usageHoursLastMonth: z.number().min(0),
    supportTickets: z.int().min(0),
    satisfaction: z.int().min(0).max(10).nullable(),
    monthlyCharges: z.number().min(0),
    churn: z.enum(["No", "Yes"]),
  }),
  id: "customerId",
  target: "churn",
  positive: "Yes",
});

const features = defineFeatures(customers, {
  derive: (c) => ({
    pricePerHour: ratio(c.monthlyCharges, c.usageHoursLastMonth),
    usageKept: ratio(c.usageHoursLastMonth, c.usageHoursThreeMonthsAgo),
  }),
});

const { train: rows, test } = split(await readCsv(customers, "customers.csv"), { seed: 1, validation: 0 });
const model = await train(features, rows, { seed: 1, learner: churnNetwork({ members: 4 }) });
const evaluation = evaluate(model, test);
const baseline = model.baseline && evaluate(model.baseline, test, { bootstrap: false });
console.log(`${rows.rows} rows to train on, ${test.rows} to judge; four networks, and logistic regression`);
for (const name of metricNames) {
  const { value, low, high } = evaluation.values[name];
  console.log(
    metrics[name].label.padEnd(34),
    value?.toFixed(4),
    `(${low?.toFixed(4)} to ${high?.toFixed(4)})`,
    baseline?.values[name].value?.toFixed(4),
  );
}
await saveBundle(model, "out/quickstart");
