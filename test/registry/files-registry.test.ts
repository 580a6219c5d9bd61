import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { uniform } from "../../src/base/random.js";
import { filesStore } from "../../src/io/files-store.js";
import { memoryStore } from "../../src/io/memory-store.js";
import type { ObjectStore } from "../../src/io/object-store.js";
import { loadBundle } from "../../src/model/bundle/load.js";
import { saveBundle } from "../../src/model/bundle/save.js";
import { filesRegistry } from "../../src/registry/files-registry.js";
import { applyRetention, planRetention } from "../../src/registry/retention.js";
import { registryConformance } from "../conformance/registry.js";
import { sampleArtefact } from "../helpers/artefact.js";
import { bundleScript, start } from "../helpers/child.js";
import { newFolder } from "../helpers/folder.js";

registryConformance("memory", () => filesRegistry(memoryStore(), { name: "sample" }));
registryConformance("files", () => filesRegistry(filesStore(newFolder()), { name: "sample" }));

describe("filesRegistry", () => {
  let child: Awaited<ReturnType<typeof bundleScript>>;
  let bundle: string;
  beforeAll(async () => {
    child = await bundleScript(join(import.meta.dirname, "registry-child.ts"));
    bundle = join(newFolder(), "bundle");
    await saveBundle(await sampleArtefact({ networks: 0 }), bundle);
  });
  afterAll(() => child.remove());

  it("keeps bundles as folders that load as they are", async () => {
    const folder = newFolder();
    const { version } = await filesRegistry(filesStore(folder), { name: "sample" }).register(await sampleArtefact({ networks: 1 }));
    const loaded = await loadBundle(join(folder, "sample/bundles", version.contentHash));
    expect(loaded.manifest.contentHash).toBe(version.contentHash);
  });

  it("needs a name of one segment and a store that compares and swaps", () => {
    const store = memoryStore();
    const weak: ObjectStore = { ...store, capabilities: { compareAndSwap: false, durable: false } };
    for (const make of [() => filesRegistry(store, { name: "a/b" }), () => filesRegistry(store, { name: "../a" }), () => filesRegistry(weak, { name: "a" })]) {
      expect(make).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }) as Error);
    }
  });

  it("keeps one history of what several processes do at once", async () => {
    const folder = newFolder();
    const ends = await Promise.all(["1", "2", "3"].map((seed) => start(child.script, [bundle, folder, seed, "8"]).ended));
    expect(ends.map(({ code, err }) => [code, err])).toEqual([[0, ""], [0, ""], [0, ""]]);
    const registry = filesRegistry(filesStore(folder), { name: "sample" });
    const history = await registry.history();
    expect(history).toHaveLength(48);
    expect((await registry.list()).map(({ number }) => number)).toEqual(Array.from({ length: 24 }, (_, i) => 24 - i));
    expect((await registry.get("champion")).number).toBe(history.find(({ action }) => action === "promote")?.to);
    for (const seed of ["1", "2", "3"]) expect(history.filter(({ by }) => by === `process ${seed}`)).toHaveLength(16);
    expect(readdirSync(join(folder, "sample/history"))).toHaveLength(48);
  });

  it("is whole after kill -9 at any moment", async () => {
    const folder = newFolder();
    const random = uniform(11);
    const registry = filesRegistry(filesStore(folder), { name: "sample" });
    for (let round = 0; round < 8; round++) {
      const { child: writer, ended } = start(child.script, [bundle, folder, String(round), "1000"]);
      await new Promise((resolve) => writer.stdout?.once("data", resolve));
      await sleep(20 + random() * 60);
      writer.kill("SIGKILL");
      await ended;
      const [history, versions] = [await registry.history(), await registry.list({ limit: 1000 })];
      expect(history.filter(({ action }) => action === "register")).toHaveLength(versions.length);
      if (versions.length > 0) await registry.load("latest");
    }
    const { version } = await registry.register(await sampleArtefact({ networks: 0, seed: 5 }));
    expect(version.number).toBe((await registry.list({ limit: 2 }))[0]?.number);
  });

  it("leaves the state before or after when any single write fails", async () => {
    const artefact = await sampleArtefact({ networks: 1 });
    const counting = (failAt: number): { store: ObjectStore; real: ObjectStore; writes: () => number; failed: () => string } => {
      const real = memoryStore();
      let writes = 0;
      let failed = "";
      const unlessOff = <T>(key: string, write: () => Promise<T>): Promise<T> => {
        if (++writes !== failAt) return write();
        failed = key;
        return Promise.reject(new Error("the power failed"));
      };
      const store: ObjectStore = {
        ...real,
        put: (key, bytes, options) => unlessOff(key, () => real.put(key, bytes, options)),
        putStream: (key, content, options) => unlessOff(key, () => real.putStream(key, content, options)),
      };
      return { store, real, writes: () => writes, failed: () => failed };
    };
    const whole = counting(0);
    const run = async (store: ObjectStore): Promise<void> => {
      const registry = filesRegistry(store, { name: "sample" });
      await registry.register(artefact);
      await registry.promote(1, "champion");
    };
    await run(whole.store);
    expect(whole.writes()).toBeGreaterThan(14);
    for (let failAt = 1; failAt <= whole.writes(); failAt++) {
      const { store, real, failed } = counting(failAt);
      await expect(run(store)).rejects.toThrow("the power failed");
      const after = filesRegistry(real, { name: "sample" });
      const versions = await after.list();
      if (versions.length > 0) await after.load(1);
      expect(await after.history()).toHaveLength(versions.length);
      // Of what failed nothing is left in the history's folder, unless the index may have been changed.
      const orphans = failed().endsWith("index.json") ? 1 : 0;
      expect(await real.list("sample/history/")).toHaveLength(versions.length + orphans);
      expect((await after.aliases()).size).toBe(0);
      await after.register(artefact);
      expect(await after.promote(1, "champion")).toMatchObject({ promoted: true });
    }
  });

  it("notices what was changed behind its back", async () => {
    const folder = newFolder();
    const registry = filesRegistry(filesStore(folder), { name: "sample" });
    const { version } = await registry.register(await sampleArtefact({ networks: 0 }));
    await registry.promote(1, "champion");
    const edit = (path: string, change: (text: string) => string): (() => void) => {
      const file = join(folder, "sample", path);
      const before = readFileSync(file, "utf8");
      writeFileSync(file, change(before));
      return () => writeFileSync(file, before);
    };
    const [entry = ""] = readdirSync(join(folder, "sample/history"));
    const corrupt = { code: "REGISTRY_CORRUPT" };
    let restore = edit(`history/${entry}`, (text) => text.replace("unknown", "nobody!"));
    await expect(registry.history()).rejects.toMatchObject(corrupt);
    restore();
    restore = edit(`bundles/${version.contentHash}/metrics.json`, (text) => text.replace("0.5", "0.9"));
    await expect(registry.load(1)).rejects.toMatchObject({ code: "BUNDLE_CORRUPT" });
    await expect(registry.download(1)).rejects.toMatchObject({ code: "BUNDLE_CORRUPT" });
    restore();
    for (const broken of ["", "{", "[]", '{"format": "churnkit-registry", "formatVersion": 2}', '{"__proto__": {}}']) {
      restore = edit("index.json", () => broken);
      for (const call of [() => registry.list(), () => registry.get(1), () => registry.promote(1, "champion"), () => registry.history()]) {
        await expect(call(), broken).rejects.toMatchObject(corrupt);
      }
      restore();
    }
    rmSync(join(folder, "sample/history", entry));
    await expect(registry.history()).rejects.toMatchObject(corrupt);
    expect((await registry.get("champion")).number).toBe(1);
  });

  it("follows no path out of its folder, whatever the index says", async () => {
    const store = memoryStore();
    const registry = filesRegistry(store, { name: "sample" });
    await registry.register(await sampleArtefact({ networks: 0 }));
    const text = new TextDecoder().decode((await store.get("sample/index.json"))?.bytes);
    for (const name of ["contentHash", "record"]) {
      await store.put("sample/index.json", new TextEncoder().encode(text.replace(new RegExp(`"${name}":"[0-9a-f]+"`), `"${name}":"../../../etc"`)));
      for (const call of [() => registry.get(1), () => registry.download(1)]) await expect(call()).rejects.toMatchObject({ code: "REGISTRY_CORRUPT" });
      expect(await registry.verify()).toMatchObject({ sound: false, problems: [{ where: "index" }] });
    }
  });

  it("tells by its audit what was changed by hand", async () => {
    const store = memoryStore();
    const registry = filesRegistry(store, { name: "sample" });
    for (const seed of [1, 2]) await registry.register(await sampleArtefact({ networks: 0, seed }));
    await registry.promote(1, "champion");
    const { head } = await registry.verify();
    const before = (await store.get("sample/index.json"))?.bytes ?? new Uint8Array();
    const text = new TextDecoder().decode(before);
    const problemsAfter = async (change: (text: string) => string): Promise<string[]> => {
      await store.put("sample/index.json", new TextEncoder().encode(change(text)));
      return (await registry.verify()).problems.map(({ where, problem }) => `${where} ${problem}`);
    };
    expect(await problemsAfter((same) => same)).toEqual([]);
    expect(await problemsAfter((index) => index.replace('"version":1', '"version":2'))).toEqual(["alias champion points to version 2, to 1 by its history"]);
    expect(await problemsAfter((index) => index.replace('"status":"pending"', '"status":"approved"'))).toEqual(["version 1 has the status approved, pending by its history"]);
    expect(await problemsAfter((index) => index.replace(/,\n\{"number":2.*\n/, "\n"))).toEqual(["version 2 is in the history but not in the registry"]);
    await store.put("sample/index.json", before);
    const [bundle] = await store.list("sample/bundles/");
    await store.put(bundle?.key ?? "", new Uint8Array(3));
    expect((await registry.verify()).problems).toHaveLength(1);
    expect((await registry.verify({ bundles: false })).sound).toBe(true);
    await registry.promote(2, "champion");
    expect((await registry.verify({ bundles: false, knownHead: head ?? "" })).sound).toBe(true);
    await store.put("sample/index.json", before);
    const newest = (await store.list("sample/history/")).at(-1);
    expect((await registry.verify({ bundles: false, knownHead: "f".repeat(64) })).problems[0]?.problem).toMatch(/cut short/);
    expect(newest?.key).toMatch(/000000004/);
  });

  it("removes what a retention policy does not keep, and nothing that is needed", async () => {
    const registry = filesRegistry(memoryStore(), { name: "sample" });
    for (let seed = 1; seed <= 8; seed++) await registry.register(await sampleArtefact({ networks: 0, seed }));
    for (const number of [1, 2, 3]) await registry.promote(number, "champion");
    await registry.setStage(4, "Production");
    const policy = { keepLast: 2 };
    const plan = await planRetention(registry, policy);
    expect(plan.remove).toEqual([1, 5, 6]);
    expect(plan.keep.map(({ version }) => version)).toEqual([2, 3, 4, 7, 8]);
    await applyRetention(registry, policy, { by: "night job" });
    expect((await registry.list()).map(({ number }) => number)).toEqual([8, 7, 4, 3, 2]);
    expect((await registry.verify()).problems).toEqual([]);
    expect(await registry.rollback("champion")).toMatchObject({ rolledBack: true, to: 2 });
    for (const keepLast of [-1, 1.5, NaN]) await expect(planRetention(registry, { keepLast })).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });

  it("gives no semantic version twice, also when all were removed", async () => {
    const registry = filesRegistry(memoryStore(), { name: "sample" });
    await registry.register(await sampleArtefact({ networks: 0, seed: 1 }));
    await registry.remove(1);
    expect((await registry.register(await sampleArtefact({ networks: 0, seed: 1 }))).version).toMatchObject({ number: 2, semver: "1.0.1" });
  });

  it("refuses another model's bundle in the place of a registered one", async () => {
    const folder = newFolder();
    const registry = filesRegistry(filesStore(folder), { name: "sample" });
    const { version } = await registry.register(await sampleArtefact({ networks: 0 }));
    const place = join(folder, "sample/bundles", version.contentHash);
    await saveBundle(await sampleArtefact({ networks: 0, seed: 9 }), place);
    await expect(registry.load(1)).rejects.toMatchObject({ code: "BUNDLE_CORRUPT" });
  });
});
