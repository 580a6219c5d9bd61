import { describe, expect, it } from "vitest";
import type { ObjectStore } from "../../src/io/store/object-store.js";
import { storeRegistry } from "../../src/registry/backends/store/store-registry.js";
import { sampleArtifact } from "../helpers/artifact.js";

const name = "sample";
const everything = { olderThanSeconds: 0, apply: true };
const inTwoDays = (): Date => new Date(Date.now() + 2 * 86_400_000);

/** What removing bundle folders without a version must do and leave, on every store; `make` returns an empty one. */
export function cleaningConformance(what: string, make: () => ObjectStore | Promise<ObjectStore>): void {
  describe(`cleaning a registry: ${what}`, () => {
    const leave = (store: ObjectStore, folder: string): Promise<unknown> =>
      store.put(`sample/bundles/${folder}/manifest.json`, new Uint8Array(7));
    const left = `${"a".repeat(64)}-0123abcd`;

    it("tells what it would remove, removes that, and leaves what is young or named", async () => {
      const store = await make();
      const [today, later] = [storeRegistry(store, { name }), storeRegistry(store, { name, now: inTwoDays })];
      await today.register(await sampleArtifact({ networks: 0 }));
      await leave(store, left);
      const found = [expect.objectContaining({ folder: left, bytes: 7 })];
      expect(await today.clean({ apply: true })).toEqual([]);
      expect(await later.clean()).toEqual(found);
      expect((await today.verify()).orphans).toEqual(found);
      expect(await later.clean({ apply: true })).toEqual(found);
      expect(await today.verify()).toMatchObject({ sound: true, versions: 1, entries: 1, orphans: [] });
      await today.promote(1, "champion");
      expect(await later.clean(everything)).toEqual([]);
      expect((await today.verify()).sound).toBe(true);
      await expect(today.clean({ olderThanSeconds: NaN })).rejects.toMatchObject({ code: "OPTION_INVALID" });
    });

    /** Cleans just before the first object of that name is written; the files go only when `late` has come. */
    function cleanedBefore(
      written: RegExp,
      store: ObjectStore,
      late: Promise<void>,
    ): { readonly store: ObjectStore; readonly done: () => Promise<unknown> } {
      const slow: ObjectStore = { ...store, delete: async (key) => (await late, store.delete(key)) };
      const cleaner = storeRegistry(slow, { name, now: inTwoDays });
      let cleaning: Promise<unknown> | undefined;
      const put: ObjectStore["put"] = async (key, ...rest) => {
        if (written.test(key) && cleaning === undefined) {
          const index = async (): Promise<string | undefined> => (await store.get("sample/index.json"))?.version;
          const before = await index();
          cleaning = cleaner.clean(everything);
          while ((await index()) === before) await new Promise((resolve) => setTimeout(resolve, 5));
        }
        return store.put(key, ...rest);
      };
      return { store: { ...store, put }, done: async () => cleaning };
    }

    it("loses no bundle that is being registered, however late its files go", async () => {
      const store = await make();
      const registry = storeRegistry(store, { name });
      await registry.register(await sampleArtifact({ networks: 0, seed: 1 }));
      let go = (): void => undefined;
      const racing = cleanedBefore(/index\.json$/, store, new Promise((resolve) => (go = resolve)));
      const { version, created } = await storeRegistry(racing.store, { name }).register(
        await sampleArtifact({ networks: 0, seed: 2 }),
      );
      expect([version.number, created]).toEqual([2, true]);
      go();
      expect(await racing.done()).toHaveLength(1);
      expect(await registry.verify()).toMatchObject({ sound: true, versions: 2, orphans: [] });
    });

    it("loses no bundle of a restore, which says so and is repeated", async () => {
      const [from, store] = [storeRegistry(await make(), { name }), await make()];
      for (const seed of [1, 2]) await from.register(await sampleArtifact({ networks: 0, seed }));
      let go = (): void => undefined;
      const racing = cleanedBefore(/versions\/000002/, store, new Promise((resolve) => (go = resolve)));
      await expect(storeRegistry(racing.store, { name }).restore(await from.snapshot())).rejects.toMatchObject({
        code: "STORE_CONFLICT",
      });
      const registry = storeRegistry(store, { name });
      await registry.restore(await from.snapshot());
      go();
      expect(await racing.done()).toHaveLength(2);
      expect(await registry.verify()).toMatchObject({ sound: true, versions: 2, orphans: [] });
      expect(await registry.history()).toEqual(await from.history());
      expect(await registry.clean(everything)).toEqual([]);
    });

    it("is refused where the registry is not sound, since its bundles would seem to be left over", async () => {
      const store = await make();
      const registry = storeRegistry(store, { name, now: inTwoDays });
      const key = "sample/index.json";
      for (const seed of [1, 2]) await registry.register(await sampleArtifact({ networks: 0, seed }));
      const whole = (await store.get(key))?.bytes ?? new Uint8Array();
      const without = new TextDecoder().decode(whole).replace(/,\n\{"number":2.*\n/, "\n");
      for (const spoil of [() => store.delete(key), () => store.put(key, new TextEncoder().encode(without))]) {
        await spoil();
        await expect(registry.clean(everything)).rejects.toMatchObject({ code: "REGISTRY_REFUSED" });
        await store.put(key, whole);
      }
      expect(await registry.verify()).toMatchObject({ sound: true, versions: 2 });
    });
  });
}
