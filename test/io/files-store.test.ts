import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync, statfsSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { filesStore } from "../../src/io/store/files/files-store.js";
import { objectStoreConformance } from "../conformance/object-store.js";
import { bundleScript, start } from "../helpers/child.js";
import { newFolder } from "../helpers/folder.js";
import { budget } from "../helpers/budget.js";

objectStoreConformance("files", () => filesStore(newFolder()));

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const bytesOf = (content: string): Uint8Array => new TextEncoder().encode(content);

describe("filesStore", () => {
  let child: Awaited<ReturnType<typeof bundleScript>>;
  beforeAll(async () => {
    child = await bundleScript(join(import.meta.dirname, "increment-child.ts"));
  });
  afterAll(() => child.remove());

  it("loses none of 50 increments of two processes", async () => {
    const folder = newFolder();
    const ends = await Promise.all([
      start(child.script, [folder, "n", "25"]).ended,
      start(child.script, [folder, "n", "25"]).ended,
    ]);
    expect(ends.map(({ code, err }) => [code, err])).toEqual([
      [0, ""],
      [0, ""],
    ]);
    expect(text((await filesStore(folder).get("n"))?.bytes)).toBe("50");
  });

  it("goes on at once after a process was killed at any moment, and leaves whole objects", async () => {
    const folder = newFolder();
    for (let round = 0; round < budget(6); round++) {
      const { child: one, ended } = start(child.script, [folder, "n", "100000"]);
      await new Promise((resolve) => one.stdout?.once("data", resolve));
      await sleep((round % 6) * 7);
      one.kill("SIGKILL");
      await ended;
      const store = filesStore(folder);
      const found = await store.get("n");
      const before = found === undefined ? 0 : Number(text(found.bytes));
      expect(Number.isInteger(before)).toBe(true);
      const begun = performance.now();
      await store.put("n", bytesOf(String(before + 1)), { ifVersion: found?.version ?? null });
      expect(performance.now() - begun).toBeLessThan(1000);
    }
    expect(Number(text((await filesStore(folder).get("n"))?.bytes))).toBeGreaterThan(6);
    expect(readdirSync(join(folder, ".store", "tmp"))).toEqual([]);
  });

  it("keeps each object in a plain file of its name", async () => {
    const folder = newFolder();
    await filesStore(folder).put("models/a.json", bytesOf("{}"));
    expect(readFileSync(join(folder, "models/a.json"), "utf8")).toBe("{}");
  });

  it("goes on when its folder was removed meanwhile", async () => {
    const folder = newFolder();
    const store = filesStore(join(folder, "store"));
    await store.put("a/b", bytesOf("x"));
    rmSync(join(folder, "store"), { recursive: true });
    expect(await store.get("a/b")).toBeUndefined();
    await Promise.all([store.put("a/b", bytesOf("y")), store.put("a/c/d", bytesOf("z"))]);
    expect((await store.list("")).map(({ key }) => key)).toEqual(["a/b", "a/c/d"]);
  });

  it("puts and deletes in one folder at the same time", async () => {
    const store = filesStore(newFolder());
    const turns = Array.from({ length: 40 }, (_, i) => `a/b/${i}`);
    await Promise.all(turns.map(async (key) => store.put(key, bytesOf(key)).then(() => store.delete(key))));
    expect(await store.list("")).toEqual([]);
  });

  it("does not list what is no object", async () => {
    const folder = newFolder();
    const store = filesStore(folder);
    await store.put("a", bytesOf("x"));
    symlinkSync("/etc/hostname", join(folder, "link"));
    expect((await store.list("")).map(({ key }) => key)).toEqual(["a"]);
    expect(await store.list(".store/")).toEqual([]);
  });

  it("says what is wrong when the system refuses", async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "file"), "");
    const inFile = filesStore(join(folder, "file"));
    await expect(inFile.put("a", bytesOf("x"))).rejects.toMatchObject({ code: "STORE_FAILED" });
    mkdirSync(join(folder, "dir/a/b"), { recursive: true });
    await expect(filesStore(join(folder, "dir")).put("a", bytesOf("x"))).rejects.toMatchObject({
      code: "STORE_FAILED",
    });
    await expect(filesStore(join(folder, "dir")).get("a")).rejects.toThrow(/dir\/a.*folder, not a file/s);
  });

  it("keeps the old object and nothing else when the disk is full", async () => {
    const folder = newFolder();
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", folder]);
    if (mounted.status !== 0) {
      console.warn("skipped: full disk (mounting a small tmpfs needs root)");
      return;
    }
    try {
      const store = filesStore(folder);
      await store.put("a", bytesOf("old"));
      const free = (): number => statfsSync(folder).bfree;
      const before = free();
      const failed = await store
        .put("a", new Uint8Array(1_000_000))
        .catch((error: unknown) => error as Error & { code: string });
      expect(failed).toMatchObject({ code: "STORE_FAILED" });
      expect((failed as Error).message).toContain("The disk is full");
      expect(text((await store.get("a"))?.bytes)).toBe("old");
      expect(free()).toBe(before);
    } finally {
      spawnSync("umount", [folder]);
    }
  });
});
