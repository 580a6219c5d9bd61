import type * as Fs from "node:fs";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { filesStore } from "../../src/io/store/files/files-store.js";
import { storeRegistry } from "../../src/registry/backends/store/store-registry.js";
import { sampleArtifact } from "../helpers/artifact.js";
import { newFolder } from "../helpers/folder.js";

/**
 * What a power cut would leave, by the least that file systems promise: a file's bytes last once the file was synced, its
 * name once its folder was synced by a call that began after the name was given.
 */
const disk = vi.hoisted(() => ({
  opened: new Map<number, string>(),
  bytes: new Set<string>(),
  /** Names that were given: true once they last. */
  names: new Map<string, boolean>(),
  syncs: [] as string[],
  onRename: (to: string): void => void to,
}));

vi.mock("node:fs", async (original) => {
  const fs = await original<typeof Fs>();
  const paths = await import("node:path");
  return {
    ...fs,
    openSync(path: string, flags: string) {
      const file = fs.openSync(path, flags);
      disk.opened.set(file, path);
      if (flags === "wx") disk.bytes.delete(path);
      return file;
    },
    fsync(file: number, done: (error: Error | null) => void) {
      const path = disk.opened.get(file) ?? "";
      const names = [...disk.names.keys()].filter((name) => paths.dirname(name) === path);
      disk.syncs.push(path);
      fs.fsync(file, (error) => {
        disk.bytes.add(path);
        for (const name of names) disk.names.set(name, true);
        done(error);
      });
    },
    renameSync(from: string, to: string) {
      disk.onRename(to);
      fs.renameSync(from, to);
      disk.names.set(to, false);
      if (disk.bytes.delete(from)) disk.bytes.add(to);
      else disk.bytes.delete(to);
    },
    mkdirSync(path: string, options: { recursive: true }) {
      const made = fs.mkdirSync(path, options);
      if (made !== undefined)
        for (let name = path; name.length >= made.length; name = paths.dirname(name)) disk.names.set(name, false);
      return made;
    },
  };
});

const watched = await import("node:fs");
const builtin = process.getBuiltinModule.bind(process);
vi.spyOn(process, "getBuiltinModule").mockImplementation((id: string) => (id === "node:fs" ? watched : builtin(id)));

/** Objects below a folder that a power cut would take. */
function losable(root: string): string[] {
  const objects = readdirSync(root, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !entry.parentPath.startsWith(join(root, ".store")),
  );
  return objects
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => {
      let lasts = disk.bytes.has(file);
      for (let name = file; name !== root; name = dirname(name)) lasts &&= disk.names.get(name) === true;
      return !lasts;
    });
}

describe("a power cut", () => {
  beforeEach(() => {
    disk.syncs = [];
    disk.onRename = () => undefined;
  });

  it("takes no object that was put", async () => {
    const root = newFolder();
    const store = filesStore(root);
    const put = (key: string): Promise<unknown> => store.put(key, new TextEncoder().encode(key));
    const wrong: string[] = [];
    const keys = Array.from({ length: 40 }, (_, i) => `a/${i % 2}/b${i % 5}/${i}`);
    await Promise.all(
      keys.map(async (key) => {
        await put(key);
        wrong.push(...losable(root).filter((file) => file === join(root, key)));
      }),
    );
    expect(wrong).toEqual([]);
    expect(losable(root)).toEqual([]);
    // Who comes at the same time shares syncs of folders.
    const atOnce = disk.syncs.length;
    disk.syncs = [];
    const oneByOne = filesStore(newFolder());
    for (const key of keys) await oneByOne.put(key, new Uint8Array(1));
    expect(atOnce).toBeLessThan(disk.syncs.length);
    // What was removed and made again is new again.
    rmSync(join(root, "a"), { recursive: true });
    await put("a/0/b0/again");
    expect(losable(root)).toEqual([]);
    await store.delete("a/0/b0/again");
    await put("a/0/b0/again");
    expect(losable(root)).toEqual([]);
  });

  it("takes no store whose own folder was new", async () => {
    const folder = newFolder();
    mkdirSync(join(folder, "there"));
    await filesStore(join(folder, "there/a/b")).put("x", new Uint8Array(1));
    expect(disk.syncs).toEqual(
      expect.arrayContaining([join(folder, "there"), join(folder, "there/a"), join(folder, "there/a/b")]),
    );
    expect(disk.syncs).not.toContain(folder);
  });

  it("leaves all that the index names, whenever it comes", async () => {
    const root = newFolder();
    const registry = storeRegistry(filesStore(root), { name: "sample" });
    const index = join(root, "sample/index.json");
    const early: string[] = [];
    let changes = 0;
    // From this moment on the new index may be what is found; the old one may still be, which is why all of it has to last.
    disk.onRename = (to) => {
      if (to !== index) return;
      changes++;
      early.push(...losable(root).filter((file) => file !== index));
    };
    for (const seed of [1, 2]) {
      await registry.register(await sampleArtifact({ networks: 1, seed }));
      expect(losable(root)).toEqual([]);
      await registry.promote(seed, "champion");
      expect(losable(root)).toEqual([]);
    }
    await registry.setStatus(1, "approved");
    await registry.rollback("champion");
    expect(losable(root)).toEqual([]);
    expect(early).toEqual([]);
    expect(changes).toBe(6);
  });
});
