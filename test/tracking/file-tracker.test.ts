import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { filesStore, memoryStore } from "../../src/io/store/index.js";
import { fileTracker } from "../../src/tracking/index.js";
import { runTrackerConformance } from "../conformance/run-tracker.js";

const folder = mkdtempSync(join(tmpdir(), "churnkit-runs-"));
afterAll(() => rmSync(folder, { recursive: true }));
let places = 0;

runTrackerConformance("files in memory", () => fileTracker(memoryStore()));
runTrackerConformance("files in a folder", () => fileTracker(filesStore(join(folder, String(++places)))));

it("leaves files that people can read", async () => {
  const place = join(folder, "readable");
  const run = fileTracker(filesStore(place), { experiment: "telco" }).start();
  run.logMetrics({ loss: 0.5 }, { step: 1, at: new Date(0) });
  await run.logArtifact("notes.txt", "hello");
  await run.end();
  const at = join(place, "telco", run.id);
  expect(JSON.parse(readFileSync(join(at, "run.json"), "utf8"))).toMatchObject({ status: "finished", sequence: 4 });
  expect(readFileSync(join(at, "metrics/0000000001.jsonl"), "utf8")).toBe(
    `{"name":"loss","value":0.5,"step":1,"at":"1970-01-01T00:00:00.000Z"}\n`,
  );
  expect(readFileSync(join(at, "artifacts/notes.txt"), "utf8")).toBe("hello");
});

it("names a file that is broken", async () => {
  const store = memoryStore();
  const tracker = fileTracker(store);
  const run = tracker.start();
  await run.end();
  await store.put(`churn/${run.id}/run.json`, new TextEncoder().encode("{"));
  await expect(tracker.get(run.id)).rejects.toThrow(new RegExp(`churn/${run.id}/run.json is not valid JSON`));
});

it("lists the newest first, however fast they follow each other", async () => {
  const tracker = fileTracker(memoryStore());
  const runs = Array.from({ length: 30 }, () => tracker.start());
  for (const run of runs) await run.end();
  expect((await tracker.list()).map(({ id }) => id)).toEqual(runs.map(({ id }) => id).reverse());
});

it("finds a run, not an artifact that is called like one", async () => {
  const tracker = fileTracker(memoryStore());
  const [first, second] = [tracker.start(), tracker.start()];
  await first.logArtifact(`${second.id}/run.json`, "{}");
  await first.end();
  await second.end();
  expect((await tracker.get(second.id)).id).toBe(second.id);
});

it.each([NaN, -1, Infinity, 2 ** 31])("refuses to wait %d ms", (endMs) => {
  expect(() => fileTracker(memoryStore(), { endMs })).toThrow(
    expect.objectContaining({ code: "OPTION_INVALID" }) as Error,
  );
});
