import { beforeAll, expect, it } from "vitest";
import { measureLatency } from "../../../src/deploy/sagemaker/release/latency.js";
import { memoryStore } from "../../../src/io/store/index.js";
import { storeRegistry } from "../../../src/registry/index.js";
import { sampleArtifact, sampleRecords } from "../../helpers/artifact.js";
import { ensureBuilt } from "../../helpers/built.js";

beforeAll(ensureBuilt, 300_000);

it("times requests to a version that is served on this machine", async () => {
  const registry = storeRegistry(memoryStore(), { name: "sample" });
  await registry.register(await sampleArtifact({ networks: 0 }));
  const { p50, p99, requests } = await measureLatency(registry, 1, sampleRecords(10), 40);
  expect(requests).toBe(40);
  expect(p50).toBeGreaterThan(0);
  expect(p99).toBeGreaterThanOrEqual(p50);
  // Every second record is refused, and not timed.
  const half = sampleRecords(10).map((record, i) => (i % 2 === 0 ? record : { tenure: "long" }));
  expect((await measureLatency(registry, 1, half, 40)).requests).toBe(20);
  await expect(measureLatency(registry, 1, [{ tenure: "long" }], 5)).rejects.toMatchObject({ code: "VALUE_INVALID" });
});
