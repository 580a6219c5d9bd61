import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import { defineDataset, type RequestType } from "../../src/data/dataset.js";
import { defineFeatures } from "../../src/data/features/define.js";
import { readTable } from "../../src/data/read/read-file.js";
import { tableFromRecords } from "../../src/data/read/records.js";
import type { Table } from "../../src/data/table/table.js";
import { loadBundle } from "../../src/model/bundle/load.js";
import type { ScoredRecord, Scorer } from "../../src/model/scoring/compile.js";
import { train } from "../../src/model/training/train.js";
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
