import { describe, expect, it } from "vitest";
import type { LinearModel } from "../../../src/model/artifact.js";
import { explainerOf } from "../../../src/model/explain/explainer.js";
import { lime } from "../../../src/model/explain/lime.js";
import { exactLinear } from "../../../src/model/kinds/linear/explain.js";
import { linearScorer } from "../../../src/model/kinds/linear/score.js";
import { sampleArtifact, sampleTable } from "../../helpers/artifact.js";
import { attribute, randomRows, randomTask } from "./oracle.js";

describe("LIME", () => {
  const inputs = 8;
  const model: LinearModel = { kind: "linear", weights: [2, -1, 0, 1.5, -2.5, 0.7, 0, 1], bias: 0.2 };
  const task = randomTask(inputs, inputs, { samples: 3000, backgroundRows: 40 });

  it("finds the signs and about the sizes of a linear model's SHAP values", () => {
    for (const seed of [1, 2, 3]) {
      const x = randomRows(1, inputs, seed);
      const truth = attribute(exactLinear(model, task), x, inputs);
      const { values, errors, output } = attribute(lime(linearScorer(model), task), x, inputs);
      expect(output).toBeCloseTo(truth.output, 9);
      truth.values.forEach((value, g) => {
        // The ridge pulls toward 0 a little.
        const far = 4 * (errors[g] ?? NaN) + 0.05 * Math.abs(value);
        expect(Math.abs((values[g] ?? NaN) - value)).toBeLessThan(far);
        if (Math.abs(value) > far) expect(Math.sign(values[g] ?? NaN)).toBe(Math.sign(value));
      });
    }
  });

  it("is offered beside the best method, with the same bits for the same row", async () => {
    const artifact = await sampleArtifact({ networks: 0 });
    const rows = sampleTable(5);
    const explainer = await explainerOf(artifact, { method: "lime", backgroundRows: 30 });
    const [first, again] = [explainer.explain(rows), explainer.explain(rows)];
    expect([first.method, first.samples]).toEqual(["lime", 1000]);
    expect(again.values).toEqual(first.values);
    const best = await explainerOf(artifact, { backgroundRows: 30 });
    expect(best.method).toBe("linear");
    const exact = best.explain(rows).values;
    const product = exact.reduce((sum, value, i) => sum + value * (first.values[i] ?? NaN), 0);
    const size = (values: Float64Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
    expect(product / size(exact) / size(first.values)).toBeGreaterThan(0.95);
  });
});
