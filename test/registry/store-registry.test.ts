import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { uniform } from "../../src/base/random.js";
import { ChurnkitError } from "../../src/base/errors.js";
import { filesStore } from "../../src/io/store/files/files-store.js";
import { memoryStore } from "../../src/io/store/memory-store.js";
import type { ObjectStore } from "../../src/io/store/object-store.js";
import { loadBundle } from "../../src/model/bundle/load.js";
import { saveBundle } from "../../src/model/bundle/save.js";
import { storeRegistry } from "../../src/registry/backends/store/store-registry.js";
import { applyRetention, planRetention } from "../../src/registry/versions/retention.js";
import { cleaningConformance } from "../conformance/registry-clean.js";
import { registryConformance } from "../conformance/registry.js";
import { sampleArtifact } from "../helpers/artifact.js";
import { bundleScript, start } from "../helpers/child.js";
import { newFolder } from "../helpers/folder.js";
import { budget } from "../helpers/budget.js";

registryConformance("memory", () => storeRegistry(memoryStore(), { name: "sample" }));
registryConformance("files", () => storeRegistry(filesStore(newFolder()), { name: "sample" }));
cleaningConformance("memory", () => memoryStore());
cleaningConformance("files", () => filesStore(newFolder()));

describe("storeRegistry", () => {
  let child: Awaited<ReturnType<typeof bundleScript>>;
  let bundle: string;
  beforeAll(async () => {
    child = await bundleScript(join(import.meta.dirname, "registry-child.ts"));
    bundle = join(newFolder(), "bundle");
    await saveBundle(await sampleArtifact({ networks: 0 }), bundle);
  });
  afterAll(() => child.remove());

  it("keeps bundles as folders that load as they are", async () => {
    const folder = newFolder();
    const { version } = await storeRegistry(filesStore(folder), { name: "sample" }).register(
      await sampleArtifact({ networks: 1 }),
    );
    const [bundle = ""] = readdirSync(join(folder, "sample/bundles"));
    const loaded = await loadBundle(join(folder, "sample/bundles", bundle));
    expect(loaded.manifest.contentHash).toBe(version.contentHash);
  });

  it("needs a name of one segment and a store that compares and swaps", () => {
    const store = memoryStore();
    const weak: ObjectStore = { ...store, capabilities: { compareAndSwap: false, durable: false } };
    for (const make of [
      () => storeRegistry(store, { name: "a/b" }),
      () => storeRegistry(store, { name: "../a" }),
      () => storeRegistry(weak, { name: "a" }),
    ]) {
      expect(make).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }) as Error);
    }
  });

  it("keeps one history of what several processes do at once", async () => {
    const folder = newFolder();
    const ends = await Promise.all(
      ["1", "2", "3"].map((seed) => start(child.script, [bundle, folder, seed, "8"]).ended),
    );
    expect(ends.map(({ code, err }) => [code, err])).toEqual([
      [0, ""],
      [0, ""],
      [0, ""],
    ]);
    const registry = storeRegistry(filesStore(folder), { name: "sample" });
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
    const registry = storeRegistry(filesStore(folder), { name: "sample" });
    for (let round = 0; round < budget(8); round++) {
      const { child: writer, ended } = start(child.script, [bundle, folder, String(round), "1000"]);
      await new Promise((resolve) => writer.stdout?.once("data", resolve));
      await sleep(20 + random() * 60);
      writer.kill("SIGKILL");
      await ended;
      const [history, versions] = [await registry.history(), await registry.list({ limit: 1000 })];
      expect(history.filter(({ action }) => action === "register")).toHaveLength(versions.length);
      if (versions.length > 0) await registry.load("latest");
    }
    // The audit names each folder that a killed registration left, and no other.
    const { sound, orphans } = await registry.verify({ bundles: false });
    expect(sound).toBe(true);
    const uploads = (): Promise<string[]> =>
      filesStore(folder)
        .list("sample/bundles/")
        .then((found) => [...new Set(found.map(({ key }) => key.split("/")[2] ?? ""))]);
    const [versions, folders] = [await registry.list({ limit: 1000 }), await uploads()];
    expect(folders).toHaveLength(versions.length + orphans.length);
    expect(folders).toEqual(expect.arrayContaining(orphans.map((orphan) => orphan.folder)));
    for (const { folder: left } of orphans)
      expect(versions.map(({ contentHash }) => contentHash)).not.toContain(left.slice(0, 64));
    expect(await registry.clean({ olderThanSeconds: 0, apply: true })).toEqual(orphans);
    expect((await uploads()).length).toBe(versions.length);
    const { version } = await registry.register(await sampleArtifact({ networks: 0, seed: 5 }));
    expect(version.number).toBe((await registry.list({ limit: 2 }))[0]?.number);
  });

  it("is cleaned while processes register, and loses nothing of theirs", async () => {
    const folder = newFolder();
    const registry = storeRegistry(filesStore(folder), { name: "sample" });
    let removed = 0;
    let rounds = 0;
    // Until a cleaning met a registration at work.
    for (; rounds < 6 && removed === 0; rounds++) {
      let atWork = true;
      const seeds = [`${2 * rounds + 1}`, `${2 * rounds + 2}`];
      const ends = Promise.all(seeds.map((seed) => start(child.script, [bundle, folder, seed, "8"]).ended)).finally(
        () => (atWork = false),
      );
      while (atWork) {
        await sleep(5);
        removed += (await registry.clean({ olderThanSeconds: 0, apply: true })).length;
      }
      expect((await ends).map(({ code, err }) => [code, err])).toEqual([
        [0, ""],
        [0, ""],
      ]);
    }
    expect(removed).toBeGreaterThan(0);
    expect(await registry.verify()).toMatchObject({ sound: true, versions: 16 * rounds, orphans: [] });
  });

  it("leaves the state before or after when any single write fails", async () => {
    const artifact = await sampleArtifact({ networks: 1 });
    const counting = (
      failAt: number,
    ): { store: ObjectStore; real: ObjectStore; writes: () => number; failed: () => string } => {
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
      const registry = storeRegistry(store, { name: "sample" });
      await registry.register(artifact);
      await registry.promote(1, "champion");
    };
    await run(whole.store);
    expect(whole.writes()).toBeGreaterThan(14);
    for (let failAt = 1; failAt <= whole.writes(); failAt++) {
      const { store, real, failed } = counting(failAt);
      await expect(run(store)).rejects.toThrow("the power failed");
      const after = storeRegistry(real, { name: "sample" });
      const versions = await after.list();
      if (versions.length > 0) await after.load(1);
      expect(await after.history()).toHaveLength(versions.length);
      // Of what failed nothing is left in the history's folder, unless the index may have been changed.
      const orphans = failed().endsWith("index.json") ? 1 : 0;
      expect(await real.list("sample/history/")).toHaveLength(versions.length + orphans);
      expect((await after.aliases()).size).toBe(0);
      await after.register(artifact);
      expect(await after.promote(1, "champion")).toMatchObject({ promoted: true });
    }
  });

  it("notices what was changed behind its back", async () => {
    const folder = newFolder();
    const registry = storeRegistry(filesStore(folder), { name: "sample" });
    const { version } = await registry.register(await sampleArtifact({ networks: 0 }));
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
    const [bundle = ""] = readdirSync(join(folder, "sample/bundles"));
    expect(bundle.startsWith(version.contentHash)).toBe(true);
    restore = edit(`bundles/${bundle}/metrics.json`, (text) => text.replace("0.5", "0.9"));
    await expect(registry.load(1)).rejects.toMatchObject({ code: "BUNDLE_CORRUPT" });
    await expect(registry.download(1)).rejects.toMatchObject({ code: "BUNDLE_CORRUPT" });
    restore();
    for (const broken of ["", "{", "[]", '{"format": "churnkit-registry", "formatVersion": 3}', '{"__proto__": {}}']) {
      restore = edit("index.json", () => broken);
      for (const call of [
        () => registry.list(),
        () => registry.get(1),
        () => registry.promote(1, "champion"),
        () => registry.history(),
      ]) {
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
    const registry = storeRegistry(store, { name: "sample" });
    await registry.register(await sampleArtifact({ networks: 0 }));
    const text = new TextDecoder().decode((await store.get("sample/index.json"))?.bytes);
    for (const name of ["contentHash", "record", "upload"]) {
      await store.put(
        "sample/index.json",
        new TextEncoder().encode(text.replace(new RegExp(`"${name}":"[0-9a-f-]+"`), `"${name}":"../../../etc"`)),
      );
      for (const call of [() => registry.get(1), () => registry.download(1)])
        await expect(call()).rejects.toMatchObject({ code: "REGISTRY_CORRUPT" });
      expect(await registry.verify()).toMatchObject({ sound: false, problems: [{ where: "index" }] });
    }
  });

  it("tells by its audit what was changed by hand", async () => {
    const store = memoryStore();
    const registry = storeRegistry(store, { name: "sample" });
    for (const seed of [1, 2]) await registry.register(await sampleArtifact({ networks: 0, seed }));
    await registry.promote(1, "champion");
    const { head } = await registry.verify();
    const before = (await store.get("sample/index.json"))?.bytes ?? new Uint8Array();
    const text = new TextDecoder().decode(before);
    const problemsAfter = async (change: (text: string) => string): Promise<string[]> => {
      await store.put("sample/index.json", new TextEncoder().encode(change(text)));
      return (await registry.verify()).problems.map(({ where, problem }) => `${where} ${problem}`);
    };
    expect(await problemsAfter((same) => same)).toEqual([]);
    expect(await problemsAfter((index) => index.replace('"version":1', '"version":2'))).toEqual([
      "alias champion points to version 2, but its history says 1",
    ]);
    expect(await problemsAfter((index) => index.replace('"status":"pending"', '"status":"approved"'))).toEqual([
      "version 1 has the status approved, but its history says pending",
    ]);
    expect(await problemsAfter((index) => index.replace(/,\n\{"number":2.*\n/, "\n"))).toEqual([
      "version 2 is in the history but not in the registry",
    ]);
    await store.put("sample/index.json", before);
    const [bundle] = await store.list("sample/bundles/");
    await store.put(bundle?.key ?? "", new Uint8Array(3));
    expect((await registry.verify()).problems).toHaveLength(1);
    expect((await registry.verify({ bundles: false })).sound).toBe(true);
    await registry.promote(2, "champion");
    expect((await registry.verify({ bundles: false, knownHead: head ?? "" })).sound).toBe(true);
    await store.put("sample/index.json", before);
    const newest = (await store.list("sample/history/")).at(-1);
    expect((await registry.verify({ bundles: false, knownHead: "f".repeat(64) })).problems[0]?.problem).toMatch(
      /cut short/,
    );
    expect(newest?.key).toMatch(/000000004/);
  });

  it("notices any changed byte and any missing object by its audit, but what nothing refers to", async () => {
    const store = memoryStore();
    const registry = storeRegistry(store, { name: "sample" });
    for (const seed of [1, 2, 3]) await registry.register(await sampleArtifact({ networks: 0, seed }));
    for (const number of [1, 2, 3]) await registry.promote(number, "champion");
    const sound = async (): Promise<boolean> => (await storeRegistry(store, { name: "sample" }).verify()).sound;
    expect(await sound()).toBe(true);
    for (const { key } of await store.list("")) {
      const bytes = (await store.get(key))?.bytes ?? new Uint8Array();
      const everywhere = key.endsWith("index.json");
      for (let at = 0; at < bytes.length; at += everywhere ? 1 : Math.max(1, bytes.length - 1)) {
        const changed = bytes.slice();
        changed[at] = (changed[at] ?? 0) ^ 1;
        await store.put(key, changed);
        if (await sound())
          expect.fail(`${key} at ${at}: ${new TextDecoder().decode(bytes.slice(Math.max(0, at - 20), at + 5))}`);
      }
      await store.delete(key);
      expect(await sound(), key).toBe(false);
      await store.put(key, bytes);
    }
    expect(await sound()).toBe(true);
  });

  it("begins no new registry over one whose index is gone or an old one", async () => {
    const store = memoryStore();
    const registry = storeRegistry(store, { name: "sample" });
    const index = async (): Promise<Uint8Array> => (await store.get("sample/index.json"))?.bytes ?? new Uint8Array();
    await registry.register(await sampleArtifact({ networks: 0, seed: 1 }));
    const old = await index();
    await registry.register(await sampleArtifact({ networks: 0, seed: 2 }));
    await registry.promote(2, "champion");
    const present = await index();
    const after = (): typeof registry => storeRegistry(store, { name: "sample" });
    for (const [put, says] of [
      [() => store.delete("sample/index.json"), /is missing.*goes on to entry 3/],
      [() => store.put("sample/index.json", old), /is an old one.*goes on to entry 3/],
    ] as const) {
      await put();
      const corrupt = expect.objectContaining({
        code: "REGISTRY_CORRUPT",
        message: expect.stringMatching(says) as string,
      }) as Error;
      await expect(after().history()).rejects.toEqual(corrupt);
      await expect(after().snapshot()).rejects.toEqual(corrupt);
      expect((await after().verify()).problems[0]?.problem).toMatch(says);
    }
    await store.delete("sample/index.json");
    await expect(after().register(await sampleArtifact({ networks: 0, seed: 3 }))).rejects.toMatchObject({
      code: "REGISTRY_CORRUPT",
    });
    await store.put("sample/index.json", present);
    expect((await after().verify()).problems).toEqual([]);
  });

  it("finds a restore that was interrupted no reason to refuse it again", async () => {
    const from = storeRegistry(memoryStore(), { name: "sample" });
    for (const seed of [1, 2]) await from.register(await sampleArtifact({ networks: 0, seed }));
    const real = memoryStore();
    const cut: ObjectStore = {
      ...real,
      put: (key, ...rest) =>
        key.endsWith("index.json") ? Promise.reject(new Error("killed")) : real.put(key, ...rest),
    };
    await expect(storeRegistry(cut, { name: "sample" }).restore(await from.snapshot())).rejects.toThrow("killed");
    const to = storeRegistry(real, { name: "sample" });
    await to.restore(await from.snapshot());
    expect((await to.verify()).problems).toEqual([]);
    expect(await to.history()).toEqual(await from.history());
  });

  it("audits one moment while others go on", async () => {
    const real = memoryStore();
    const other = storeRegistry(real, { name: "sample" });
    for (const seed of [1, 2]) await other.register(await sampleArtifact({ networks: 0, seed }));
    let reads = 0;
    const store: ObjectStore = {
      ...real,
      async get(key) {
        // Somebody promotes between any two looks at the index.
        if (key.endsWith("index.json") && ++reads < 12) await other.promote((reads % 2) + 1, "champion");
        return real.get(key);
      },
    };
    expect((await storeRegistry(store, { name: "sample" }).verify()).problems).toEqual([]);
  });

  it("resolves a stage to what is fit for service there", async () => {
    const registry = storeRegistry(memoryStore(), { name: "sample" });
    for (const seed of [1, 2]) {
      await registry.register(await sampleArtifact({ networks: 0, seed }));
      await registry.setStage(seed, "Production");
      await registry.promote(seed, "champion");
    }
    expect((await registry.get("Production")).number).toBe(2);
    await registry.rollback("champion");
    expect((await registry.get("Production")).number).toBe(1);
    await registry.setStatus(1, "rejected");
    await expect(registry.get("Production")).rejects.toMatchObject({ code: "REGISTRY_NOT_FOUND" });
    expect(await registry.list({ stage: "Production" })).toHaveLength(2);
  });

  it.each(["../a", "a b", "", "ä", ".", "..", ".a", "a.", "a/b", "x".repeat(201)])(
    "says what a model can be called, not %j",
    (name) => {
      expect(() => storeRegistry(memoryStore(), { name })).toThrow(
        /cannot name a model: up to 200 letters, digits and \._-/,
      );
    },
  );

  it("removes what a retention policy does not keep, and nothing that is needed", async () => {
    const registry = storeRegistry(memoryStore(), { name: "sample" });
    for (let seed = 1; seed <= 8; seed++) await registry.register(await sampleArtifact({ networks: 0, seed }));
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
    for (const keepLast of [-1, 1.5, NaN])
      await expect(planRetention(registry, { keepLast })).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });

  it("takes no files from who registers a bundle again while its version is removed", async () => {
    const store = memoryStore();
    const [artifact, others] = [await sampleArtifact({ networks: 0 }), storeRegistry(store, { name: "sample" })];
    let again: Promise<unknown> | undefined;
    const remover = storeRegistry(
      { ...store, delete: async (key) => ((again ??= others.register(artifact)), await again, store.delete(key)) },
      { name: "sample" },
    );
    await remover.register(artifact);
    await remover.remove(1);
    expect(again).toBeDefined();
    expect((await others.load("latest")).version.number).toBe(2);
    expect((await others.verify()).problems).toEqual([]);
  });

  it("keeps one upload of a bundle that several register at once, and none of one that breaks off", async () => {
    const store = memoryStore();
    const artifact = await sampleArtifact({ networks: 0 });
    const ends = await Promise.all(
      Array.from({ length: 8 }, () => storeRegistry(store, { name: "sample" }).register(artifact)),
    );
    expect(ends.filter(({ created }) => created)).toHaveLength(1);
    const uploads = async (): Promise<number> =>
      new Set((await store.list("sample/bundles/")).map(({ key }) => key.split("/")[2])).size;
    expect(await uploads()).toBe(1);
    let left = 3;
    const full = {
      ...store,
      putStream: ((key, content, options) => {
        if (left-- > 0) return store.putStream(key, content, options);
        throw new Error("The disk is full.");
      }) as typeof store.putStream,
    };
    await expect(
      storeRegistry(full, { name: "sample" }).register(await sampleArtifact({ networks: 0, seed: 2 })),
    ).rejects.toThrow("full");
    expect(left).toBeLessThan(0);
    expect(await uploads()).toBe(1);
    const noRecords = {
      ...store,
      put: ((key, bytes, options) =>
        key.includes("/versions/")
          ? Promise.reject(new Error("The disk is full."))
          : store.put(key, bytes, options)) as typeof store.put,
    };
    await expect(
      storeRegistry(noRecords, { name: "sample" }).register(await sampleArtifact({ networks: 0, seed: 3 })),
    ).rejects.toThrow("full");
    expect(await uploads()).toBe(1);
  });

  it("uploads a bundle again where its record met somebody else's and the change begins again", async () => {
    const store = memoryStore();
    let conflicts = 1;
    const meeting = {
      ...store,
      put: ((key, bytes, options) => {
        if (key.includes("/versions/") && conflicts-- > 0)
          return Promise.reject(new ChurnkitError("STORE_CONFLICT", "Somebody else wrote it."));
        return store.put(key, bytes, options);
      }) as typeof store.put,
    };
    await storeRegistry(meeting, { name: "sample" }).register(await sampleArtifact({ networks: 0 }));
    expect((await storeRegistry(store, { name: "sample" }).verify()).problems).toEqual([]);
  });

  it("tells by its audit that an old index was put back, also when much has come since", async () => {
    const store = memoryStore();
    const register = async (...seeds: number[]): Promise<void> => {
      for (const seed of seeds)
        await storeRegistry(store, { name: "sample" }).register(await sampleArtifact({ networks: 0, seed }));
    };
    await register(1);
    const old = (await store.get("sample/index.json"))?.bytes ?? new Uint8Array();
    await register(2, 3, 4);
    await store.put("sample/index.json", old);
    await register(5, 6, 7, 8);
    const { problems } = await storeRegistry(store, { name: "sample" }).verify();
    expect(problems.map(({ where, problem }) => `${where} ${problem}`)).toEqual(
      [2, 3].map((entry) => expect.stringMatching(new RegExp(`^history no longer has the entry ${entry} `)) as string),
    );
  });

  it("leaves one upload of each bundle when a restore that broke off is repeated", async () => {
    const [from, to] = [memoryStore(), memoryStore()];
    for (const seed of [1, 2, 3])
      await storeRegistry(from, { name: "sample" }).register(await sampleArtifact({ networks: 0, seed }));
    let left = 20;
    const breaking = {
      ...to,
      putStream: ((key, content, options) =>
        left-- > 0 ? to.putStream(key, content, options) : Promise.reject(new Error("broke"))) as typeof to.putStream,
    };
    const snapshot = await storeRegistry(from, { name: "sample" }).snapshot();
    await expect(storeRegistry(breaking, { name: "sample" }).restore(snapshot)).rejects.toThrow("broke");
    await storeRegistry(to, { name: "sample" }).restore(snapshot);
    expect(new Set((await to.list("sample/bundles/")).map(({ key }) => key.split("/")[2])).size).toBe(3);
    expect((await storeRegistry(to, { name: "sample" }).verify()).problems).toEqual([]);
  });

  it("gives no semantic version twice, also when all were removed", async () => {
    const registry = storeRegistry(memoryStore(), { name: "sample" });
    await registry.register(await sampleArtifact({ networks: 0, seed: 1 }));
    await registry.remove(1);
    expect((await registry.register(await sampleArtifact({ networks: 0, seed: 1 }))).version).toMatchObject({
      number: 2,
      semver: "1.0.1",
    });
  });

  it("refuses another model's bundle in the place of a registered one", async () => {
    const folder = newFolder();
    const registry = storeRegistry(filesStore(folder), { name: "sample" });
    await registry.register(await sampleArtifact({ networks: 0 }));
    const [bundle = ""] = readdirSync(join(folder, "sample/bundles"));
    const place = join(folder, "sample/bundles", bundle);
    await saveBundle(await sampleArtifact({ networks: 0, seed: 9 }), place);
    await expect(registry.load(1)).rejects.toMatchObject({ code: "BUNDLE_CORRUPT" });
  });
});
