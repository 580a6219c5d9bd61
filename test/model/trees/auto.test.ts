import { describe, expect, it } from "vitest";
import { uniform } from "../../../src/base/random.js";
import { learnerNamed } from "../../../src/model/training/learners.js";
import type { AutoChoice } from "../../../src/model/training/auto-learner.js";
import { auto, boosting, forest, logistic, openBundle, toBundleFiles, train } from "../../../src/model/index.js";
import { openBudget } from "../../../src/model/kinds/budget.js";
import type { Learner } from "../../../src/model/kinds/learner.js";
import { customerFeatures, customers } from "../../helpers/customers.js";
import { bent, learn } from "./data.js";

const data = bent(400);

/** A learner whose held-out probabilities are given, by how far they are from the label. */
function fake(name: string, off: (row: number) => number, rows = Array.from(data.labels.keys())): Learner {
  const probabilities = Float64Array.from(rows, (row) => (data.labels[row] === 1 ? 1 - off(row) : off(row)));
  return {
    name,
    parameters: { of: name },
    fit: () =>
      Promise.resolve({
        model: { kind: "linear", weights: [name.length], bias: 0 },
        heldOut: { rows: Uint32Array.from(rows), probabilities },
        history: [],
        found: { by: name },
      }),
  };
}

const chosen = async (...learners: Learner[]): Promise<AutoChoice> =>
  (await learn(auto({ learners }), data)).found?.["auto"] as AutoChoice;

describe("auto", () => {
  it("keeps the best, with its own parameters and what it found", async () => {
    const learned = await learn(
      auto({ learners: [fake("plain", () => 0.4), fake("better", () => 0.2), fake("worse", () => 0.45)] }),
      data,
    );
    expect(learned).toMatchObject({
      learner: "better",
      model: { weights: [6] },
      found: { of: "better", by: "better", auto: { chosen: "better", best: "better", rows: 400 } },
    });
    const { candidates } = learned.found?.["auto"] as AutoChoice;
    expect(candidates.map(({ learner }) => learner)).toEqual(["plain", "better", "worse"]);
    expect(candidates[1]).toMatchObject({ difference: 0, standardError: 0 });
    expect(candidates[0]?.difference).toBeGreaterThan(candidates[0]?.standardError ?? NaN);
  });

  it("takes the simplest within a standard error of the best, and says why", async () => {
    // Each is wrong on other rows, so that the error is large and the difference small.
    const wobble = (mean: number, phase: number) => (row: number) => mean + 0.2 * (((row + phase) % 3) - 1);
    // Below 200 rows nothing is calibrated, so that the losses are plain.
    const few = Array.from({ length: 150 }, (_, row) => row);
    const [simple, middling, rich] = [
      fake("simple", wobble(0.304, 0), few),
      fake("middling", wobble(0.302, 1), few),
      fake("rich", wobble(0.3, 2), few),
    ];
    const choice = await chosen(simple, middling, rich);
    expect(choice).toMatchObject({
      chosen: "simple",
      best: "rich",
      reason: expect.stringMatching(
        /^simple is the simplest within one standard error of rich: .* 0\.0\d{4} higher/,
      ) as string,
    });
    expect(choice.candidates[0]?.difference).toBeGreaterThan(0);
    expect(await chosen(rich, middling, simple)).toMatchObject({
      chosen: "rich",
      best: "rich",
      reason: expect.stringMatching(/^rich has the lowest/) as string,
    });
  });

  it("reckons difference and standard error over the rows that all held out", async () => {
    const even = Array.from(data.labels.keys()).filter((row) => row % 2 === 0);
    const few = even.slice(0, 150);
    const random = uniform(1);
    const offs = Array.from(data.labels, () => 0.2 + 0.2 * random());
    const { rows, candidates, best } = await chosen(
      fake("a", () => 0.4, few),
      fake("b", (row) => offs[row] ?? NaN, [...few, 1, 3]),
    );
    expect([rows, best]).toEqual([150, "b"]);
    const gaps = few.map((row) => -Math.log(0.6) + Math.log(1 - (offs[row] ?? NaN)));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / 150;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / 149);
    expect(candidates[0]?.difference).toBeCloseTo(mean, 10);
    expect(candidates[0]?.standardError).toBeCloseTo(deviation / Math.sqrt(150), 10);
  });

  it("chooses from those trained before the budget was used up, and names the others", async () => {
    let spent = false;
    const budget = {
      ...openBudget({ seconds: 60 }),
      get spent() {
        return spent;
      },
      name: "the budget of 60 s",
    };
    const last = fake("dear", () => 0.1);
    const spending: Learner = {
      ...fake("cheap", () => 0.3),
      fit: (...given) => {
        spent = true;
        return fake("cheap", () => 0.3).fit(...given);
      },
    };
    const learned = await auto({ learners: [spending, last] }).fit(data, undefined, { seed: 0, budget });
    expect(learned).toMatchObject({
      learner: "cheap",
      caps: [{ cap: "budget", message: "the budget of 60 s was used up before dear: auto chose from cheap" }],
    });
  });

  it("names the learner in every progress message", async () => {
    const seen = new Set<string | undefined>();
    const learners = [boosting({ rounds: 3, members: 2 }), forest({ trees: 20 })];
    await auto({ learners }).fit(data, undefined, { seed: 0, onProgress: ({ learner }) => seen.add(learner) });
    expect([...seen]).toEqual(["boosting", "forest"]);
  });

  it("refuses nothing to choose from, and what can't be compared", async () => {
    expect(() => auto({ learners: [] })).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }) as Error);
    expect(() => auto({ learners: [logistic(), logistic()] })).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }) as Error,
    );
    await expect(
      chosen(
        fake("a", () => 0.3, [1, 3]),
        fake("b", () => 0.3, [0, 2]),
      ),
    ).rejects.toMatchObject({ code: "TOO_FEW_ROWS" });
  });

  it("asks for as many rows as the most demanding learner", () => {
    expect(auto({ learners: [logistic({ folds: 3 }), boosting({ members: 7 }), forest()] }).folds).toBe(7);
    expect(learnerNamed("auto").parameters).toEqual({ learners: ["logistic", "boosting", "forest", "network"] });
  });

  it("leaves in the bundle which learner it took, and why", async () => {
    const learner = auto({ learners: [logistic(), boosting({ rounds: 40 }), forest({ trees: 30 })] });
    const { artifact } = await train(customerFeatures, customers(500), { learner, baseline: false });
    const { provenance } = (await openBundle(await toBundleFiles(artifact))).artifact;
    const choice = provenance.parameters["auto"] as AutoChoice;
    expect(provenance).toEqual(artifact.provenance);
    expect(provenance.learner).toBe(choice.chosen);
    expect(choice.reason).toContain(choice.chosen);
    expect(provenance.parameters["learners"]).toEqual(["logistic", "boosting", "forest"]);
  });
});
