import { expect, it } from "vitest";
import { metricNames, type MetricName } from "../../src/model/evaluate/index.js";
import { epochLine, trainingMetrics, modelLine } from "../../src/model/training/metric-lines.js";

/** What each regular expression finds in a line. */
const read = (line: string): Record<string, number> =>
  Object.fromEntries(
    trainingMetrics.flatMap(({ name, regex }) => {
      const found = [...line.matchAll(new RegExp(regex, "g"))];
      expect(found.length, `${name} in ${line}`).toBeLessThanOrEqual(1);
      return found.map(([, value]) => [name, Number(value)]);
    }),
  );

const epoch = { member: 0, members: 8, epoch: 3, epochs: 60, loss: 0.41, validationLoss: 2e-7, done: false };

it("reads from a line of a model each of its values, and nothing else", () => {
  const values = Object.fromEntries(metricNames.map((name, i) => [name, { value: (i + 1) / 17 }])) as Record<
    MetricName,
    { value: number }
  >;
  const found = read(modelLine(values));
  expect(Object.keys(found)).toEqual(metricNames.map((name) => `validation:${name}`));
  for (const name of metricNames) expect(found[`validation:${name}`]).toBeCloseTo(values[name].value, 7);
});

it("reads the values of an epoch, however small", () => {
  expect(read(epochLine({ ...epoch, validationAuc: 0.84 }) ?? "")).toEqual({
    "epoch:loss": 0.41,
    "epoch:validation_loss": 2e-7,
    "epoch:validation_auc": 0.84,
  });
});

it("leaves out what has no value, and steps that are not epochs", () => {
  expect(read(epochLine({ ...epoch, validationAuc: null }) ?? "")).not.toHaveProperty("epoch:validation_auc");
  expect(epochLine({ ...epoch, validationAuc: null, of: "trees" })).toBeUndefined();
});

it("stays within SageMaker's limits", () => {
  expect(trainingMetrics.length).toBeLessThanOrEqual(40);
  for (const { name, regex } of trainingMetrics) expect(name.length <= 255 && regex.length <= 500).toBe(true);
});
