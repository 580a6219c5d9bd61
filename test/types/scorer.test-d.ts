import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import { defineDataset, type RequestType } from "../../src/data/dataset.js";
import { defineFeatures } from "../../src/data/features/define.js";
import { parseContract } from "../../src/data/contract/parse-contract.js";
import { readTable } from "../../src/data/read/read-file.js";
import { tableFromRecords } from "../../src/data/read/records.js";
import type { Table } from "../../src/data/table/table.js";
import { loadBundle } from "../../src/model/bundle/load.js";
import { counterfactuals } from "../../src/model/explain/changed/counterfactuals.js";
import { partialDependence } from "../../src/model/explain/changed/partial-dependence.js";
import { permutationImportance } from "../../src/model/explain/changed/permutation-importance.js";
import { logistic } from "../../src/model/kinds/linear/learner.js";
import type { ScoredRecord, Scorer } from "../../src/model/scoring/compile.js";
import { train } from "../../src/model/training/train.js";
import { compareLearners, type LearnerComparison } from "../../src/model/tuning/compare-learners.js";
import { crossValidate } from "../../src/model/tuning/cross-validate.js";
import type { SearchSpace } from "../../src/model/tuning/space/search-space.js";
import { tune, type TuneOptions } from "../../src/model/tuning/tune.js";
import { createHandler } from "../../src/serving/handler.js";

const customers = defineDataset({
  name: "customers",
  schema: z.object({
    id: z.string(),
    tenure: z.int(),
    plan: z.enum(["basic", "plus"]).optional(),
    left: z.enum(["No", "Yes"]),
  }),
  id: "id",
  target: "left",
  positive: "Yes",
});

test("a model trained on a typed dataset takes the dataset's requests alone", async () => {
  const { scorer } = await train(defineFeatures(customers), await readTable(customers, "customers.csv"));
  expectTypeOf<(typeof scorer)["scoreRecord"]>().parameter(0).toEqualTypeOf<RequestType<typeof customers>>();
  expectTypeOf(scorer.scoreRecord({ tenure: 3 })).toEqualTypeOf<ScoredRecord>();
  scorer.scoreRecords([{ tenure: 3, plan: "plus", id: "a" }]);
  // @ts-expect-error a misspelled key
  scorer.scoreRecord({ tenur: 3 });
  // @ts-expect-error a key that is no column
  scorer.scoreRecord({ tenure: 3, tenureMonths: 3 });
  // @ts-expect-error a value of another type
  scorer.scoreRecords([{ tenure: "three" }]);
  createHandler({ scorer, name: "churn", version: "1", source: "local" });
});

test("a loaded bundle takes what its caller says, or anything", async () => {
  const { scorer } = await loadBundle<RequestType<typeof customers>>("model");
  // @ts-expect-error a misspelled key
  scorer.scoreRecord({ tenur: 3 });
  expectTypeOf((await loadBundle("model")).scorer).toEqualTypeOf<Scorer>();
  expectTypeOf<Scorer["scoreRecord"]>().parameter(0).toEqualTypeOf<unknown>();
});

test("tableFromRecords has the dataset's row type", () => {
  const table = tableFromRecords(customers, [{ id: "a", tenure: 3, left: "No" }], {
    source: "crm",
    ragged: "error",
    absent: "leave-out",
  });
  expectTypeOf(table).toEqualTypeOf<
    Awaited<
      ReturnType<
        typeof readTable<{ id: string; tenure: number; plan?: "basic" | "plus" | undefined; left: "No" | "Yes" }>
      >
    >
  >();
  expectTypeOf(tableFromRecords(customers.contract, [])).toEqualTypeOf<Table>();
});

test("columns and options that are named elsewhere are checked too", async () => {
  const features = defineFeatures(customers);
  const table = await readTable(customers, "customers.csv");
  const { scorer } = await train(features, table);
  partialDependence(scorer, table, "tenure");
  // @ts-expect-error no such column
  partialDependence(scorer, table, "tenur");
  counterfactuals(scorer, table, {}, { fixed: ["plan"], directions: { tenure: "up" } });
  // @ts-expect-error no such column
  counterfactuals(scorer, table, {}, { fixed: ["plans"] });
  // @ts-expect-error no such column
  counterfactuals(scorer, table, {}, { directions: { tenur: "up" } });
  // @ts-expect-error no such column
  permutationImportance(scorer, table, { groups: [["tenure", "plans"]] });
  await crossValidate(features, table, { by: { group: "id" } });
  // @ts-expect-error no such column
  await crossValidate(features, table, { by: { group: "ids" } });
  // @ts-expect-error no such column
  await tune(features, table, { by: { time: "ids" } });
  const compared = await compareLearners(features, table, { a: logistic(), b: logistic({ l2: 1 }) });
  expectTypeOf(compared).toEqualTypeOf<LearnerComparison<"a" | "b">>();
  const untyped = await readTable(parseContract({}), "customers.csv");
  partialDependence(scorer, untyped, "any text");
  await crossValidate(features, untyped, { by: { group: "any text" } });
});

test("a search knows the options of its learner", () => {
  const space: SearchSpace<"network"> = {
    learningRate: { kind: "real", min: 1e-4, max: 0.1, scale: "log" },
    units1: { kind: "integer", min: 16, max: 128 },
    dropout: { kind: "choice", values: ["0.2,0.2"] },
  };
  const learners: TuneOptions["learners"] = [
    { learner: "network", space, options: { members: 1 } },
    { learner: "auto", options: { presets: 2 } },
    { learner: "boosting", space: { leaves: { kind: "integer", min: 3, max: 9 } } },
    // @ts-expect-error no such option
    { learner: "boosting", space: { leafs: { kind: "integer", min: 3, max: 9 } } },
    // @ts-expect-error no such option
    { learner: "boosting", options: { round: 3 } },
    // @ts-expect-error an option without values to search
    { learner: "boosting", space: { monotone: { kind: "choice", values: [1] } } },
    // @ts-expect-error no such learner
    { learner: "bosting" },
  ];
  expectTypeOf(learners).not.toBeAny();
  const anything: SearchSpace = { "any text": { kind: "choice", values: [1] } };
  expectTypeOf(anything).not.toBeAny();
});
