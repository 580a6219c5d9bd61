import fc from "fast-check";
import { InferenceSession, Tensor, env } from "onnxruntime-web";
import { describe, expect, it } from "vitest";
import type { Column } from "../../src/data/contract/contract.js";
import { contractHash } from "../../src/data/contract/contract-hash.js";
import { toJavaScript, toOnnx } from "../../src/export/index.js";
import { importTrees } from "../../src/model/import/import-trees.js";
import { compile, type ScoredRecord } from "../../src/model/scoring/compile.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";
import { budget } from "../helpers/budget.js";
import { expectAgreement } from "../helpers/exported-answer.js";
import { foreignFile, foreignRecords, foreignRows } from "../helpers/foreign-trees.js";
import { Chance, randomArtifact, randomRecord, type Scored } from "../helpers/random-artifact.js";

env.wasm.numThreads = 1;
env.logLevel = "error";

type Row = Readonly<Record<string, string | number | boolean | null>>;

/** A column's values as the model's input takes them. */
function tensorOf({ name, kind }: Column, rows: readonly Row[]): Tensor {
  const values = rows.map((row) => row[name]);
  if (kind === "category" || kind === "text") {
    const texts = values.map((value) => (value === null ? "" : String(value).trim()));
    return new Tensor("string", texts, [rows.length, 1]);
  }
  const numbers = values.map((value) =>
    value === null || value === undefined ? NaN : kind === "date" ? Date.parse(String(value)) : Number(value),
  );
  return new Tensor("float64", Float64Array.from(numbers), [rows.length, 1]);
}

async function score(
  artifact: Scored,
  rows: readonly Row[],
  outputs: readonly string[] = ["probability", "label", "probabilities"],
  int8 = false,
) {
  const session = await InferenceSession.create(toOnnx(artifact, { int8 }), { graphOptimizationLevel: "basic" });
  const columns = artifact.contract.columns.filter(({ name }) => session.inputNames.includes(name));
  const found = await session.run(Object.fromEntries(columns.map((column) => [column.name, tensorOf(column, rows)])));
  const [probability, label, classes] = outputs.map((name) => found[name]);
  await session.release();
  const width = classes?.dims[1] ?? 0;
  return rows.map((_, i) => ({
    probability: (probability?.data as Float64Array)[i],
    label: (label?.data as unknown as string[])[i],
    classes: [...((classes?.data as Float64Array | undefined)?.slice(i * width, (i + 1) * width) ?? [])],
  }));
}

/** The outputs for a row that breaks the contract. */
const none = { probability: NaN, label: "" };

/** A record as the model's inputs can have it: booleans are numbers, and a number is never NaN. */
const asInputs = ({ columns }: Scored["contract"], row: Row): Row =>
  Object.fromEntries(
    columns.flatMap(({ name, kind }) => {
      const value = row[name] ?? null;
      if (kind === "boolean") return [[name, typeof value === "boolean" ? value : null]];
      return [[name, typeof value === "number" && Number.isNaN(value) ? null : value]];
    }),
  );

describe("a model as ONNX", () => {
  it(
    "scores in onnxruntime as the library, to 1e-5",
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), async (seed) => {
          const chance = new Chance(seed);
          const classes = chance.one([
            ["No", "it's"],
            ["it's", "No", 'say "hi"'],
          ]);
          const artifact = randomArtifact(chance, { classes });
          const rows = chance.list(40, () => asInputs(artifact.contract, randomRecord(chance, artifact.contract)));
          const scorer = await compile(artifact);
          const found = await score(artifact, rows);
          rows.forEach((row, i) => {
            expectAgreement(found[i], scorer.scoreRecord(row), artifact, { tolerance: 1e-5, none });
          });
        }),
        { numRuns: budget(6) },
      );
    },
    budget(60_000),
  );

  it("scores an imported model of XGBoost", async () => {
    const { artifact, scorer } = await importTrees(foreignFile("xgboost.json"), foreignRows);
    const rows = foreignRecords.slice(0, 100);
    const found = await score(artifact, rows);
    rows.forEach((row, i) => expectAgreement(found[i], scorer.scoreRecord(row), artifact, { tolerance: 1e-5, none }));
  });

  it("keeps the names of its own parts apart from those of columns", async () => {
    const artifact = await sampleArtifact({ networks: 0 });
    const names = new Map([
      ["tenure", "probability"],
      ["charges", "label"],
      ["plan", "churnkit_0"],
    ]);
    const named = (name: string): string => names.get(name) ?? name;
    const columns = artifact.contract.columns.map((column) => ({ ...column, name: named(column.name) }));
    const contract = { ...artifact.contract, columns };
    const blocks = artifact.recipe.blocks.map((block) => ({ ...block, input: named(block.input) }));
    const recipe = { ...artifact.recipe, blocks, contractHash: contractHash(contract) };
    const renamed = { ...artifact, contract, recipe };
    const rows = sampleRecords(3).map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [named(name), value])),
    );
    const scorer = await compile(renamed);
    const found = await score(renamed, rows, ["probability_", "label_"]);
    rows.forEach((row, i) => expect(found[i]?.probability).toBeCloseTo(scorer.scoreRecord(row).probability ?? NaN, 5));
  });

  it("has the numbers of the JavaScript module, where both have 8 bits, and a third of the size", async () => {
    const artifact = await sampleArtifact({ networks: 3 });
    const rows = sampleRecords(20);
    const text = toJavaScript(artifact, { int8: true });
    const module = (await import(`data:text/javascript;base64,${Buffer.from(text).toString("base64")}`)) as {
      score: (record: unknown) => ScoredRecord;
    };
    const found = await score(artifact, rows, undefined, true);
    rows.forEach((row, i) => expectAgreement(found[i], module.score(row), artifact, { tolerance: 1e-6, none }));
    expect(toOnnx(artifact, { int8: true }).length / toOnnx(artifact).length).toBeLessThan(0.5);
  });
});
