import { describe, expect, it } from "vitest";
import { storeRegistry } from "../../src/registry/backends/store/store-registry.js";
import type { ModelRegistry } from "../../src/registry/registry.js";
import { cleaningConformance } from "../conformance/registry-clean.js";
import { registryConformance } from "../conformance/registry.js";
import { sampleArtifact } from "../helpers/artifact.js";
import { s3Servers } from "../helpers/aws.js";
import { budget } from "../helpers/budget.js";

// On one server, the quicker: that both keep the contract of a store, all that a registry builds on, s3-store.test.ts shows.
const servers = (await s3Servers("registry in S3")).slice(budget(1) > 1 ? 0 : -1);

for (const server of servers) {
  registryConformance(`files in S3 on ${server.name}`, async () =>
    storeRegistry(await server.store({ prefix: "registry" }), { name: "sample" }),
  );
  cleaningConformance(`S3 on ${server.name}`, () => server.store({ prefix: "registry" }));
}

describe.each(servers)("storeRegistry in S3 on $name", (server) => {
  it("keeps one history of 50 promotions at once, in five stores that know nothing of one another", async () => {
    const bucket = await server.bucket();
    const registries = await Promise.all(
      Array.from({ length: 5 }, async () => storeRegistry(await server.store({ bucket }), { name: "sample" })),
    );
    const registry = (i: number): ModelRegistry => registries[i % 5] as ModelRegistry;
    const first = registry(0);
    const base = await sampleArtifact({ networks: 0 });
    for (let i = 0; i < 5; i++) await first.register({ ...base, decision: { threshold: i / 10, rule: "given" } });
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, i) => registry(i).promote((i % 3) + 1, "champion", { by: `person ${i}` })),
    );
    expect(results.every((result) => result.promoted)).toBe(true);
    const history = await first.history();
    expect(history.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 55 }, (_, i) => 55 - i));
    const promotions = history.filter(({ action }) => action === "promote").reverse();
    expect(new Set(promotions.map(({ by }) => by)).size).toBe(50);
    // Each begins where the one before it ended: no update was lost.
    for (const [i, { from }] of promotions.entries()) expect(from).toBe(i === 0 ? null : promotions[i - 1]?.to);
    expect((await first.get("champion")).number).toBe(promotions.at(-1)?.to);
  }, 60_000);
});
