import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Column, Contract } from "../../src/data/contract/contract.js";
import { contractHash } from "../../src/data/contract/contract-hash.js";
import { compileRecipe } from "../../src/data/features/encode.js";
import { toSql } from "../../src/export/index.js";
import { importTrees } from "../../src/model/import/import-trees.js";
import { compile } from "../../src/model/scoring/compile.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";
import { budget } from "../helpers/budget.js";
import { expectAgreement, type ExportedAnswer } from "../helpers/exported-answer.js";
import { foreignFile, foreignModels, foreignRecords, foreignRows } from "../helpers/foreign-trees.js";
import { Chance, randomArtifact, randomRecord, type Scored } from "../helpers/random-artifact.js";

const width = ({ recipe, contract }: Scored): number => compileRecipe(recipe, contract).width;

type Rows = readonly Record<string, string | number | boolean | null>[];

let database: Awaited<ReturnType<Awaited<ReturnType<typeof DuckDBInstance.create>>["connect"]>>;
beforeAll(async () => {
  database = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
});
afterAll(() => database.closeSync());

const types = { number: "DOUBLE", boolean: "VARCHAR", date: "DATE", category: "VARCHAR", text: "VARCHAR" } as const;
const name = (text: string): string => `"${text.replaceAll('"', '""')}"`;

function literal(column: Column, value: Rows[number][string] | undefined): string {
  if (value === null || value === undefined) return "NULL";
  if (column.kind === "number") return `CAST('${String(value)}' AS DOUBLE)`;
  return `'${String(value).replaceAll("'", "''")}'`;
}

/** Makes a table of the records, with their places as ids. */
async function fill({ columns }: Contract, rows: Rows): Promise<void> {
  const read = columns.filter(({ role }) => role === "feature");
  await database.run(
    `CREATE OR REPLACE TABLE "the customers" (place INTEGER, ${read.map((each) => `${name(each.name)} ${types[each.kind]}`).join(", ")})`,
  );
  const values = rows.map((row, i) => `(${[i, ...read.map((each) => literal(each, row[each.name]))].join(", ")})`);
  await database.run(`INSERT INTO "the customers" VALUES ${values.join(", ")}`);
}

/** The answers of a model in DuckDB, in the order of the records. */
async function query(artifact: Scored, rows: Rows): Promise<ExportedAnswer[]> {
  await fill(artifact.contract, rows);
  const sql = toSql(artifact, { table: "the customers", keys: ["place"], dialect: "duckdb" });
  const found = (await (await database.run(sql)).getRows()) as [number, ...unknown[]][];
  return found.sort(([a], [b]) => a - b).map(([, probability, label, ...classes]) => ({ probability, label, classes }));
}

describe("a model as SQL", () => {
  it(
    "scores in DuckDB as the library, to 1e-9",
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), async (seed) => {
          const chance = new Chance(seed);
          // A database's logarithm may be off by a bit, and then, once in many millions, a feature by a bit of float32.
          const inexact = chance.is();
          const tolerance = inexact ? 1e-6 : 1e-9;
          const classes = chance.one([
            ["No", "it's"],
            ["it's", "No", "IT'S", 'say "hi"'],
          ]);
          const artifact = randomArtifact(chance, { kinds: ["linear", "trees"], inexact, classes });
          const rows = chance.list(25, () => randomRecord(chance, artifact.contract));
          const scorer = await compile(artifact);
          const answers = await query(artifact, rows);
          rows.forEach((row, i) => {
            const none = { probability: null, label: null };
            expectAgreement(answers[i], scorer.scoreRecord(row), artifact, { tolerance, none });
          });
        }),
        { numRuns: budget(12) },
      );
    },
    budget(60_000),
  );

  it.each(["xgboost", "lightgbm"])("scores an imported model of %s", async (model) => {
    const { artifact, scorer } = await importTrees(foreignFile(foreignModels[model]?.file ?? ""), foreignRows);
    const rows = foreignRecords.slice(0, 100);
    const answers = await query(artifact, rows);
    const none = { probability: null, label: null };
    rows.forEach((row, i) => expectAgreement(answers[i], scorer.scoreRecord(row), artifact, { tolerance: 1e-9, none }));
  });

  it("has infinite numbers where the library has them", async () => {
    const number = {
      kind: "number",
      role: "feature",
      nullable: false,
      optional: false,
      missing: [],
      integer: false,
    } as const;
    const sample = await sampleArtifact({ networks: 0 });
    const target = sample.contract.columns.filter(({ role }) => role === "target");
    const contract = { ...sample.contract, columns: [{ ...number, name: "a" }, { ...number, name: "b" }, ...target] };
    const args = ["a", "b"].map((name) => ({ op: "column", name }) as const);
    const derived = (["ratio", "product"] as const).flatMap((op) => {
      const inner = { op, args } as const;
      return [
        { name: op, expression: inner },
        { name: `log of ${op}`, expression: { op: "log1p", args: [inner] } as const },
        { name: `difference of ${op}`, expression: { op: "difference", args: [inner, inner] } as const },
      ];
    });
    const blocks = derived.map(({ name }, i) => ({
      ...({ kind: "numeric", input: name, impute: 3 + i, indicator: true, transform: "identity" } as const),
      ...{ knots: [], scores: [], center: 1, scale: 0.1 },
    }));
    const recipe = { format: 1, contractHash: contractHash(contract), derived, blocks } as const;
    const model = { kind: "linear", bias: 0, weights: blocks.flatMap((_, i) => [0.1 + i / 50, i / 10]) } as const;
    const infinite = { ...sample, contract, recipe, model };
    const numbers = [1e300, -1e300, 5e-324, 0, 1];
    const rows = numbers.flatMap((a) => numbers.map((b) => ({ a, b })));
    const scorer = await compile(infinite);
    const answers = await query(infinite, rows);
    rows.forEach((row, i) => {
      expect(
        Math.abs(Number(answers[i]?.probability ?? NaN) - (scorer.scoreRecord(row).probability ?? NaN)),
      ).toBeLessThan(1e-9);
    });
  });

  it("adds up many terms in steps", async () => {
    const artifact = await sampleArtifact({ networks: 0 });
    const leaves = Array.from({ length: 1500 }, (_, i) => (i % 7) / 1000 - 0.002);
    const model: Scored["model"] = {
      ...{ kind: "trees", inputs: width(artifact), link: "logistic", bias: 0.25 },
      roots: Uint32Array.from(leaves.keys()),
      features: new Int32Array(leaves.length).fill(-1),
      values: Float32Array.from(leaves),
      right: new Uint32Array(leaves.length),
    };
    const rows = sampleRecords(3);
    const scorer = await compile({ ...artifact, model });
    const answers = await query({ ...artifact, model }, rows);
    expect(answers.map(({ probability }) => probability)).toEqual(
      rows.map((row) => expect.closeTo(scorer.scoreRecord(row).probability ?? NaN, 12) as number),
    );
  });

  it("names no two columns of its answer alike", async () => {
    const artifact = await sampleArtifact({ networks: 0 });
    await fill(artifact.contract, sampleRecords(1));
    const view = `CREATE OR REPLACE VIEW keyed AS SELECT *, 1 AS "Label", 2 AS probability, 3 AS probability_ FROM "the customers"`;
    await database.run(view);
    const keys = ["place", "Label", "probability", "probability_"];
    const sql = toSql(artifact, { table: "keyed", keys, dialect: "duckdb" });
    expect((await database.run(sql)).columnNames()).toEqual([...keys, "probability__", "label_"]);
    await database.run(`CREATE OR REPLACE TABLE scores AS ${sql}`);
  });

  it("refuses a network, and what is too long for Athena", async () => {
    const network = await sampleArtifact({ networks: 1 });
    expect(() => toSql(network)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }) as Error);
    const linear = await sampleArtifact({ networks: 0 });
    const levels = Array.from({ length: 9000 }, (_, i) => `a label of many, number ${i}`);
    const columns = linear.contract.columns.map((column) =>
      column.kind === "category" && column.role === "feature" ? { ...column, open: false, levels } : column,
    );
    const contract = { ...linear.contract, columns };
    const long = { ...linear, contract, recipe: { ...linear.recipe, contractHash: contractHash(contract) } };
    expect(() => toSql(long)).toThrow(/Athena takes 262144/);
    expect(toSql(long, { dialect: "duckdb" }).length).toBeGreaterThan(262_144);
  });
});
