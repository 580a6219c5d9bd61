import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { uniform } from "../../src/base/random.js";
import type { Column, Contract } from "../../src/data/contract/contract.js";
import { compileEncoders } from "../../src/data/features/encode.js";
import { defineFeatures } from "../../src/data/features/define.js";
import { column, isMissing, ratio } from "../../src/data/features/expressions/builders.js";
import { daysSince } from "../../src/data/features/expressions/date-builders.js";
import { fitRecipe } from "../../src/data/features/fit/fit-recipe.js";
import type { Recipe } from "../../src/data/features/recipe.js";
import { tableFromRecords } from "../../src/data/read/records.js";
import type { ModelNode } from "../../src/model/artifact.js";
import { initialWeights } from "../../src/model/kinds/network/initial-weights.js";
import { compile } from "../../src/model/scoring/compile.js";
import { budget } from "../helpers/budget.js";
import { churnSpec } from "../helpers/networks.js";

/*
 * A scorer encodes a record of which there is nothing to say without a table. It declines a record whose prototype is not an
 * object's own, which then goes through a table: so each record scores as it is, and again with such a prototype.
 */

const names = ["amount", "café", "toString", "plan", "area", "agreed", "since", "note", "count", "x"] as const;
const days = { min: Date.UTC(2020, 0, 1), max: Date.UTC(2024, 0, 1) };
const flag = fc.boolean();

const common = fc.record({
  role: fc.constantFrom("feature" as const, "feature" as const, "feature" as const, "ignored" as const, "id" as const),
  nullable: flag,
  optional: flag,
  missing: fc.constantFrom([], ["n/a", "-999"]),
});
const kinds: Readonly<Record<Column["kind"], fc.Arbitrary<Record<string, unknown>>>> = {
  number: fc.record(
    {
      integer: flag,
      min: fc.constant(-50),
      max: fc.constant(100),
      exclusiveMin: fc.constant(-60),
      multipleOf: fc.constantFrom(0.5, 1),
      observed: fc.constant({ min: -10, max: 40 }),
      default: fc.constantFrom(0, 12),
    },
    { requiredKeys: ["integer"] },
  ),
  boolean: fc.record({
    truthy: fc.constant(["yes", "true"]),
    falsy: fc.constant(["no", "0"]),
    caseSensitive: flag,
  }),
  date: fc.record(
    {
      precision: fc.constantFrom("date", "datetime"),
      observed: fc.constant(days),
      min: fc.constant(0),
      dateFormat: fc.constant("dd/MM/yyyy"),
    },
    { requiredKeys: ["precision"] },
  ),
  category: fc.record(
    {
      levels: fc.constantFrom(["a", "b", "é"], ["a", "toString", "__proto__"]),
      open: flag,
      default: fc.constant("a"),
      defaultFor: fc.constant("absent"),
    },
    { requiredKeys: ["levels", "open"] },
  ),
  text: fc.record({ maxLength: fc.constant(20) }, { requiredKeys: [] }),
};
const kindNames = Object.keys(kinds) as Column["kind"][];

const contracts: fc.Arbitrary<Contract> = fc
  .tuple(
    ...names.map((name) =>
      fc
        .constantFrom(...kindNames)
        .chain((kind) =>
          fc.tuple(common, kinds[kind]).map(([some, more]) => ({ ...some, ...more, name, kind }) as unknown as Column),
        ),
    ),
  )
  .map((columns) => ({
    format: 1,
    name: "any",
    origin: "declared",
    columns: [
      ...columns,
      {
        name: "left",
        kind: "category",
        role: "target",
        levels: ["no", "yes"],
        open: false,
        nullable: false,
        optional: false,
        missing: [],
      },
    ],
    target: { column: "left", classes: ["no", "yes"], positive: "yes" },
  }));

const usual: Readonly<Record<Column["kind"], fc.Arbitrary<unknown>>> = {
  number: fc.integer({ min: -9, max: 40 }),
  boolean: fc.boolean(),
  date: fc
    .date({ min: new Date(days.min), max: new Date(days.max), noInvalidDate: true })
    .map((day) => day.toISOString()),
  category: fc.constantFrom("a", "b"),
  text: fc.constantFrom("some", "other"),
};
const absent = Symbol("absent");
const weird = fc.oneof(
  fc.constant(absent),
  fc.constantFrom<unknown>(
    ...[
      null,
      undefined,
      "",
      " ",
      "n/a",
      -999,
      "-999",
      "12",
      " 7.5 ",
      "1e3",
      -0,
      0.25,
      1e300,
      NaN,
      Infinity,
      2 ** 53,
      12n,
    ],
    ...["Yes", "TRUE", "no", true, false, 1, 0, "a ", "é", "é".normalize("NFD"), "never seen", "toString", "__proto__"],
    ...["2021-02-30", "2021-03-31", "31/03/2021", "1999-01-01T10:00:00Z", new Date(days.min), new Date(NaN)],
    ...[[], {}, () => 1, Symbol("s"), "x".repeat(200), 2n ** 70n],
  ),
  fc.double(),
  fc.string(),
);

type Shape = (record: Record<string, unknown>) => Record<string, unknown>;
/** What callers may do to a record. */
const shapes: Readonly<Record<string, Shape>> = {
  plain: (record) => record,
  reversed: (record) => Object.fromEntries(Object.entries(record).reverse()),
  "without prototype": (record) => Object.assign(Object.create(null) as object, record),
  inherited: (record) => Object.create(record) as Record<string, unknown>,
  "with a getter": (record) => Object.defineProperty({ ...record }, "amount", { get: () => 3, enumerable: true }),
  "with a hidden key": (record) => Object.defineProperty({ ...record }, "x", { value: 3, enumerable: false }),
  "with __proto__": (record) => Object.defineProperty({ ...record }, "__proto__", { value: 1, enumerable: true }),
};
const anyShape = fc.oneof({ weight: 6, arbitrary: fc.constant("plain") }, fc.constantFrom(...Object.keys(shapes)));

/** Records that mostly keep a contract. */
function recordsOf({ columns }: Contract): fc.Arbitrary<Record<string, unknown>> {
  const values = Object.fromEntries(columns.map(({ name, kind }) => [name, usual[kind]]));
  const kept = fc.record(values, { requiredKeys: columns.filter(({ optional }) => !optional).map(({ name }) => name) });
  const keys = fc.constantFrom(...names, "Amount", "café".normalize("NFD"), "extra", "left");
  const changes = fc.array(fc.tuple(keys, weird), { maxLength: 2 });
  return fc.tuple(kept, changes, anyShape).map(([record, changed, shape]) => {
    const all = Object.entries({ ...record, ...Object.fromEntries(changed) });
    return (shapes[shape] as Shape)(Object.fromEntries(all.filter(([, value]) => value !== absent)));
  });
}

/** The same record, but not the plain object that the scorer's short way takes. */
const notPlain = (record: object): object =>
  Object.create(
    Object.create(Object.getPrototypeOf(record) as object | null) as object,
    Object.getOwnPropertyDescriptors(record),
  ) as object;

/** Models of every kind, of no use but to turn features into bits. */
function modelsOf(inputs: number, seed: number): ModelNode[] {
  const random = uniform(seed);
  const spec = churnSpec(inputs);
  const network: ModelNode = { kind: "network", spec, weights: initialWeights(spec, seed) };
  const linear: ModelNode = {
    kind: "linear",
    weights: Array.from({ length: inputs }, () => random() - 0.5),
    bias: 0.1,
  };
  const stumps = Array.from({ length: 8 }, (_, i) => i);
  const trees = (link: "logistic" | "identity"): ModelNode => ({
    kind: "trees",
    inputs,
    link,
    bias: 0.2,
    roots: Uint32Array.from(stumps, (i) => 3 * i),
    features: Int32Array.from(stumps.flatMap(() => [Math.floor(random() * inputs), -1, -1])),
    values: Float32Array.from(stumps.flatMap(() => [random() - 0.3, random() - 0.5, random() - 0.5])),
    right: Uint32Array.from(stumps.flatMap((i) => [3 * i + 2, 0, 0])),
  });
  const [boosted, forest] = [trees("logistic"), trees("identity")];
  return [linear, boosted, forest, network, { kind: "ensemble", members: [network, linear, boosted, network] }];
}

/** A recipe with derived columns, fitted on what of the records keeps the contract; undefined where nothing is left to fit. */
function recipeOf(contract: Contract, records: readonly object[]): Recipe | undefined {
  const kindOf = (kind: Column["kind"]): string[] =>
    contract.columns.flatMap((one) => (one.kind === kind && one.role === "feature" ? [one.name] : []));
  const [a, b = a] = kindOf("number");
  const [day] = kindOf("date");
  const [note] = kindOf("text");
  try {
    const features = defineFeatures(contract, {
      derive: () => ({
        ...(a !== undefined && b !== undefined ? { rate: ratio(column(a), column(b)) } : {}),
        ...(day !== undefined ? { age: daysSince(column(day), "2024-01-01") } : {}),
        ...(note !== undefined ? { silent: isMissing(column(note)) } : {}),
      }),
    });
    return fitRecipe(features, tableFromRecords(contract, records), { seed: 1 }).recipe;
  } catch {
    return undefined;
  }
}

describe("a record scored without a table", () => {
  it("has the score and the issues that it has by way of one, whatever contract, recipe, model and record", async () => {
    const cases = contracts.chain((contract) =>
      fc.record({
        contract: fc.constant(contract),
        training: fc.array(recordsOf(contract), { minLength: 40, maxLength: 40 }),
        records: fc.array(recordsOf(contract), { minLength: 20, maxLength: 20 }),
        model: fc.nat(4),
        seed: fc.nat(1000),
        calibration: fc.constantFrom(
          { kind: "identity" as const },
          { kind: "platt" as const, slope: 1.2, intercept: -0.3 },
        ),
      }),
    );
    let scored = 0;
    await fc.assert(
      fc.asyncProperty(cases, async ({ contract, training, records, model: kind, seed, calibration }) => {
        const recipe = recipeOf(
          contract,
          training.map((record, i) => ({ ...record, left: i % 2 ? "yes" : "no" })),
        );
        fc.pre(recipe !== undefined);
        const { encoder, encodePlain } = compileEncoders(recipe, contract);
        const model = modelsOf(encoder.width, seed)[kind] as ModelNode;
        const decision = { threshold: 0.5, rule: "f1" } as const;
        const scorer = await compile({ contract, recipe, model, calibration, decision });
        const row = new Float32Array(encoder.width);
        const alone = records.map((record) => {
          const result = scorer.scoreRecord(record);
          expect(said(result)).toEqual(said(scorer.scoreRecord(notPlain(record))));
          expect(encodePlain(notPlain(record), row, 0)).toBe(false);
          if (encodePlain(record, row, 0)) {
            scored++;
            const table = tableFromRecords(contract, [record], { target: "ignore" });
            expect(new Uint32Array(row.buffer)).toEqual(new Uint32Array(encoder.encode(table).buffer));
            expect(result.issues).toEqual([]);
          }
          return result;
        });
        expect(scorer.scoreRecords(records).map(said)).toEqual(alone.map(said));
        const limited = { mostIssues: 3 };
        expect(scorer.scoreRecords(records, limited).map(said)).toEqual(
          scorer.scoreRecords(records.map(notPlain), limited).map(said),
        );
      }),
      { numRuns: budget(60) },
    );
    expect(scored).toBeGreaterThan(budget(60));
  });
});

/** A result as plain data, with the bits of its probability. */
function said({
  probability,
  label,
  issues,
}: {
  probability: number | null;
  label: string | null;
  issues: readonly object[];
}) {
  return {
    bits: probability === null ? null : new BigUint64Array(Float64Array.of(probability).buffer)[0],
    label,
    issues: issues.map((issue) => ({ ...(JSON.parse(JSON.stringify(issue)) as object) })),
  };
}
