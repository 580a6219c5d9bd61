import { gzipSync } from "node:zlib";
import { expect, it, vi } from "vitest";
import { defineFeatures, syntheticContract, syntheticCustomers, tableFromRecords } from "../../../src/data/index.js";
import { readDelimited, readParts } from "../../../src/data/read/index.js";
import { scoreFile } from "../../../src/model/batch/index.js";
import { logistic, train } from "../../../src/model/index.js";

const chunk = 70_000;
const part = (text: string): Uint8Array => new TextEncoder().encode(text);
const filler = part("x".repeat(chunk));

/** A source that knows whether its reader has closed it. */
function source(...first: readonly Uint8Array[]) {
  const state = { open: false };
  async function* chunks(): AsyncGenerator<Uint8Array> {
    state.open = true;
    await Promise.resolve();
    try {
      yield* first;
      for (let i = 0; i < 20; i++) yield filler;
    } finally {
      state.open = false;
    }
  }
  return { state, chunks: chunks() };
}

const heads: readonly (readonly [name: string, head: Uint8Array])[] = [
  ["a binary file", new Uint8Array(chunk)],
  ["another format", part(`PK\u0003\u0004${"\u0001".repeat(chunk)}`)],
  ["a header that names a column twice", part(`a,a\n${"1,2\n".repeat(chunk)}`)],
  ["a header without the columns", part(`a,b\n${"1,2\n".repeat(chunk)}`)],
  ["damaged gzip", Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, ...filler)],
  ["gzip of a binary file", gzipSync(new Uint8Array(10 * chunk), { level: 0 })],
];

it.each(heads)("a source is closed: %s", async (_, head) => {
  const ways = [
    (chunks: AsyncGenerator<Uint8Array>) => readDelimited(syntheticContract, chunks),
    (chunks: AsyncGenerator<Uint8Array>) =>
      readParts(syntheticContract, { name: "a.jsonl", bytes: chunks }, { partBytes: 1000 }).next(),
  ];
  for (const read of ways) {
    const { state, chunks } = source(head);
    await expect(read(chunks)).rejects.toThrow();
    // Behind gunzip the source is closed a little later.
    await vi.waitFor(() => expect(state.open).toBe(false));
  }
});

it("a source is closed when a reader of scores stops early", async () => {
  const { records } = syntheticCustomers({ rows: 4000, seed: 1 });
  const table = tableFromRecords(syntheticContract, records.slice(0, 200));
  const model = await train(defineFeatures(syntheticContract), table, { learner: logistic(), baseline: false });
  const lines = part(records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  for (const wanted of [1, 2]) {
    const { state, chunks } = source(lines, lines, lines, lines);
    const options = { format: "csv", threshold: 0.5, workers: 1 } as const;
    const scores = scoreFile(model, { name: "a.jsonl", bytes: chunks }, options);
    for (let seen = 0; seen < wanted; seen++) expect((await scores.next()).done).toBe(false);
    await scores.return(undefined);
    expect(state.open).toBe(false);
  }
  const { state, chunks } = source(lines, lines, lines, lines);
  const onPart = (): void => {
    throw new Error("stopped");
  };
  const scores = scoreFile(
    model,
    { name: "a.jsonl", bytes: chunks },
    { format: "csv", threshold: 0.5, workers: 1, onPart },
  );
  await scores.next();
  await expect(scores.next()).rejects.toThrow("stopped");
  expect(state.open).toBe(false);
});
