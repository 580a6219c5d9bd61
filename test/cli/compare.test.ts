import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { register } from "../../src/cli/commands/compare.js";
import { newFolder } from "../helpers/folder.js";
import { runVerb, type Ran } from "../helpers/run-verb.js";
import { header, put, rows } from "./customers.js";

const folder = newFolder();
beforeAll(() => void put(folder, "customers.csv", [header, ...rows(200)]));

const compare = (...args: string[]): Promise<Ran> =>
  runVerb(register, [
    "compare",
    join(folder, "customers.csv"),
    ...["--target", "Churn", "--positive", "Yes", "--id", "id", "--workers", "1", "--folds", "3"],
    ...args,
  ]);

describe("churnkit compare", () => {
  it("orders the learners, and tests each against the best", async () => {
    const { out } = await compare("--learners", "forest,logistic", "--metric", "auc", "--json");
    const { best, learners, differences, ...rest } = JSON.parse(out) as {
      best: string;
      learners: Record<string, { auc: { mean: number } }>;
      differences: { learner: string; from: string; mean: number; low: number; high: number; p: number }[];
    };
    expect(rest).toEqual({ rows: 200, rejected: 0, folds: 3, repeats: 1, metric: "auc" });
    const [first = "", second = ""] = Object.keys(learners);
    expect(best).toBe(first);
    const gap = (learners[second]?.auc.mean ?? NaN) - (learners[first]?.auc.mean ?? NaN);
    expect(gap).toBeLessThanOrEqual(0);
    expect(differences).toMatchObject([{ learner: second, from: best }]);
    const [{ mean, low, high }] = differences as [(typeof differences)[number]];
    expect(mean).toBeCloseTo(gap, 12);
    expect(low).toBeLessThanOrEqual(mean);
    expect(high).toBeGreaterThanOrEqual(mean);
  });

  it("says in text what the figures are of", async () => {
    const { out } = await compare("--learners", "forest,logistic", "--repeats", "2");
    expect(out).toMatch(/^200 rows, 3 folds, 2 times: each figure is the mean over the folds, of models that did not/);
    expect(out).toMatch(
      /log loss, 95 % interval\n(forest|logistic) +0\.\d{4} +0\.\d{4} +0\.\d{4} +0\.\d{4} \[0\.\d{4}, /,
    );
    expect(out).toMatch(/log loss \+0\.\d{4} \[[+-]0\.\d{4}, \+0\.\d{4}\], p [01]\.\d{3} \(corrected paired test\)\n$/);
  });

  it.each([
    ["no learner of that name", ["--learners", "oracle,forest"], 'Unknown learner "oracle"'],
    ["the profit without costs", ["--metric", "profitPerCustomer"], "Give --costs"],
    ["groups in time", ["--group", "plan", "--time", "tenure"], "Give one of them"],
    ["one learner", ["--learners", "forest"], "There is nothing to compare: 1 learners"],
    ["an unknown column", ["--learners", "forest,logistic", "--group", "household"], 'no column "household"'],
  ])("refuses %s", async (_, args, message) => {
    await expect(compare(...args)).rejects.toThrow(message);
  });
});
