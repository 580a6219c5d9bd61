import fc from "fast-check";
import type { Column } from "../../../src/data/contract/contract.js";
import { daysBetween, seasonality } from "../../../src/data/features/expressions/date-builders.js";
import {
  column,
  cross,
  countOf,
  isMissing,
  log1p,
  ratio,
  trend,
} from "../../../src/data/features/expressions/builders.js";
import { defineFeatures, type Features } from "../../../src/data/features/define.js";
import type { Table } from "../../../src/data/table/table.js";
import {
  booleanColumn,
  categoryColumn,
  contractOfColumns,
  dateColumn,
  numberColumn,
  tableOf,
  textColumn,
  type Value,
} from "./tables.js";

const columns: readonly Column[] = [
  numberColumn("plain"),
  numberColumn("wild"),
  numberColumn("few"),
  booleanColumn("flag"),
  dateColumn("signup"),
  { ...dateColumn("left"), optional: true },
  categoryColumn("plan", ["a", "b", "c"]),
  categoryColumn("area", ["a", "b"], true),
  categoryColumn("open", [], true),
  textColumn("note"),
];

export const anyContract = contractOfColumns(columns);

const gap = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values, { freq: 4 });
const label = (labels: readonly string[]): fc.Arbitrary<Value> => gap(fc.constantFrom(...labels));
const day = gap(fc.date({ noInvalidDate: true, min: new Date("0001-01-01"), max: new Date("9999-12-31") })).map(
  (date) => date?.getTime() ?? null,
);

const cells: Readonly<Record<string, fc.Arbitrary<Value>>> = {
  plain: gap(fc.double({ min: -100, max: 100, noNaN: true })),
  wild: gap(fc.double({ noNaN: true, noDefaultInfinity: true })),
  few: gap(fc.constantFrom(0, 1, 2, 3)),
  flag: gap(fc.boolean()),
  signup: day,
  left: day,
  plan: label(["a", "b", "c"]),
  area: label(["a", "b", "unseen", "__proto__", ""]),
  open: label(Array.from({ length: 60 }, (_, i) => `level ${i}`)),
  note: gap(fc.string()),
  churn: fc.constantFrom("no", "yes"),
};

/** A column that is mostly ordinary, and sometimes missing throughout or the same throughout. */
const columnOf = (cell: fc.Arbitrary<Value>, rows: number): fc.Arbitrary<Value[]> =>
  fc.oneof(
    { weight: 8, arbitrary: fc.array(cell, { minLength: rows, maxLength: rows }) },
    { weight: 1, arbitrary: fc.constant(Array<Value>(rows).fill(null)) },
    { weight: 1, arbitrary: cell.map((value) => Array<Value>(rows).fill(value)) },
  );

/** Any table of the contract above: all kinds, gaps, absurd numbers, labels never declared, an optional column absent. */
export function anyTable(minRows: number, maxRows: number): fc.Arbitrary<Table> {
  return fc
    .integer({ min: minRows, max: maxRows })
    .chain((rows) =>
      fc.record(Object.fromEntries(Object.entries(cells).map(([name, cell]) => [name, columnOf(cell, rows)])), {
        requiredKeys: Object.keys(cells).filter((name) => name !== "left"),
      }),
    )
    .map((values) => tableOf(anyContract, values));
}

/** Every way of encoding, chosen at random. */
export const anyFeatures: fc.Arbitrary<Features> = fc
  .record({
    numeric: fc.constantFrom("standard" as const, "piecewise" as const, "both" as const),
    plain: fc.constantFrom("auto", "standard", "log", "quantile", "piecewise"),
    wild: fc.constantFrom("auto", "standard", "log", "quantile", "piecewise"),
    plan: fc.constantFrom("auto", "target", "frequency", "oneHot"),
    area: fc.constantFrom("auto", "target", "frequency", "oneHot"),
    impute: fc.constantFrom("median" as const, "mean" as const, 0, 1e300),
  })
  .map(({ numeric, plain, wild, plan, area, impute }) =>
    defineFeatures(anyContract, {
      numeric,
      derive: () => ({
        rate: ratio(column("plain"), column("few")),
        absurd: ratio(column("wild"), 1e-300),
        slope: trend([column("plain"), column("few"), column("wild")]),
        stay: daysBetween(column("signup"), column("left")),
        season: seasonality(column("signup"), "week").sine,
        logarithm: log1p(column("wild")),
        both: cross(column("plan"), column("area")),
        gone: isMissing(column("note")),
        as: countOf([column("plan"), column("area")], "a"),
      }),
      columns: {
        plain: { encode: plain },
        wild: { encode: wild, impute },
        plan: { encode: plan },
        area: { encode: area },
      },
    }),
  );
