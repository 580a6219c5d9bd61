import fc from "fast-check";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Column, Contract } from "../../src/data/contract/contract.js";
import { matchHeader } from "../../src/data/read/header.js";
import { rowBuffer } from "../../src/data/table/row-buffer.js";
import { JsonValue } from "../../src/base/json/value.js";
import { corrupt } from "../../src/model/corrupt.js";
import {
  assertSignature,
  compareSignatures,
  parseSignature,
  signatureChanges,
  signatureHash,
  signatureOf,
} from "../../src/registry/signature/signature.js";
import { sampleContract } from "../helpers/artifact.js";
import { contractPairs, records } from "./signature-contracts.js";
import { budget } from "../helpers/budget.js";

const jsonOf = (value: unknown) => JsonValue.parse(JSON.stringify(value), "signature.json", corrupt);
const before = signatureOf(sampleContract);
const refused = (code: string): Error => expect.objectContaining({ code }) as Error;

/** The sample contract with one column changed. */
function withColumn(name: string, changes: object): Contract {
  return {
    ...sampleContract,
    columns: sampleContract.columns.map((column) => (column.name === name ? { ...column, ...changes } : column)),
  };
}
const changesOf = (contract: Contract, from = before) =>
  compareSignatures(from, signatureOf(contract)).changes.map(({ column, change, breaking }) => [
    column,
    change,
    breaking,
  ]);

describe("signatureOf", () => {
  it("describes what is accepted, without what was learned from data", async () => {
    const again: Contract = {
      ...sampleContract,
      columns: sampleContract.columns.map((column): Column => {
        if (column.kind === "number") return { ...column, observed: { min: -5, max: 500 }, description: "other rows" };
        return column.name === "plan" && column.kind === "category" ? { ...column, levels: ["gold"] } : column;
      }),
    };
    expect(signatureOf(again)).toEqual(before);
    expect(await signatureHash(signatureOf(again))).toBe(await signatureHash(before));
    expect(before.inputs.map(({ name, kind, required, nullable }) => [name, kind, required, nullable])).toEqual([
      ["tenure", "number", true, false],
      ["charges", "number", true, true],
      ["paperless", "boolean", true, false],
      ["since", "date", true, false],
      ["plan", "category", true, true],
    ]);
    expect(before).toMatchObject({
      ids: ["customer"],
      output: { target: "churned", classes: ["No", "Yes"], positive: "Yes" },
    });
    expect(JSON.parse(JSON.stringify(before))).toEqual(before);
  });

  it("keeps the levels of a declared contract", () => {
    const declared = signatureOf({ ...sampleContract, origin: "declared" });
    expect(declared.inputs.find(({ name }) => name === "plan")).toMatchObject({
      levels: ["basic", "plus", "toString"],
      open: true,
    });
  });
});

describe("compareSignatures", () => {
  it("finds no change in the same contract", () =>
    expect(compareSignatures(before, before)).toEqual({ compatible: true, changes: [] }));

  const declared = (contract: Contract): Contract => ({ ...contract, origin: "declared" });
  const plan = (changes: object): Contract => declared(withColumn("plan", { open: false, ...changes }));
  const cases: readonly [string, Contract, Contract, unknown[][]][] = [
    ["a limit comes", sampleContract, withColumn("tenure", { min: 0 }), [["tenure", "rangeNarrowed", true]]],
    ["a limit goes", withColumn("tenure", { max: 9 }), sampleContract, [["tenure", "rangeWidened", false]]],
    [
      "a limit moves in on one side",
      withColumn("tenure", { min: 0, max: 9 }),
      withColumn("tenure", { min: -9, max: 8 }),
      [["tenure", "rangeNarrowed", true]],
    ],
    [
      "a limit is shut",
      withColumn("tenure", { min: 0 }),
      withColumn("tenure", { exclusiveMin: 0 }),
      [["tenure", "rangeNarrowed", true]],
    ],
    [
      "two limits say the same as one",
      withColumn("tenure", { min: 0, exclusiveMin: -1 }),
      withColumn("tenure", { min: 0 }),
      [],
    ],
    [
      "fractions are refused",
      sampleContract,
      withColumn("charges", { integer: true }),
      [["charges", "becameInteger", true]],
    ],
    [
      "fractions are accepted",
      sampleContract,
      withColumn("tenure", { integer: false }),
      [["tenure", "becameReal", false]],
    ],
    ["a step comes", sampleContract, withColumn("tenure", { multipleOf: 6 }), [["tenure", "stepChanged", true]]],
    ["a step goes", withColumn("tenure", { multipleOf: 6 }), sampleContract, [["tenure", "stepChanged", false]]],
    [
      "a format comes that reads plain numbers too",
      sampleContract,
      withColumn("charges", { numberFormat: { decimal: ".", grouping: ",", prefix: "$" } }),
      [["charges", "formatChanged", false]],
    ],
    [
      "a decimal comma comes",
      sampleContract,
      withColumn("charges", { numberFormat: { decimal: "," } }),
      [["charges", "formatChanged", true]],
    ],
    [
      "a format goes",
      withColumn("charges", { numberFormat: { decimal: ".", suffix: "%" } }),
      sampleContract,
      [["charges", "formatChanged", true]],
    ],
    [
      "marks between thousands come",
      withColumn("charges", { numberFormat: { decimal: "," } }),
      withColumn("charges", { numberFormat: { decimal: ",", grouping: "." } }),
      [["charges", "formatChanged", false]],
    ],
    [
      "an affix changes",
      withColumn("charges", { numberFormat: { decimal: ".", suffix: "%" } }),
      withColumn("charges", { numberFormat: { decimal: ".", suffix: "GB" } }),
      [["charges", "formatChanged", true]],
    ],
    [
      "what is default is no change",
      withColumn("charges", { numberFormat: { decimal: ",", accounting: false } }),
      withColumn("charges", { numberFormat: { decimal: "," } }),
      [],
    ],
    [
      "a date format comes",
      sampleContract,
      withColumn("since", { dateFormat: "dd/MM/yyyy" }),
      [["since", "formatChanged", false]],
    ],
    [
      "a date format comes that takes ISO dates for others",
      sampleContract,
      withColumn("since", { dateFormat: "yyyy-dd-MM" }),
      [["since", "formatChanged", true]],
    ],
    [
      "month first instead of day first",
      withColumn("since", { dateFormat: "dd/MM/yyyy" }),
      withColumn("since", { dateFormat: "MM/dd/yyyy" }),
      [["since", "formatChanged", true]],
    ],
    [
      "a unit changes",
      withColumn("tenure", { unit: "months" }),
      withColumn("tenure", { unit: "days" }),
      [["tenure", "unitChanged", true]],
    ],
    ["a unit is named", sampleContract, withColumn("tenure", { unit: "months" }), [["tenure", "unitChanged", false]]],
    [
      "a value is needed",
      sampleContract,
      withColumn("charges", { nullable: false }),
      [["charges", "becameNotNullable", true]],
    ],
    [
      "a value may be missing",
      sampleContract,
      withColumn("tenure", { nullable: true }),
      [["tenure", "becameNullable", false]],
    ],
    [
      "a column may be left out",
      sampleContract,
      withColumn("charges", { optional: true }),
      [["charges", "becameOptional", false]],
    ],
    [
      "a column may not be left out",
      withColumn("charges", { optional: true }),
      sampleContract,
      [["charges", "becameRequired", true]],
    ],
    [
      "a default stands in",
      sampleContract,
      withColumn("tenure", { default: 1 }),
      [
        ["tenure", "becameOptional", false],
        ["tenure", "becameNullable", false],
      ],
    ],
    ["another kind", sampleContract, withColumn("tenure", { kind: "text" }), [["tenure", "kindChanged", true]]],
    [
      "more missing texts",
      sampleContract,
      withColumn("charges", { missing: ["-"] }),
      [["charges", "missingAdded", false]],
    ],
    [
      "a label becomes missing where a value is needed",
      withColumn("plan", { nullable: false }),
      withColumn("plan", { nullable: false, missing: ["none"] }),
      [["plan", "missingAdded", true]],
    ],
    [
      "fewer missing texts",
      withColumn("charges", { missing: ["-"] }),
      sampleContract,
      [["charges", "missingRemoved", true]],
    ],
    [
      "a missing text becomes an unknown label",
      withColumn("plan", { missing: ["-"] }),
      sampleContract,
      [["plan", "missingRemoved", false]],
    ],
    [
      "a text for true goes",
      withColumn("paperless", { truthy: ["yes", "y"] }),
      sampleContract,
      [["paperless", "textsChanged", true]],
    ],
    [
      "a text for true comes",
      sampleContract,
      withColumn("paperless", { truthy: ["yes", "y"] }),
      [["paperless", "textsChanged", false]],
    ],
    [
      "true becomes false",
      sampleContract,
      withColumn("paperless", { truthy: ["no"], falsy: ["yes"] }),
      [["paperless", "textsChanged", true]],
    ],
    [
      "spelling matters",
      sampleContract,
      withColumn("paperless", { caseSensitive: true }),
      [["paperless", "textsChanged", true]],
    ],
    [
      "instants instead of days",
      sampleContract,
      withColumn("since", { precision: "datetime" }),
      [["since", "precisionChanged", false]],
    ],
    [
      "instants with the limit of days",
      withColumn("since", { max: 0 }),
      withColumn("since", { max: 0, precision: "datetime" }),
      [
        ["since", "rangeNarrowed", true],
        ["since", "precisionChanged", false],
      ],
    ],
    [
      "an earlier last day",
      withColumn("since", { max: 86_400_000 }),
      withColumn("since", { max: 0 }),
      [["since", "rangeNarrowed", true]],
    ],
    ["a level goes", plan({}), plan({ levels: ["basic", "plus"] }), [["plan", "levelsRemoved", true]]],
    [
      "a level comes",
      plan({ levels: ["basic"] }),
      plan({ levels: ["basic", "plus"] }),
      [["plan", "levelsAdded", false]],
    ],
    [
      "a level of an open column goes",
      declared(sampleContract),
      declared(withColumn("plan", { levels: ["basic"] })),
      [["plan", "levelsRemoved", false]],
    ],
    ["unknown levels are refused", declared(sampleContract), plan({}), [["plan", "becameClosed", true]]],
    ["unknown levels are accepted", plan({}), declared(sampleContract), [["plan", "becameOpen", false]]],
    [
      "shorter texts",
      withColumn("plan", { kind: "text" }),
      withColumn("plan", { kind: "text", maxLength: 9 }),
      [["plan", "lengthNarrowed", true]],
    ],
    [
      "longer texts",
      withColumn("plan", { kind: "text", maxLength: 9 }),
      withColumn("plan", { kind: "text", maxLength: 10 }),
      [["plan", "lengthWidened", false]],
    ],
    [
      "a column is taken out",
      sampleContract,
      withColumn("tenure", { role: "ignored" }),
      [["tenure", "inputRemoved", false]],
    ],
    ["a column is added", withColumn("tenure", { role: "ignored" }), sampleContract, [["tenure", "inputAdded", true]]],
    [
      "a column that may be absent is added",
      withColumn("charges", { role: "ignored" }),
      withColumn("charges", { optional: true }),
      [["charges", "inputAdded", false]],
    ],
    [
      "an id becomes an input",
      sampleContract,
      withColumn("customer", { role: "feature", optional: true }),
      [
        ["customer", "inputAdded", true],
        ["", "idsChanged", false],
      ],
    ],
    [
      "another order",
      sampleContract,
      { ...sampleContract, columns: [...sampleContract.columns].reverse() },
      [["", "inputsReordered", false]],
    ],
    [
      "another target",
      sampleContract,
      {
        ...withColumn("churned", { name: "left" }),
        target: { column: "left", classes: ["No", "Yes"], positive: "Yes" },
      },
      [["churned", "targetChanged", true]],
    ],
    [
      "another class",
      sampleContract,
      {
        ...withColumn("churned", { levels: ["No", "Yes", "Maybe"] }),
        target: { column: "churned", classes: ["No", "Yes", "Maybe"], positive: "Yes" },
      },
      [["churned", "classesChanged", true]],
    ],
    [
      "classes in another order",
      sampleContract,
      { ...sampleContract, target: { column: "churned", classes: ["Yes", "No"], positive: "Yes" } },
      [["churned", "classesChanged", false]],
    ],
    [
      "the other class is the positive one",
      sampleContract,
      { ...sampleContract, target: { column: "churned", classes: ["No", "Yes"], positive: "No" } },
      [["churned", "positiveChanged", true]],
    ],
  ];

  it.each(cases)("%s", (_, from, to, expected) => expect(changesOf(to, signatureOf(from))).toEqual(expected));

  it("has a case above for every kind of change", () => {
    const met = new Set(cases.flatMap(([, , , changes]) => changes.map(([, change]) => change)));
    expect([...met].sort()).toEqual(Object.keys(signatureChanges).sort());
  });

  it("says in words what changed", () => {
    const { changes } = compareSignatures(
      before,
      signatureOf(withColumn("tenure", { min: 0, exclusiveMax: 72, unit: "months" })),
    );
    expect(changes.map(({ message }) => message)).toEqual([
      'tenure is in "months" now, and was in no unit',
      "tenure is from 0 below 72 now, and was without limits",
    ]);
  });

  it("is compatible only where the row parser accepts what it accepted before", () => {
    let compatiblePairs = 0;
    let accepted = 0;
    fc.assert(
      fc.property(contractPairs, records, ([from, to], sent) => {
        if (!compareSignatures(signatureOf(from), signatureOf(to)).compatible) return;
        const known = new Set(
          from.columns.filter(({ role }) => role === "feature" || role === "id").map(({ name }) => name),
        );
        const mine = sent.map((record) =>
          Object.fromEntries(Object.entries(record).filter(([name]) => known.has(name))),
        );
        const table = rowBuffer(from, { capacity: mine.length }).fill(mine);
        const kept = [...table.rowNumbers].map((row) => mine[row]);
        compatiblePairs++;
        accepted += kept.length;
        expect(rowBuffer(to, { capacity: mine.length }).fill(kept).rejected).toEqual([]);
        const header = signatureOf(from)
          .inputs.filter(({ required }) => required)
          .map(({ name }) => name);
        expect(() => matchHeader(header, to, { target: "ignore", absent: "error", source: "file" })).not.toThrow();
      }),
      { numRuns: budget(300) },
    );
    // The property says nothing where no pair is compatible or no record is accepted.
    expect(compatiblePairs).toBeGreaterThan(25);
    expect(accepted).toBeGreaterThan(300);
  });

  it("finds a change exactly where the hashes differ", async () => {
    await fc.assert(
      fc.asyncProperty(contractPairs, async ([from, to]) => {
        const [a, b] = [signatureOf(from), signatureOf(to)];
        expect(compareSignatures(a, b).changes.length === 0).toBe(
          (await signatureHash(a)) === (await signatureHash(b)),
        );
      }),
      { numRuns: budget(300) },
    );
  });
});

describe("parseSignature", () => {
  it("reads what was written", () => {
    fc.assert(
      fc.property(contractPairs, ([contract]) => {
        const signature = signatureOf(contract);
        if (signature.inputs.length > 0) expect(parseSignature(jsonOf(signature))).toEqual(signature);
      }),
    );
    expect(parseSignature(jsonOf({ ...before, output: null })).output).toBeNull();
  });

  it("refuses anything else, naming the place", () => {
    const [first] = before.inputs;
    for (const wrong of [
      {},
      [],
      { ...before, inputs: 1 },
      { ...before, inputs: [{ ...first, required: 1 }] },
      { ...before, inputs: [{ ...first, more: 1 }] },
      { ...before, inputs: [first, first] },
      { ...before, output: { ...before.output, positive: "Perhaps" } },
      { ...before, ids: [7] },
    ]) {
      expect(() => parseSignature(jsonOf(wrong)), JSON.stringify(wrong)).toThrow(refused("BUNDLE_CORRUPT"));
    }
  });
});

describe("assertSignature", () => {
  it("passes a compatible model and names what breaks", () => {
    expect(() => assertSignature(before, signatureOf(withColumn("tenure", { integer: false })))).not.toThrow();
    const other = signatureOf({
      ...withColumn("tenure", { min: 0 }),
      target: { column: "churned", classes: ["No", "Yes"], positive: "No" },
    });
    expect(() => assertSignature(before, other)).toThrow(refused("SIGNATURE_MISMATCH"));
    expect(() => assertSignature(before, other)).toThrow(/tenure is from 0 now.*; the probability is that of "No" now/);
  });
});

it("docs/signatures.md lists every kind of change", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/signatures.md"), "utf8");
  const rows = [...page.matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)].map(([, name, meaning = ""]) => [
    name,
    meaning.trim(),
  ]);
  expect(rows).toEqual(Object.entries(signatureChanges));
});
