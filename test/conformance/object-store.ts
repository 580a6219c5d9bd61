import { describe, expect, it } from "vitest";
import type { ObjectStore } from "../../src/io/store/object-store.js";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

async function* parts(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(bytesOf(text));
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<string> {
  let text = "";
  for await (const part of stream) text += textOf(part);
  return text;
}

/** Adds one to a number in a store by compare-and-swap, as often as it takes. */
export async function increment(store: ObjectStore, key: string): Promise<void> {
  for (;;) {
    const found = await store.get(key);
    try {
      await store.put(key, bytesOf(String(Number(textOf(found?.bytes)) + 1)), { ifVersion: found?.version ?? null });
      return;
    } catch (error) {
      if ((error as { code?: unknown }).code !== "STORE_CONFLICT") throw error;
    }
  }
}

/** What every ObjectStore must do. `make` returns an empty store. */
export function objectStoreConformance(name: string, make: () => ObjectStore | Promise<ObjectStore>): void {
  describe(`ObjectStore: ${name}`, () => {
    it("gives back what was put, and a new version when it changes", async () => {
      const store = await make();
      expect(await store.get("a/b.json")).toBeUndefined();
      const first = await store.put("a/b.json", bytesOf("one"));
      expect(await store.get("a/b.json").then((found) => [textOf(found?.bytes), found?.version])).toEqual([
        "one",
        first.version,
      ]);
      const second = await store.put("a/b.json", bytesOf("two"));
      expect(second.version).not.toBe(first.version);
      expect(textOf((await store.get("a/b.json"))?.bytes)).toBe("two");
    });

    it("keeps its bytes to itself", async () => {
      const store = await make();
      // A Buffer's slice is a view of it, that of other arrays a copy.
      for (const bytes of [bytesOf("mine"), Buffer.from("mine")]) {
        await store.put("a", bytes);
        bytes.fill(0);
        const read = await store.get("a");
        read?.bytes.fill(1);
        expect(textOf((await store.get("a"))?.bytes)).toBe("mine");
      }
      const part = Buffer.from("mine");
      const stream = (async function* () {
        yield part;
        await Promise.resolve();
        part.fill(0);
        yield Buffer.from(" too");
      })();
      await store.putStream("a", stream);
      expect(textOf((await store.get("a"))?.bytes)).toBe("mine too");
    });

    it("keeps empty and binary objects", async () => {
      const store = await make();
      await store.put("empty", new Uint8Array(0));
      const all = Uint8Array.from({ length: 70_000 }, (_, i) => i % 256);
      await store.put("binary", all);
      expect((await store.get("empty"))?.bytes.length).toBe(0);
      expect(Buffer.from((await store.get("binary"))?.bytes ?? []).equals(all)).toBe(true);
    });

    it("lists by prefix, sorted, with sizes", async () => {
      const store = await make();
      for (const key of ["b", "a/2", "a/10", "a-1", "aa/x/y"]) await store.put(key, bytesOf(key));
      const keys = async (prefix: string): Promise<string[]> => (await store.list(prefix)).map(({ key }) => key);
      expect(await keys("")).toEqual(["a-1", "a/10", "a/2", "aa/x/y", "b"]);
      expect(await keys("a/")).toEqual(["a/10", "a/2"]);
      expect(await keys("a")).toEqual(["a-1", "a/10", "a/2", "aa/x/y"]);
      expect(await keys("aa/x")).toEqual(["aa/x/y"]);
      expect(await keys("nothing/here")).toEqual([]);
      expect(await store.list("aa/")).toMatchObject([{ key: "aa/x/y", size: 6 }]);
    });

    it("lists when an object was last written", async () => {
      const store = await make();
      await store.put("before", bytesOf("x"));
      const [before] = await store.list("before");
      await store.put("after", bytesOf("x"));
      const [after] = await store.list("after");
      // The store's clock may be another machine's, and in whole seconds.
      expect(Math.abs((before?.modified?.getTime() ?? 0) - Date.now())).toBeLessThan(600_000);
      expect(after?.modified?.getTime()).toBeGreaterThanOrEqual(before?.modified?.getTime() ?? Infinity);
    });

    it("deletes, and does not mind an object that is not there", async () => {
      const store = await make();
      await store.put("a/b", bytesOf("x"));
      await store.delete("a/b");
      await store.delete("a/b");
      expect(await store.get("a/b")).toBeUndefined();
      expect(await store.list("")).toEqual([]);
      await store.put("a", bytesOf("where a folder was"));
      expect(textOf((await store.get("a"))?.bytes)).toBe("where a folder was");
    });

    it("streams in and out", async () => {
      const store = await make();
      const { version } = await store.putStream("s", parts("one ", "two ", "three"));
      expect((await store.get("s"))?.version).toBe(version);
      const found = await store.getStream("s");
      expect(found?.size).toBe(13);
      expect(await collect(found?.stream ?? parts())).toBe("one two three");
      expect(await store.getStream("none")).toBeUndefined();
    });

    it("keeps the old object when a stream fails half-way", async () => {
      const store = await make();
      await store.put("s", bytesOf("old"));
      const failing = async function* (): AsyncGenerator<Uint8Array> {
        yield await Promise.resolve(bytesOf("half"));
        throw new Error("the source broke");
      };
      await expect(store.putStream("s", failing())).rejects.toThrow("the source broke");
      expect(textOf((await store.get("s"))?.bytes)).toBe("old");
      expect(await store.list("")).toHaveLength(1);
    });

    it.each([
      "",
      "/abs",
      "a//b",
      "../a",
      "a/../b",
      "a/.",
      ".hidden",
      "a/.hidden",
      "a\0b",
      "a\\b",
      "a b",
      "ü",
      "a:b",
      "x".repeat(201),
      "a.",
      `${"a/".repeat(460)}a`,
    ])("refuses the key %j", async (key) => {
      const store = await make();
      const refused = { code: "OPTION_INVALID" };
      await expect(store.put(key, bytesOf("x"))).rejects.toMatchObject(refused);
      await expect(store.get(key)).rejects.toMatchObject(refused);
      await expect(store.delete(key)).rejects.toMatchObject(refused);
      await expect(store.getStream(key)).rejects.toMatchObject(refused);
      await expect(store.putStream(key, parts("x"))).rejects.toMatchObject(refused);
      expect(await store.list("")).toEqual([]);
    });

    it("compares and swaps, where it declares to", async () => {
      const store = await make();
      if (!store.capabilities.compareAndSwap) return;
      const conflict = { code: "STORE_CONFLICT" };
      await expect(store.put("a", bytesOf("x"), { ifVersion: "0" })).rejects.toMatchObject(conflict);
      const { version } = await store.put("a", bytesOf("one"), { ifVersion: null });
      await expect(store.put("a", bytesOf("x"), { ifVersion: null })).rejects.toMatchObject(conflict);
      const next = await store.put("a", bytesOf("two"), { ifVersion: version });
      await expect(store.put("a", bytesOf("x"), { ifVersion: version })).rejects.toMatchObject(conflict);
      await expect(store.putStream("a", parts("x"), { ifVersion: version })).rejects.toMatchObject(conflict);
      expect(await store.get("a").then((found) => [textOf(found?.bytes), found?.version])).toEqual([
        "two",
        next.version,
      ]);
      await store.delete("a");
      await store.put("a", bytesOf("again"), { ifVersion: null });
    });

    it("loses none of 50 concurrent increments", async () => {
      const store = await make();
      if (!store.capabilities.compareAndSwap) return;
      await Promise.all(Array.from({ length: 50 }, () => increment(store, "count")));
      expect(textOf((await store.get("count"))?.bytes)).toBe("50");
    });
  });
}
