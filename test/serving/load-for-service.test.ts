import { describe, expect, it, vi } from "vitest";
import { ChurnkitError } from "../../src/base/errors.js";
import { memoryStore } from "../../src/io/store/memory-store.js";
import type { ObjectStore } from "../../src/io/store/object-store.js";
import { storeRegistry } from "../../src/registry/backends/store/store-registry.js";
import type { ModelRegistry } from "../../src/registry/registry.js";
import { signatureOf } from "../../src/registry/signature/signature.js";
import { createHandler } from "../../src/serving/handler.js";
import { listCopies } from "../../src/serving/models/local-copies.js";
import { loadForService, rollBackToCopy } from "../../src/serving/models/load-for-service.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";
import { asText, request } from "./request.js";

const [record] = sampleRecords(1);

/** A registry with `count` versions, the last one promoted; it can be taken down. */
async function registryOf(
  count: number,
): Promise<{ registry: ModelRegistry; promote: (n: number) => Promise<unknown>; down: (is: boolean) => void }> {
  let isDown = false;
  const real = memoryStore();
  const store: ObjectStore = {
    ...real,
    get: (key) =>
      isDown ? Promise.reject(new ChurnkitError("STORE_FAILED", "The bucket cannot be reached.")) : real.get(key),
  };
  const registry = storeRegistry(store, { name: "sample" });
  for (let i = 0; i < count; i++) await registry.register(await sampleArtifact({ networks: 0, seed: i + 1 }));
  return { registry, promote: (n) => registry.promote(n, "champion"), down: (is) => (isDown = is) };
}

describe("loadForService", () => {
  it("serves from the registry, and from the copy while it is down", async () => {
    const { registry, promote, down } = await registryOf(2);
    await promote(2);
    const copies = memoryStore();
    const first = await loadForService(registry, "champion", { copies });
    expect(first).toMatchObject({ name: "sample", version: "1.1.0", source: "registry" });
    down(true);
    await expect(loadForService(registry, "champion")).rejects.toMatchObject({ code: "STORE_FAILED" });
    const onProblem = vi.fn();
    const second = await loadForService(registry, "champion", { copies, onProblem });
    expect(second).toMatchObject({ name: "sample", version: "1.1.0", source: "local-copy" });
    expect(onProblem).toHaveBeenCalledWith(expect.objectContaining({ code: "STORE_FAILED" }));
    expect(second.scorer.scoreRecord(record)).toEqual(first.scorer.scoreRecord(record));
    const health = await asText(createHandler(second))(request("/health"));
    expect(JSON.parse(health.body)).toMatchObject({ model_version: "1.1.0", model_source: "local-copy" });
  });

  it("has nothing to fall back to before the first success", async () => {
    const { registry, down } = await registryOf(1);
    down(true);
    await expect(loadForService(registry, "latest", { copies: memoryStore() })).rejects.toMatchObject({
      code: "STORE_FAILED",
    });
  });

  it("does not serve a copy where the registry says that there is no such version", async () => {
    const { registry } = await registryOf(1);
    const copies = memoryStore();
    await loadForService(registry, "latest", { copies });
    await expect(loadForService(registry, "champion", { copies })).rejects.toMatchObject({
      code: "REGISTRY_NOT_FOUND",
    });
    const broken = {
      ...signatureOf((await sampleArtifact({ networks: 0 })).contract),
      output: { target: "churned", classes: ["No", "Yes"], positive: "No" },
    };
    await expect(loadForService(registry, "latest", { copies, signature: broken })).rejects.toMatchObject({
      code: "SIGNATURE_MISMATCH",
    });
  });

  it("serves although the copy cannot be written", async () => {
    const { registry } = await registryOf(1);
    const full: ObjectStore = {
      ...memoryStore(),
      put: () => Promise.reject(new ChurnkitError("STORE_FAILED", "The disk is full.")),
    };
    const onProblem = vi.fn();
    expect(await loadForService(registry, "latest", { copies: full, onProblem })).toMatchObject({ source: "registry" });
    expect(onProblem).toHaveBeenCalledOnce();
  });

  it("keeps as many copies as asked, and rolls back among them without the registry", async () => {
    const { registry, promote, down } = await registryOf(3);
    const copies = memoryStore();
    for (const number of [1, 2, 3]) {
      await promote(number);
      await loadForService(registry, "champion", { copies });
    }
    expect((await listCopies(copies)).map(({ number }) => number)).toEqual([3, 2]);
    const folders = new Set((await copies.list("")).map(({ key }) => key.split("/")[0]));
    expect(folders.size).toBe(3);
    down(true);
    expect(await rollBackToCopy("sample", copies)).toMatchObject({ version: "1.1.0", source: "local-copy" });
    expect(await loadForService(registry, "champion", { copies })).toMatchObject({ version: "1.1.0" });
    down(false);
    expect(await loadForService(registry, "champion", { copies })).toMatchObject({
      version: "1.2.0",
      source: "registry",
    });
    await expect(rollBackToCopy("sample", memoryStore())).rejects.toMatchObject({ code: "BUNDLE_NOT_FOUND" });
  });

  it("leaves the former copy in service when writing the new one is cut short at any point", async () => {
    const { registry, promote, down } = await registryOf(2);
    for (let failAt = 1, failed = true; failed; failAt++) {
      const real = memoryStore();
      await promote(1);
      await loadForService(registry, "champion", { copies: real });
      let writes = 0;
      failed = false;
      const weak: ObjectStore = {
        ...real,
        put: (...put) => {
          if (++writes !== failAt) return real.put(...put);
          failed = true;
          return Promise.reject(new Error("killed"));
        },
      };
      await promote(2);
      await loadForService(registry, "champion", { copies: weak });
      down(true);
      expect((await loadForService(registry, "champion", { copies: real })).version).toBe(failed ? "1.0.0" : "1.1.0");
      down(false);
    }
  });
});
