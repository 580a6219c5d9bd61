import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ChurnkitError } from "../../src/base/errors.js";
import { memoryStore } from "../../src/io/store/memory-store.js";
import type { ObjectStore } from "../../src/io/store/object-store.js";
import { saveBundle } from "../../src/model/bundle/save.js";
import { storeRegistry } from "../../src/registry/backends/store/store-registry.js";
import { createHandler } from "../../src/serving/handler.js";
import { modelHost, type HostedModel, type ModelHost, type ModelHostOptions } from "../../src/serving/models/host.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";
import { asText, request } from "./request.js";
import { pause } from "./raw.js";

const [record] = sampleRecords(1);
const open: ModelHost[] = [];
afterEach(() => {
  for (const host of open.splice(0)) host.close();
});

/** A registry of two versions, the first one champion, on a store that can fail. */
async function registryOfTwo(name = "sample") {
  const real = memoryStore();
  let fault: ((key: string) => Promise<never> | undefined) | undefined;
  const store: ObjectStore = {
    ...real,
    get: (key) => fault?.(key) ?? real.get(key),
    getStream: (key) => fault?.(key) ?? real.getStream(key),
  };
  const registry = storeRegistry(store, { name });
  for (const seed of [1, 2]) await registry.register(await sampleArtifact({ networks: 0, seed }));
  await registry.promote(1, "champion");
  return {
    registry,
    store: real,
    promote: (version: number) => registry.promote(version, "champion"),
    fail: (how?: typeof fault) => (fault = how),
    down: () => (fault = () => Promise.reject(new ChurnkitError("STORE_FAILED", "The bucket cannot be reached."))),
  };
}

function host(models: readonly HostedModel[], options: ModelHostOptions = {}) {
  const problems: string[] = [];
  const onProblem = (error: unknown): void => void problems.push((error as Error).message);
  const made = modelHost(models, { every: 0, onProblem, ...options });
  open.push(made);
  const handler = asText(createHandler(made));
  const ask = async (path: string, body?: unknown) => {
    const answer = await handler(request(path, body));
    return { code: answer.status, ...(JSON.parse(answer.body) as Record<string, unknown>) } as Record<string, unknown>;
  };
  return { made, ask, problems };
}

describe("modelHost", () => {
  it("is not ready at first, and then serves what the alias names", async () => {
    const { registry } = await registryOfTwo();
    const { made, ask } = host([{ registry, ref: "champion" }]);
    expect(await ask("/ready")).toMatchObject({ code: 503 });
    expect(await ask("/predict", record)).toMatchObject({ code: 503 });
    expect(made.names()).toEqual(["sample"]);
    await made.refresh();
    expect(await ask("/ready")).toMatchObject({ code: 200, status: "ready" });
    expect(await ask("/predict", record)).toMatchObject({
      model_name: "sample",
      model_version: "1.0.0",
      model_source: "registry",
    });
  });

  it("follows a promotion and a rollback, by itself and when told", async () => {
    const { registry, promote } = await registryOfTwo();
    const onChange = vi.fn();
    const { made, ask } = host([{ registry, ref: "champion" }], { every: 5, onChange });
    await made.refresh();
    const first = (await ask("/predict", record))["probability"];
    await promote(2);
    await vi.waitFor(async () => expect(await ask("/predict", record)).toMatchObject({ model_version: "1.1.0" }));
    expect((await ask("/predict", record))["probability"]).not.toBe(first);
    await registry.rollback("champion");
    await made.refresh();
    expect(await ask("/predict", record)).toMatchObject({ model_version: "1.0.0", probability: first });
    expect(onChange.mock.calls.map(([to, from]: { version: string }[]) => [from?.version, to?.version])).toEqual([
      [undefined, "1.0.0"],
      ["1.0.0", "1.1.0"],
      ["1.1.0", "1.0.0"],
    ]);
  });

  it("loads nothing while nothing changes", async () => {
    const { registry } = await registryOfTwo();
    const load = vi.fn<typeof registry.load>((...given) => registry.load(...given));
    const { made } = host([{ registry: { ...registry, load }, ref: "champion" }], { every: 2 });
    await made.refresh();
    await pause(30);
    expect(load).toHaveBeenCalledTimes(1);
  });

  it("keeps the former version where the next one is corrupt, says so once, and serves it when it is whole", async () => {
    const { registry, promote, store } = await registryOfTwo();
    const { made, ask, problems } = host([{ registry, ref: "champion" }], { every: 5 });
    await made.refresh();
    const { contentHash } = await registry.get(2);
    const file = (await store.list("")).find(({ key }) => key.includes(contentHash) && key.endsWith("scorer.json"));
    const whole = (await store.get(file?.key ?? ""))?.bytes ?? new Uint8Array();
    await store.put(file?.key ?? "", whole.slice(0, -5));
    await promote(2);
    await vi.waitFor(() => expect(problems).toHaveLength(1));
    await pause(30);
    expect(await ask("/predict", record)).toMatchObject({ model_version: "1.0.0" });
    expect(await ask("/health")).toMatchObject({
      status: "degraded",
      model_version: "1.0.0",
      problems: [{ ref: "champion", code: "BUNDLE_CORRUPT", since: expect.any(String) as string }],
    });
    expect(await ask("/ready")).toMatchObject({ status: "ready" });
    expect(problems).toHaveLength(1);
    await store.put(file?.key ?? "", whole);
    await made.refresh();
    expect(await ask("/predict", record)).toMatchObject({ model_version: "1.1.0" });
    expect(await ask("/health")).toMatchObject({ status: "ok" });
  });

  it("serves on while the registry is away, and follows it when it is back", async () => {
    const { registry, promote, down, fail } = await registryOfTwo();
    const { made, ask, problems } = host([{ registry, ref: "champion" }]);
    await made.refresh();
    down();
    for (let i = 0; i < 3; i++) await made.refresh();
    expect(problems).toEqual(["The bucket cannot be reached."]);
    expect(await ask("/health")).toMatchObject({ problems: [{ code: "STORE_FAILED" }] });
    expect(await ask("/predict", record)).toMatchObject({ model_version: "1.0.0", model_source: "registry" });
    fail();
    await promote(2);
    await made.refresh();
    expect(await ask("/predict", record)).toMatchObject({ model_version: "1.1.0" });
    expect(await ask("/health")).not.toHaveProperty("problems");
  });

  it("gives up on a registry that hangs, and asks again", async () => {
    const { registry, promote, fail } = await registryOfTwo();
    const { made, ask, problems } = host([{ registry, ref: "champion" }], { timeout: 1000 });
    await made.refresh();
    fail(() => new Promise(() => undefined));
    await made.refresh();
    expect(problems).toEqual([expect.stringContaining("no answer within 1000 ms")]);
    fail();
    await promote(2);
    await made.refresh();
    expect(await ask("/predict", record)).toMatchObject({ model_version: "1.1.0" });
  });

  it("begins with the local copy while the registry is away, says so, and returns to the registry", async () => {
    const { registry, down, fail } = await registryOfTwo();
    const copies = memoryStore();
    await host([{ registry, ref: "champion", copies }]).made.refresh();
    down();
    const { made, ask, problems } = host([{ registry, ref: "champion", copies }]);
    await made.refresh();
    expect(await ask("/predict", record)).toMatchObject({ model_version: "1.0.0", model_source: "local-copy" });
    expect(problems).toEqual(["The bucket cannot be reached."]);
    fail();
    await made.refresh();
    expect(await ask("/predict", record)).toMatchObject({ model_version: "1.0.0", model_source: "registry" });
  });

  it("fails a refresh that leaves a model without any version", async () => {
    const { registry } = await registryOfTwo();
    const { made, ask } = host([
      { registry, ref: "champion" },
      { registry, ref: "nobody", name: "other" },
    ]);
    await expect(made.refresh()).rejects.toMatchObject({ code: "REGISTRY_NOT_FOUND" });
    expect(made.ready()).toBe(false);
    expect(await ask("/predict", record)).toMatchObject({ model_name: "sample" });
    expect(await ask("/health")).toMatchObject({ status: "loading", problems: [{ ref: "nobody" }] });
  });

  it("serves several models by name, from registries and folders, and follows a folder", async () => {
    const folder = join(mkdtempSync(join(tmpdir(), "churnkit-host-")), "model");
    await saveBundle(await sampleArtifact({ networks: 0, seed: 3 }), folder);
    const { registry } = await registryOfTwo("a");
    const { made, ask } = host([
      { registry, ref: "champion" },
      { ref: folder, name: "b" },
    ]);
    await made.refresh();
    expect(await ask("/models")).toMatchObject({
      models: [{ model_name: "a" }, { model_name: "b", model_source: "local" }],
    });
    const before = await ask("/models/b/predict", record);
    await saveBundle(await sampleArtifact({ networks: 0, seed: 4 }), folder);
    await made.refresh();
    const after = await ask("/models/b/predict", record);
    expect(after["model_version"]).not.toBe(before["model_version"]);
    expect(after["probability"]).not.toBe(before["probability"]);
    expect(made.find("b", String(after["model_version"]))).toBe(made.find("b"));
    expect(made.find("b", String(before["model_version"]))).toBeUndefined();
    expect(made.find("c")).toBeUndefined();
  });

  it("survives listeners that throw", async () => {
    const { registry, promote, down } = await registryOfTwo();
    const rude = (): never => {
      throw new Error("rude");
    };
    const { made, ask } = host([{ registry, ref: "champion" }], { onChange: rude, onProblem: rude });
    await made.refresh();
    await promote(2);
    await made.refresh();
    down();
    await made.refresh();
    expect(await ask("/predict", record)).toMatchObject({ model_version: "1.1.0" });
  });

  it.each([
    [[], {}],
    [[{ ref: "a" }, { ref: "b" }], {}],
    [
      [
        { ref: "a", name: "x" },
        { ref: "b", name: "x" },
      ],
      {},
    ],
    [[{ ref: "a" }], { every: -1 }],
    [[{ ref: "a" }], { timeout: 0 }],
    [[{ ref: "a" }], { every: 0.5 }],
  ] as const)("refuses %j %j", (models, options) => {
    expect(() => modelHost(models, options)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
  });
});
