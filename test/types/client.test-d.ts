import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import type { createClient } from "../../src/client/index.js";
import { defineDataset, type Dataset } from "../../src/data/index.js";

/** For its type. */
export const customers = defineDataset({
  name: "customers",
  schema: z.object({
    id: z.string(),
    tenure: z.int(),
    plan: z.enum(["basic", "plus"]),
    churned: z.enum(["No", "Yes"]),
  }),
  id: "id",
  target: "churned",
  positive: "Yes",
});

type RecordOf<D extends Dataset> = Parameters<ReturnType<typeof createClient<D>>["predict"]>[0];

describe("a client", () => {
  it("takes the records of its dataset", () => {
    expectTypeOf<RecordOf<typeof customers>>().toEqualTypeOf<{ id?: string; tenure: number; plan: "basic" | "plus" }>();
  });

  it("takes anything without one", () => {
    expectTypeOf<RecordOf<Dataset>>().toBeUnknown();
  });
});
