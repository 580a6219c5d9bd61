import { describe, expect, it } from "vitest";
import { settingsOf } from "../../src/jobs/hyperparameters.js";

const refusal = (given: Record<string, string>): string => {
  try {
    settingsOf(given);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("It was not refused");
};

describe("hyperparameters", () => {
  it("become the params of the job train", () => {
    const given = {
      target: "Churn",
      positive: "1",
      id: "customerId, account",
      learner: "network",
      units1: "96",
      units2: "24",
      dropout: "0.25",
      learningRate: "1e-3",
      batchSize: "auto",
      epochs: "5",
      seed: "7",
      baseline: "true",
      facets: '["gender"]',
    };
    expect(settingsOf(given)).toEqual({
      rows: { target: "Churn", positive: "1", id: ["customerId", "account"] },
      training: {
        learner: "network",
        options: { units: [96, 24], dropout: [0.25], learningRate: 0.001, batchSize: "auto", epochs: 5 },
        seed: 7,
        baseline: true,
        facets: ["gender"],
      },
    });
  });

  it("may be written as JSON, and lists with commas", () => {
    const json = { learner: '"boosting"', positive: '"Yes"', leaves: "16", seed: "3" };
    expect(settingsOf(json)).toMatchObject({
      rows: { positive: "Yes" },
      training: { learner: "boosting", options: { leaves: 16 }, seed: 3 },
    });
    expect(settingsOf({ units: "64,32", dropout: "[0.1, 0.2]" }).training.options).toEqual({
      units: [64, 32],
      dropout: [0.1, 0.2],
    });
  });

  it("leave out what SageMaker adds", () => {
    const added = { _tuning_objective_metric: "validation:f1", sagemaker_program: "x", "sagemaker-y": "z" };
    expect(settingsOf(added)).toEqual(settingsOf({}));
  });

  it.each([
    [{ learningrate: "0.1" }, /no hyperparameter "learningrate".*target.*seed.*units1.*learningRate/],
    [{ learner: "forest", units1: "8" }, /no hyperparameter "units1".*trees.*the learner is forest/],
    [{ learner: "neural" }, /"neural".*network, logistic, forest, boosting, auto/],
    [{ epochs: "0" }, /epochs .*from 1 to 100000, not 0/],
    [{ epochs: "many" }, /epochs .*from 1 to 100000, not many/],
    [{ learningRate: "Infinity" }, /learningRate .* a number above 0/],
    [{ dropout: "1" }, /dropout .*\[0, 1\)/],
    [{ units1: "wide" }, /units .*from 1 to 8192/],
    [{ schedule: "linear" }, /schedule .*constant, cosine/],
    [{ learner: "boosting", learningRate: "2" }, /learningRate .*above 0 and at most 1/],
    [{ seed: "-1" }, /hyperparameters\.seed must be a whole number from 0 to 4294967295/],
    [{ units1: "8", units3: "8" }, /units .*units2/],
    [{ units: "8", units1: "8" }, /units is given as a list and as/],
    [{ constructor: "1" }, /no hyperparameter/],
  ])("%j is refused, and the message says what is allowed", (given, message) => {
    expect(refusal(given as Record<string, string>)).toMatch(message);
  });

  it("may be the params as they are, and single options win", () => {
    const params = {
      learner: "network",
      options: { units: [8, 4], l2: 0.01 },
      seed: 4,
      baseline: false,
      facets: ["plan"],
    };
    const texts = Object.entries(params).map(([name, value]) => [
      name,
      typeof value === "string" ? value : JSON.stringify(value),
    ]);
    const written = Object.fromEntries(texts) as Record<string, string>;
    expect(settingsOf(written).training).toEqual(params);
    expect(settingsOf({ ...written, l2: "0.5", units1: "2" }).training.options).toEqual({ units: [2], l2: 0.5 });
    expect(refusal({ options: "[1]" })).toMatch(/hyperparameters.options must be an object/);
  });
});
