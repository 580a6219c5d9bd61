import { runInNewContext } from "node:vm";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Column, Contract } from "../../../src/data/contract/contract.js";
import { contractOf } from "../../../src/data/contract/from-zod.js";
import { inferContract } from "../../../src/data/contract/infer.js";
import { parseContract } from "../../../src/data/contract/parse-contract.js";
import { toTypeScript } from "../../../src/data/contract/typescript.js";
import { defineDataset, type Dataset } from "../../../src/data/dataset.js";

/** Runs printed source with the real zod, and gives the contract that it defines. */
function run(source: string): Contract {
  const { outputText, diagnostics } = ts.transpileModule(source, {
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS },
  });
  expect(diagnostics).toEqual([]);
  const exports: Record<string, Dataset | Contract> = {};
  const modules: Record<string, unknown> = { zod: { z }, "churnkit/data": { defineDataset, contractOf } };
  runInNewContext(outputText, { exports, require: (name: string) => modules[name], Date });
  const [made] = Object.values(exports).filter((value) => typeof value === "object");
  if (made === undefined) throw new Error(`nothing was exported by ${source}`);
  return "contract" in made ? made.contract : made;
}

/** A contract without what is seen in data only. */
function bare(contract: Contract): unknown {
  const columns = contract.columns.map((column): Column => ({
    ...column,
    ...("observed" in column ? { observed: undefined } : {}),
  }));
  return JSON.parse(JSON.stringify({ ...contract, origin: "declared", columns }));
}

function expectSame(contract: Contract): void {
  expect(bare(run(toTypeScript(contract)))).toEqual(bare(contract));
}

describe("the printed TypeScript", () => {
  it("is readable", () => {
    const rows = [
      ["1", "basic", "3", "No"],
      ["2", "plus", "NA", "Yes"],
    ];
    const { contract } = inferContract(["customer id", "plan", "tenure", "Churn"], rows, {
      name: "telco-churn.csv",
      target: "Churn",
      positive: "Yes",
      id: "customer id",
    });
    expect(toTypeScript(contract)).toBe(`import { z } from "zod";
import { defineDataset } from "churnkit/data";

export const telcoChurnDataset = defineDataset({
  name: "telco-churn.csv",
  schema: z.object({
    "customer id": z.string().nullable(),
    plan: z.enum(["basic", "plus"]).meta({ unseen: "unknown" }),
    tenure: z.number().nullable().meta({ missing: ["NA"] }),
    Churn: z.enum(["No", "Yes"]),
  }),
  id: "customer id",
  target: "Churn",
  positive: "Yes",
});
`);
  });

  it("gives the columns of an inferred contract again", () => {
    const names = ["id", "n", "r", "yes", "zip", "town", "day", "at", "flag", "gone", "one", "note", "Churn"];
    const rows = Array.from({ length: 120 }, (_, i) => [
      `K-${i}`,
      i % 7 ? String(i % 11) : "Unknown",
      String(i / 8),
      i % 2 ? "Yes" : "No",
      `0${i % 40}`,
      `town ${i % 60}`,
      "2024-01-31",
      `2024-01-${10 + (i % 9)}T10:00:00Z`,
      i % 3 ? "true" : "FALSE",
      "",
      "x",
      `the customer said a lot of things, number ${i}`,
      i % 4 ? "0" : "1",
    ]);
    const { contract } = inferContract(names, rows, { target: "Churn", positive: "1", name: "all kinds" });
    expect(new Set(contract.columns.map(({ kind }) => kind)).size).toBe(5);
    expectSame(contract);
    expectSame(inferContract(names, rows, { name: "no target" }).contract);
    expectSame(inferContract(names, rows, { id: ["id", "zip"], target: "yes", positive: "Yes" }).contract);
  });

  it("gives the columns of a declared contract again", () => {
    const date = new Date("2020-05-17T03:04:05.678Z");
    expectSame(
      contractOf(
        z.object({
          id: z.string(),
          a: z.int().min(0).max(72).meta({ unit: "months", description: 'a "quoted"\nline\u2028' }),
          b: z.number().gt(0).lt(1e21).multipleOf(0.01).optional(),
          c: z.number().min(-1.5).nullish().default(2),
          d: z.enum(["a", 'b"', "c\\d", "$" + "{x}`"]).default("a"),
          e: z.stringbool({ truthy: ["J"], falsy: ["N"], case: "sensitive" }).default(true),
          f: z.boolean().nullable(),
          g: z.date().min(date).max(new Date("2021-01-01T00:00:00Z")).default(date),
          h: z.date().min(date).meta({ precision: "date" }),
          i: z.iso.date().default("2024-01-01"),
          j: z.string().max(80).meta({ kind: "text", role: "ignored" }),
          k: z.string().meta({ missing: ["-"] }),
          m: z
            .number()
            .meta({ numberFormat: { decimal: ",", grouping: "'", prefix: "\u20ac" } })
            .nullable(),
          n: z.iso.date().meta({ dateFormat: "dd/MM/yyyy" }),
          l: z.enum(["x"]).or(z.string()),
          "not a name": z.literal([1, 2, 3]),
          y: z.boolean(),
        }),
        { name: 'it\'s a "name"', id: "id", target: "y", positive: true },
      ),
    );
  });

  it("cannot be left by hostile names and labels", () => {
    const contract = parseContract({
      format: 1,
      name: '"); process.exit(1); ("',
      origin: "declared",
      columns: [
        {
          name: '": z.any(), "a',
          kind: "category",
          levels: ['"]) //', "\u2029"].slice(0, 1),
          open: false,
          role: "feature",
          nullable: false,
          optional: false,
          missing: ["*/"],
        },
      ],
    });
    expectSame(contract);
  });
});
