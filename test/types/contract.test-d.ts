import { describe, expectTypeOf, it } from "vitest";
import { z } from "zod";
import type {
  BooleanColumns,
  CategoryColumns,
  DateColumns,
  IsoDateText,
  KindOf,
  NumericColumns,
} from "../../src/data/contract/row-types.js";
import { defineDataset, type Dataset, type RequestType, type RowType } from "../../src/data/dataset.js";

const schema = z.object({
  customerID: z.string(),
  tenure: z.int().min(0),
  charges: z.number().nullable(),
  discount: z.number().optional(),
  points: z.coerce.number().default(0),
  senior: z.boolean(),
  paperless: z.stringbool(),
  plan: z.enum(["basic", "plus"]),
  tier: z.literal([1, 2]),
  joined: z.iso.date(),
  lastLogin: z.date().nullish(),
  renewal: z.iso.datetime().nullable(),
  Churn: z.enum(["No", "Yes"]),
});

const customers = defineDataset({ name: "customers", schema, id: "customerID", target: "Churn", positive: "Yes" });
type Row = RowType<typeof customers>;
type Request = RequestType<typeof customers>;

describe("a dataset's types", () => {
  it("gives the row of the schema", () => {
    expectTypeOf(customers).toExtend<Dataset>();
    expectTypeOf<Row["tenure"]>().toEqualTypeOf<number>();
    expectTypeOf<Row["charges"]>().toEqualTypeOf<number | null>();
    expectTypeOf<Row["plan"]>().toEqualTypeOf<"basic" | "plus">();
    expectTypeOf<Row["joined"]>().toEqualTypeOf<IsoDateText>();
    expectTypeOf<{ joined: string }>().toExtend<Pick<Row, "joined">>();
    expectTypeOf<undefined>().toExtend<Row["discount"]>();
    expectTypeOf<keyof Row>().toEqualTypeOf<keyof z.output<typeof schema>>();
  });

  it("knows each column's kind", () => {
    expectTypeOf<NumericColumns<Row>>().toEqualTypeOf<"tenure" | "charges" | "discount" | "points">();
    expectTypeOf<BooleanColumns<Row>>().toEqualTypeOf<"senior" | "paperless">();
    expectTypeOf<CategoryColumns<Row>>().toEqualTypeOf<"customerID" | "plan" | "tier" | "Churn">();
    expectTypeOf<DateColumns<Row>>().toEqualTypeOf<"joined" | "lastLogin" | "renewal">();
    expectTypeOf<KindOf<number & z.$brand<"Money">>>().toEqualTypeOf<"number">();
    expectTypeOf<NumericColumns<unknown>>().toEqualTypeOf<never>();
  });

  it("asks of a request everything but the target, ids optional", () => {
    expectTypeOf<"Churn" extends keyof Request ? true : false>().toEqualTypeOf<false>();
    expectTypeOf<Request["customerID"]>().toEqualTypeOf<string | undefined>();
    expectTypeOf<Request["lastLogin"]>().toEqualTypeOf<Date | string | null | undefined>();
    expectTypeOf<Request["paperless"]>().toEqualTypeOf<string | boolean>();
    expectTypeOf<Request["points"]>().toEqualTypeOf<number | undefined>();
    const request: Request = {
      tenure: 3,
      charges: null,
      senior: true,
      paperless: "yes",
      plan: "plus",
      tier: 1,
      joined: "2024-01-31",
      renewal: null,
    };
    // @ts-expect-error a request needs every column that is neither optional, an id nor the target
    const short: Request = { tenure: 3 };
    expectTypeOf([request, short]).toBeArray();
  });

  it("takes several id columns, and positive values of the target's own type", () => {
    const two = defineDataset({ name: "two", schema, id: ["customerID", "plan"], target: "senior", positive: true });
    expectTypeOf(two).toExtend<Dataset>();
    expectTypeOf<RequestType<typeof two>["plan"]>().toEqualTypeOf<"basic" | "plus" | undefined>();
    defineDataset({ name: "tier", schema, target: "tier", positive: 2 });
  });
});

describe("what must not compile", () => {
  it("an unknown id, target or positive value, a missing target", () => {
    // @ts-expect-error there is no column "customer"
    defineDataset({ name: "x", schema, id: "customer", target: "Churn", positive: "Yes" });
    // @ts-expect-error there is no column "customer" in the list either
    defineDataset({ name: "x", schema, id: ["customerID", "customer"], target: "Churn", positive: "Yes" });
    // @ts-expect-error there is no column "churned"
    defineDataset({ name: "x", schema, target: "churned", positive: "Yes" });
    // @ts-expect-error "yes" is not a class of Churn
    defineDataset({ name: "x", schema, target: "Churn", positive: "yes" });
    // @ts-expect-error a boolean target's positive value is true or false
    defineDataset({ name: "x", schema, target: "senior", positive: "true" });
    // @ts-expect-error 3 is not a class of tier
    defineDataset({ name: "x", schema, target: "tier", positive: 3 });
    // @ts-expect-error the target is missing
    defineDataset({ name: "x", schema, positive: "Yes" });
    // @ts-expect-error the positive value is missing
    defineDataset({ name: "x", schema, target: "Churn" });
    // @ts-expect-error the schema must be an object
    defineDataset({ name: "x", schema: z.string(), target: "Churn", positive: "Yes" });
  });

  it("a category used as a number, an unknown column", () => {
    const numeric = <R>(column: NumericColumns<R>): string => column;
    numeric<Row>("tenure");
    // @ts-expect-error plan is a category
    numeric<Row>("plan");
    // @ts-expect-error tier is a category, although its labels are numbers
    numeric<Row>("tier");
    // @ts-expect-error joined is a date
    numeric<Row>("joined");
    // @ts-expect-error there is no such column
    numeric<Row>("tenur");
  });
});
