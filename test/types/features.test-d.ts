import { z } from "zod";
import { expectTypeOf, test } from "vitest";
import { defineDataset } from "../../src/data/dataset.js";
import { defineFeatures, type Features } from "../../src/data/features/define.js";
import type { BooleanExpression, CategoryExpression, NumericExpression } from "../../src/data/features/expression.js";
import {
  column,
  countOf,
  cross,
  equals,
  isIn,
  isMissing,
  ratio,
  sum,
} from "../../src/data/features/expressions/builders.js";
import { daysBetween, monthOf, seasonality } from "../../src/data/features/expressions/date-builders.js";

const customers = defineDataset({
  name: "customers",
  schema: z.object({
    id: z.string(),
    tenure: z.number().int().min(0),
    charges: z.number().nullable(),
    discount: z.number().optional(),
    paperless: z.boolean(),
    signup: z.date(),
    left: z.iso.date().nullable(),
    plan: z.enum(["basic", "plus"]),
    backup: z.enum(["Yes", "No", "No internet"]),
    support: z.enum(["Yes", "No"]).nullable(),
    churned: z.enum(["No", "Yes"]),
  }),
  id: "id",
  target: "churned",
  positive: "Yes",
});

test("columns come with the kinds of the schema", () => {
  const features = defineFeatures(customers, {
    derive: (c) => {
      expectTypeOf(c.tenure).toEqualTypeOf<NumericExpression>();
      expectTypeOf(c.charges).toEqualTypeOf<NumericExpression>();
      expectTypeOf(c.paperless).toEqualTypeOf<BooleanExpression>();
      expectTypeOf(c.plan).toEqualTypeOf<CategoryExpression<"basic" | "plus">>();
      const perMonth = ratio(c.charges, c.tenure);
      return {
        perMonth,
        more: sum(perMonth, c.discount, c.paperless, 3),
        services: countOf([c.backup, c.support], "Yes"),
        stay: daysBetween(c.signup, c.left),
        month: monthOf(c.left),
        season: seasonality(c.signup, "year").sine,
        noCharges: isMissing(c.charges),
        noPlan: isMissing(c.plan),
        plus: equals(c.plan, "plus"),
        paper: equals(c.paperless, true),
        some: isIn(c.backup, ["Yes", "No"]),
        both: cross(c.plan, c.support),
      };
    },
    columns: {
      tenure: { encode: "piecewise", impute: 0 },
      plan: { encode: "oneHot" },
      signup: { encode: "age" },
      services: { encode: "standard" },
      both: { rareBelow: 5 },
    },
  });
  expectTypeOf(features).toExtend<Features<{ tenure: number }>>();
});

test("mistakes do not compile", () => {
  defineFeatures(customers, {
    derive: (c) => ({
      // @ts-expect-error an unknown column
      ...(c.tenur === undefined ? {} : {}),
      // @ts-expect-error a category used as a number
      b: ratio(c.plan, c.tenure),
      // @ts-expect-error a date used as a number
      c: sum(c.signup, 1),
      // @ts-expect-error a number used as a date
      d: daysBetween(c.signup, c.tenure),
      // @ts-expect-error an ISO date text used as a category
      e: equals(c.left, "2024-01-01"),
      // @ts-expect-error an unknown level
      f: equals(c.plan, "gold"),
      // @ts-expect-error a level that one of the columns does not have
      g: countOf([c.backup, c.support], "No internet"),
      // @ts-expect-error an unknown level among known ones
      h: isIn(c.backup, ["Yes", "Maybe"]),
      // @ts-expect-error a number counted as a label
      i: countOf([c.tenure], "Yes"),
      // @ts-expect-error a number crossed
      j: cross(c.plan, c.tenure),
      // @ts-expect-error a category's count where labels are wanted
      k: equals(countOf([c.backup], "Yes"), "Yes"),
    }),
  });
  // @ts-expect-error a policy for no column
  defineFeatures(customers, { columns: { nothing: { encode: "drop" } } });
  // @ts-expect-error an encoding of another kind
  defineFeatures(customers, { columns: { tenure: { encode: "oneHot" } } });
  // @ts-expect-error a setting of another kind
  defineFeatures(customers, { columns: { plan: { impute: "median" } } });
  // @ts-expect-error something that is not an expression
  defineFeatures(customers, { derive: (c) => ({ x: [c.tenure] }) });
});

test("a contract without a row type takes columns by name", () => {
  const features = defineFeatures(customers.contract, {
    derive: () => ({ perMonth: ratio(column("charges"), column("tenure")), plus: equals(column("plan"), "plus") }),
    columns: { perMonth: { encode: "log" }, tenure: { encode: "piecewise" } },
  });
  expectTypeOf(features).toEqualTypeOf<Features>();
});
