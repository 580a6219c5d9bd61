import { Readable } from "node:stream";
import { beforeAll, describe, expect, it } from "vitest";
import { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } from "../../src/data/index.js";
import { replayDecisions } from "../../src/deploy/replay/replay.js";
import { compile, logistic, train, type Scorer } from "../../src/model/index.js";

const { records } = syntheticCustomers({ rows: 3000, seed: 4 });
const costs = { falseNegative: 500, falsePositive: 50 };
let current: Scorer;
let candidate: Scorer;

async function trained(rows: number, threshold: number): Promise<Scorer> {
  const table = tableFromRecords(syntheticContract, records.slice(0, rows));
  const { artifact } = await train(defineFeatures(syntheticContract), table, { learner: logistic(), baseline: false });
  return compile({ ...artifact, decision: { ...artifact.decision, threshold } });
}

beforeAll(async () => {
  [current, candidate] = await Promise.all([trained(600, 0.5), trained(3000, 0.3)]);
});

/** The same counts in the plainest way. */
function counted(some: readonly unknown[]) {
  const [a, b] = [current.scoreRecords(some), candidate.scoreRecords(some)];
  const { positive } = current.contract.target ?? {};
  const pairs = a.map((one, i) => [one.label === positive, b[i]?.label === positive] as const);
  return {
    toPositive: pairs.filter(([was, becomes]) => !was && becomes).length,
    toNegative: pairs.filter(([was, becomes]) => was && !becomes).length,
  };
}

describe("decisions replayed", () => {
  it("counts what changes, over all and by segment", async () => {
    const replayed = await replayDecisions(current, candidate, records, { costs });
    const { changes, segments, refusedBy } = replayed;
    expect(replayed.records).toBe(3000);
    expect(changes).toMatchObject(counted(records));
    expect(changes.toPositive).toBeGreaterThan(changes.toNegative);
    expect(refusedBy).toEqual({ current: 0, candidate: 0, both: 0 });
    for (const { column, level, toPositive, toNegative } of segments.slice(0, 4)) {
      const some = records.filter((record) => String(record[column]) === level);
      expect({ toPositive, toNegative }, `${column} ${level}`).toEqual(counted(some));
    }
    expect(segments.map(({ share }) => share)).toEqual(segments.map(({ share }) => share).sort((a, b) => b - a));
    expect(segments.every((segment) => segment.records >= 30)).toBe(true);
  });

  it("values each decision by the mean of both probabilities", async () => {
    const { profit } = await replayDecisions(current, candidate, records, { costs });
    let expected = 0;
    for (const record of records) {
      const [a, b] = [current.scoreRecord(record), candidate.scoreRecord(record)];
      const mean = ((a.probability ?? 0) + (b.probability ?? 0)) / 2;
      if (b.label === candidate.contract.target?.positive) expected += 500 * mean - 50 * (1 - mean);
    }
    expect(profit?.candidate).toBeCloseTo(expected, 6);
    expect((await replayDecisions(current, candidate, records)).profit).toBeNull();
  });

  it("counts the records that a model refuses, and takes streams", async () => {
    const stream = Readable.from([...records.slice(0, 1500), { nonsense: true }]) as AsyncIterable<unknown>;
    const { records: scored, refusedBy, changes } = await replayDecisions(current, current, stream);
    expect([scored, changes.share]).toEqual([1500, 0]);
    expect(refusedBy).toEqual({ current: 0, candidate: 0, both: 1 });
    expect(await replayDecisions(current, candidate, [])).toMatchObject({ records: 0, shift: { mean: 0, size: 0 } });
  });

  it("refuses a segment that is no column", async () => {
    await expect(replayDecisions(current, candidate, records, { segments: ["planet"] })).rejects.toMatchObject({
      code: "OPTION_INVALID",
      where: { column: "planet" },
    });
  });
});
