import { createContext, runInContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contractHash } from "../../src/data/contract/contract-hash.js";
import { toJavaScript } from "../../src/export/index.js";
import { compile, type ScoredRecord } from "../../src/model/scoring/compile.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";
import { budget } from "../helpers/budget.js";
import { Chance, randomArtifact, randomRecord } from "../helpers/random-artifact.js";

type Score = (record: unknown) => ScoredRecord;

/** The function of a module's text, as any runtime loads it. */
async function load(text: string): Promise<Score> {
  const module = (await import(`data:text/javascript;base64,${Buffer.from(text).toString("base64")}`)) as {
    score: Score;
  };
  return module.score;
}

describe("a model as a JavaScript module", () => {
  it(
    "answers as the library, to the bits",
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), async (seed) => {
          const chance = new Chance(seed);
          const artifact = randomArtifact(chance, {
            classes: chance.one([
              ["No", "it's"],
              ["it's", "__proto__", "2", "1"],
            ]),
          });
          const scorer = await compile(artifact);
          const score = await load(toJavaScript(artifact));
          const records = [
            ...chance.list(30, () => randomRecord(chance, artifact.contract)),
            ...[{}, null, [], "text", { "it's": 1, __proto__: { a: 1 } }],
          ];
          for (const record of records) {
            expect(JSON.stringify(score(record))).toBe(JSON.stringify(scorer.scoreRecord(record)));
          }
        }),
        { numRuns: budget(10) },
      );
    },
    budget(60_000),
  );

  it("needs nothing but the language and atob, and may stand in a page", async () => {
    const { contract, ...rest } = await sampleArtifact();
    const hostile = "</script>\u2028'\"\\`${1}\n*/";
    const text = toJavaScript({ ...rest, contract: { ...contract, name: hostile } });
    expect(text).not.toMatch(/<\/script|\u2028|\bimport\b|\brequire\(|\beval\(|new Function|WebAssembly/);
    const exported = text.replace(/^export const score = /m, "globalThis.score = ");
    const context = createContext({ atob });
    runInContext(exported, context);
    const record = { customer: "c", tenure: 3, charges: 20, paperless: true, since: "2020-01-01", plan: "plus" };
    const expected = (await compile({ contract, ...rest })).scoreRecord(record);
    expect(runInContext(`score(${JSON.stringify(record)}).probability`, context)).toBe(expected.probability);
  });

  it("keeps texts that are no Unicode apart", async () => {
    const sample = await sampleArtifact({ networks: 0 });
    const levels = ["\ud800", "\udc00", "\ufffd", "__proto__"];
    const columns = sample.contract.columns.map((column) =>
      column.kind === "category" && column.name === "plan" ? { ...column, levels } : column,
    );
    const contract = { ...sample.contract, columns };
    const block = { kind: "target", input: "plan", levels, values: [1, 2, 3, 4], otherwise: 5, missing: 6 } as const;
    const recipe = { ...sample.recipe, contractHash: contractHash(contract), blocks: [block] };
    const artifact = { ...sample, contract, recipe, model: { kind: "linear", weights: [0.3], bias: 0 } as const };
    const scorer = await compile(artifact);
    const score = await load(toJavaScript(artifact));
    const [record = {}] = sampleRecords(1);
    const records = [...levels, "constructor", null].map((plan) => ({ ...record, plan }));
    const probabilities = records.map((each) => score(each).probability);
    expect(probabilities).toEqual(records.map((each) => scorer.scoreRecord(each).probability));
    expect(new Set(probabilities).size).toBe(records.length);
  });

  it("takes a quarter of the room for the weights of networks in 8 bits, for a small change of the scores", async () => {
    const artifact = await sampleArtifact({ networks: 3 });
    const [exact, rounded] = [toJavaScript(artifact), toJavaScript(artifact, { int8: true })];
    const code = toJavaScript({ ...artifact, model: { kind: "ensemble", members: [] } }).length;
    expect((rounded.length - code) / (exact.length - code)).toBeLessThan(0.35);
    const [score, again] = [await load(exact), await load(rounded)];
    const records = sampleRecords(100);
    const changes = records.map((record) =>
      Math.abs((score(record).probability ?? 0) - (again(record).probability ?? 1)),
    );
    expect(Math.max(...changes)).toBeLessThan(0.01);
    expect(Math.max(...changes)).toBeGreaterThan(0);
  });
});
