import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { contractHash } from "../../src/data/contract/contract-hash.js";
import type { Column } from "../../src/data/contract/contract.js";
import { compileRecipe } from "../../src/data/features/encode.js";
import { toSql } from "../../src/export/index.js";
import { compile } from "../../src/model/scoring/compile.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";
import { expectAgreement } from "../helpers/exported-answer.js";
import { Chance, randomArtifact, randomRecord, randomTrees, type Scored } from "../helpers/random-artifact.js";
import { trinoAnswers } from "../helpers/trino.js";

type Rows = readonly Readonly<Record<string, string | number | boolean | null>>[];

interface Case {
  readonly artifact: Scored;
  readonly rows: Rows;
  readonly tolerance: number;
}

const name = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const types = { number: "DOUBLE", boolean: "VARCHAR", date: "DATE", category: "VARCHAR", text: "VARCHAR" } as const;

/** A column's values as an array that Trino does not put into the expressions. */
function arrayOf({ name, kind }: Column, rows: Rows): string {
  const values = rows.map((row) => {
    const value = row[name] ?? null;
    return value === null ? "NULL" : `'${String(value).replaceAll("'", "''")}'`;
  });
  return `CAST(ARRAY[${values.join(", ")}] AS ARRAY(${types[kind]}))`;
}

/** The query of a case, with its rows in the place of a table. */
function queryOf({ artifact, rows }: Case): string {
  const columns = artifact.contract.columns.filter(({ role }) => role === "feature");
  const arrays = [`ARRAY[${rows.map((_, i) => i).join(", ")}]`, ...columns.map((column) => arrayOf(column, rows))];
  const names = ["place", ...columns.map((column) => name(column.name))];
  const table = `"the customers" AS (SELECT * FROM UNNEST(${arrays.join(",\n")}) AS t(${names.join(", ")}))`;
  return toSql(artifact, { table: "the customers", keys: ["place"] }).replace(/^WITH /, () => `WITH ${table},\n`);
}

function randomCase(seed: number): Case {
  const chance = new Chance(seed);
  const inexact = chance.is();
  const classes = chance.one([
    ["No", "it's"],
    ["it's", "No", "IT'S", 'say "hi"'],
  ]);
  const artifact = randomArtifact(chance, { kinds: ["linear", "trees"], inexact, classes });
  const rows = chance.list(8, () => randomRecord(chance, artifact.contract));
  return { artifact, rows, tolerance: inexact ? 1e-6 : 1e-9 };
}

/** Trees of thousands of nodes over a category of thousands of labels: Trino would not compile that as one expression. */
async function largeCase(): Promise<Case> {
  const sample = await sampleArtifact({ networks: 0 });
  const levels = Array.from({ length: 1500 }, (_, i) => `plan ${i}`);
  const columns = sample.contract.columns.map((column): Column =>
    column.kind === "category" && column.name === "plan" ? { ...column, levels } : column,
  );
  const contract = { ...sample.contract, columns };
  const target = { kind: "target", input: "plan", levels, values: levels.map((_, i) => i / 1000) } as const;
  const blocks = [...sample.recipe.blocks, { ...target, otherwise: 0.3, missing: -0.7 }];
  const recipe = { ...sample.recipe, blocks, contractHash: contractHash(contract) };
  const { width } = compileRecipe(recipe, contract);
  const model = randomTrees(new Chance(1), width, { trees: 70, depth: 6 });
  const rows = sampleRecords(40).map((row, i) => ({ ...row, plan: `plan ${i * 40}` }));
  return { artifact: { ...sample, contract, recipe, model }, rows, tolerance: 1e-9 };
}

describe("a model as SQL, in Trino", async () => {
  const cases = [...Array.from({ length: 30 }, (_, seed) => randomCase(seed)), await largeCase()];
  const answers = await trinoAnswers(resolve(import.meta.dirname, "trino/answers.json"), cases.map(queryOf));

  it.each(cases.map((each, i) => [i, each] as const))(
    "scores case %i as the library",
    async (i, { artifact, rows, tolerance }) => {
      const scorer = await compile(artifact);
      const found = answers[i];
      if (typeof found === "string" || found === undefined) throw new Error(found);
      expect(found.map(([place]) => place).sort((a, b) => Number(a) - Number(b))).toEqual([...rows.keys()]);
      const none = { probability: null, label: null };
      for (const [place, probability, label, ...classes] of found) {
        const expected = scorer.scoreRecord(rows[Number(place)]);
        expectAgreement({ probability, label, classes }, expected, artifact, { tolerance, none });
      }
    },
  );
});
