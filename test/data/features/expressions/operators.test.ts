import { describe, expect, it } from "vitest";
import type { Expression } from "../../../../src/data/features/expression.js";
import * as build from "../../../../src/data/features/expressions/builders.js";
import * as dates from "../../../../src/data/features/expressions/date-builders.js";
import { evaluateExpression } from "../../../../src/data/features/expressions/evaluate.js";
import { operators } from "../../../../src/data/features/expressions/operators.js";
import {
  booleanColumn,
  categoryColumn,
  contractOfColumns,
  dateColumn,
  numberColumn,
  tableOf,
  textColumn,
} from "../tables.js";

const yesNo = ["Yes", "No", "No internet"];
const contract = contractOfColumns([
  numberColumn("a"),
  numberColumn("b"),
  numberColumn("c"),
  booleanColumn("flag"),
  booleanColumn("other"),
  dateColumn("from"),
  dateColumn("to"),
  categoryColumn("x", yesNo),
  categoryColumn("y", yesNo, true),
  textColumn("note"),
]);
const table = tableOf(contract, {
  a: [4, -9, null, 0],
  b: [2, 0, 1, -0.5],
  c: [1, 2, 3, null],
  flag: [true, false, null, true],
  other: [true, true, null, false],
  from: ["2024-02-29", "2023-12-31", null, "2000-01-01"],
  to: ["2024-03-01", "2024-12-31T12:00:00Z", "2024-01-01", "1999-12-31"],
  x: ["Yes", "No", null, "No internet"],
  y: ["Yes", "Maybe", null, "Yes"],
  note: ["hello", null, "", "x"],
});

const c = (name: string): Expression => ({ op: "column", name });
const values = (expression: Expression): number[] => Array.from(evaluateExpression(expression, table).values);

/** Each operator with results worked out by hand; NaN is missing. */
const golden: Record<keyof typeof operators, [Expression, number[]][]> = {
  constant: [[build.constant(7), [7, 7, 7, 7]]],
  ratio: [
    [build.ratio(c("a"), c("b")), [2, NaN, NaN, -0]],
    [build.ratio(1, c("a")), [0.25, -1 / 9, NaN, NaN]],
  ],
  difference: [[build.difference(c("a"), c("b")), [2, -9, NaN, 0.5]]],
  sum: [
    [build.sum(c("a"), c("b"), c("c")), [7, -7, NaN, NaN]],
    [build.sum(c("flag"), c("other")), [2, 1, NaN, 1]],
  ],
  product: [[build.product(c("a"), c("b"), 10), [80, -0, NaN, -0]]],
  min: [[build.minimum(c("a"), c("b"), c("c")), [1, -9, NaN, NaN]]],
  max: [[build.maximum(c("a"), c("b")), [4, 0, NaN, 0]]],
  mean: [[build.meanOf(c("a"), c("b"), c("c")), [7 / 3, -7 / 3, NaN, NaN]]],
  trend: [
    [build.trend([c("a"), c("b"), c("c")]), [-1.5, 5.5, NaN, NaN]],
    [build.trend([c("a"), c("b")]), [-2, 9, NaN, -0.5]],
  ],
  coalesce: [[build.coalesce(c("a"), c("c"), 5), [4, -9, 3, 0]]],
  negate: [[build.negate(c("a")), [-4, 9, NaN, -0]]],
  abs: [[build.abs(c("a")), [4, 9, NaN, 0]]],
  log1p: [[build.log1p(c("a")), [Math.log1p(4), NaN, NaN, 0]]],
  sqrt: [[build.sqrt(c("a")), [2, NaN, NaN, 0]]],
  clip: [[build.clip(c("a"), -1, 3), [3, -1, NaN, 0]]],
  bucket: [[build.bucket(c("a"), [-9, 0, 5]), [2, 1, NaN, 2]]],
  equals: [
    [build.equals(c("x"), "Yes"), [1, 0, NaN, 0]],
    [build.equals(c("flag"), "true"), [1, 0, NaN, 1]],
  ],
  isIn: [[build.isIn(c("y"), ["Yes", "No"]), [1, 0, NaN, 1]]],
  countOf: [
    [build.countOf([c("x"), c("y")], "Yes"), [2, 0, NaN, 1]],
    [{ op: "countOf", args: [c("flag"), c("other")], parameters: { level: "false" } }, [0, 1, NaN, 1]],
  ],
  cross: [[build.cross(c("x"), c("y")), [0, -1, NaN, 6]]],
  isMissing: [
    [build.isMissing(c("a")), [0, 0, 1, 0]],
    [build.isMissing(c("x")), [0, 0, 1, 0]],
    [build.isMissing(c("from")), [0, 0, 1, 0]],
    [build.isMissing(c("note")), [0, 1, 0, 0]],
    [build.isMissing(build.ratio(c("a"), c("b"))), [0, 1, 1, 0]],
  ],
  daysBetween: [[dates.daysBetween(c("from"), c("to")), [1, 366.5, NaN, -1]]],
  daysSince: [[dates.daysSince(c("from"), "2024-03-31"), [31, 91, NaN, 8856]]],
  yearOf: [[dates.yearOf(c("to")), [2024, 2024, 2024, 1999]]],
  monthOf: [[dates.monthOf(c("from")), [2, 12, NaN, 1]]],
  dayOfMonth: [[dates.dayOfMonth(c("from")), [29, 31, NaN, 1]]],
  dayOfWeek: [[dates.dayOfWeek(c("from")), [4, 7, NaN, 6]]],
  seasonSine: [
    [dates.seasonality(c("from"), "year").sine, [59 / 366, 364 / 365, NaN, 0].map((p) => Math.sin(2 * Math.PI * p))],
  ],
  seasonCosine: [
    [dates.seasonality(c("from"), "week").cosine, [3 / 7, 6 / 7, NaN, 5 / 7].map((p) => Math.cos(2 * Math.PI * p))],
  ],
};

describe("operators", () => {
  it("each has a golden value", () => expect(Object.keys(golden).sort()).toEqual(Object.keys(operators).sort()));

  it.each(Object.entries(golden))("%s", (name, cases) => {
    for (const [expression, expected] of cases) {
      const found = values(expression);
      expect(found).toHaveLength(expected.length);
      found.forEach((value, i) => {
        if (Number.isNaN(expected[i])) expect(value, `${name}, row ${i}`).toBeNaN();
        else expect(value, `${name}, row ${i}`).toBeCloseTo(expected[i] ?? NaN, 12);
      });
    }
  });

  it("cross has a level for each pair", () => {
    const { levels } = evaluateExpression(build.cross(c("x"), c("y")), table);
    expect(levels).toHaveLength(9);
    expect([levels[0], levels[6]]).toEqual(["Yes & Yes", "No internet & Yes"]);
  });

  it("nested expressions share what they have in common", () => {
    const perMonth = build.ratio(c("a"), c("b"));
    expect(values(build.sum(perMonth, perMonth))[0]).toBe(4);
  });
});
