import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BottomSample, mergeSamples, sampleKey, type Sampled } from "../../src/monitor/counting/sample.js";
import { budget } from "../helpers/budget.js";

interface Entry extends Sampled {
  readonly value: number;
}

const larger = (a: Entry, b: Entry): Entry => (a.value >= b.value ? a : b);
const entryOf = (id: string, value: number): Entry => ({ id, key: sampleKey(id, 3), value });
const sampleOf = (entries: readonly Entry[], capacity: number): readonly Entry[] => {
  const sample = new BottomSample<Entry>(capacity, larger);
  for (const entry of entries) sample.add(entry);
  return sample.entries();
};

describe("BottomSample", () => {
  it("keeps the same ids in any order, and from any split into shards", () => {
    const entries = fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 9 })), {
      maxLength: 600,
    });
    fc.assert(
      fc.property(
        entries,
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 1, max: 5 }),
        (given, capacity, shards) => {
          const all = given.map(([id, value]) => entryOf(`id${id}`, value));
          const whole = sampleOf(all, capacity);
          expect(sampleOf([...all].reverse(), capacity)).toEqual(whole);
          const parts = Array.from({ length: shards }, (_, shard) =>
            sampleOf(
              all.filter((_entry, i) => i % shards === shard),
              capacity,
            ),
          );
          expect(parts.reduce((a, b) => mergeSamples(b, a, capacity, larger))).toEqual(whole);
          expect(whole.length).toBe(Math.min(capacity, new Set(all.map(({ id }) => id)).size));
        },
      ),
      { numRuns: budget(60) },
    );
  });

  it("draws uniformly: every tenth of the ids is met as often", () => {
    const ids = Array.from({ length: 20_000 }, (_, i) => entryOf(`customer-${i}`, i));
    const kept = sampleOf(ids, 2_000);
    for (let tenth = 0; tenth < 10; tenth++) {
      const share = kept.filter(({ value }) => Math.floor(value / 2_000) === tenth).length;
      // Five standard deviations of a binomial.
      expect(Math.abs(share - 200)).toBeLessThan(5 * Math.sqrt(2_000 * 0.1 * 0.9));
    }
  });

  it("spreads keys over their whole range, otherwise under another seed", () => {
    const keys = Array.from({ length: 4_000 }, (_, i) => sampleKey(`p${i}`, 0));
    expect(new Set(keys).size).toBe(4_000);
    const mean = keys.reduce((sum, key) => sum + key / 2 ** 53, 0) / keys.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 / Math.sqrt(12 * 4_000));
    expect(keys.every((key) => Number.isSafeInteger(key) && key >= 0)).toBe(true);
    expect(sampleKey("p1", 1)).not.toBe(sampleKey("p1", 0));
  });

  it("has room again after some were left out", () => {
    const sample = new BottomSample<Entry>(3, larger);
    for (let i = 0; i < 500; i++) sample.add(entryOf(`a${i}`, 0));
    sample.keepOnly(({ id }) => id === sample.entries()[0]?.id);
    for (let i = 0; i < 2; i++) sample.add(entryOf(`b${i}`, 1));
    expect(sample.entries().filter(({ value }) => value === 1)).toHaveLength(2);
  });
});
