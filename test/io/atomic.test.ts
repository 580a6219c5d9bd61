import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeFileAtomic } from "../../src/io/atomic.js";
import { updateFile } from "../../src/io/update-file.js";
import { newFolder } from "../helpers/folder.js";

describe("writeFileAtomic", () => {
  it("writes texts, bytes and streams, making folders", async () => {
    const folder = newFolder();
    await writeFileAtomic(join(folder, "a/b/text"), "ä");
    await writeFileAtomic(join(folder, "bytes"), Uint8Array.of(1, 2));
    const parts = async function* (): AsyncGenerator<string | Uint8Array> {
      yield await Promise.resolve("one,");
      yield new TextEncoder().encode("two");
    };
    await writeFileAtomic(join(folder, "stream"), parts());
    expect(readFileSync(join(folder, "a/b/text"), "utf8")).toBe("ä");
    expect([...readFileSync(join(folder, "bytes"))]).toEqual([1, 2]);
    expect(readFileSync(join(folder, "stream"), "utf8")).toBe("one,two");
  });

  it("keeps the old file, and no new folder, when the content fails half-way", async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "old"), "old");
    const failing = async function* (): AsyncGenerator<string> {
      yield await Promise.resolve("half");
      throw new Error("the source broke");
    };
    await expect(writeFileAtomic(join(folder, "old"), failing())).rejects.toMatchObject({ code: "IO_FAILED" });
    await expect(writeFileAtomic(join(folder, "new/deep/file"), failing())).rejects.toMatchObject({
      code: "IO_FAILED",
    });
    expect(readFileSync(join(folder, "old"), "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["old"]);
  });

  it("keeps permissions that the process's mask would take, and the owner", async () => {
    const folder = newFolder();
    const before = process.umask(0o077);
    try {
      for (const name of ["written", "updated"]) {
        writeFileSync(join(folder, name), "");
        chmodSync(join(folder, name), 0o664);
        if (process.getuid?.() === 0) chownSync(join(folder, name), 12_345, 23_456);
      }
      const { uid, gid } = statSync(join(folder, "written"));
      await writeFileAtomic(join(folder, "written"), "x");
      await updateFile(join(folder, "updated"), () => "x");
      for (const name of ["written", "updated"])
        expect([name, statSync(join(folder, name))]).toMatchObject([name, { size: 1, mode: 0o100664, uid, gid }]);
    } finally {
      process.umask(before);
    }
  });

  it("keeps mode and links of the file it replaces", async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "real"), "", { mode: 0o600 });
    symlinkSync("real", join(folder, "link"));
    await writeFileAtomic(join(folder, "link"), "through");
    expect(readFileSync(join(folder, "real"), "utf8")).toBe("through");
    expect(statSync(join(folder, "real")).mode & 0o777).toBe(0o600);
  });

  it("writes into a device instead of replacing it", async () => {
    await writeFileAtomic("/dev/null", "gone");
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  it("names the path and what to do", async () => {
    const folder = newFolder();
    await expect(writeFileAtomic(folder, "x")).rejects.toThrow(`Cannot write ${folder}. It is a folder`);
    writeFileSync(join(folder, "file"), "");
    await expect(writeFileAtomic(join(folder, "file/x"), "x")).rejects.toThrow(/a file, not a folder/);
  });

  it("removes what a dead process left, and nothing of a living one", async () => {
    const folder = newFolder();
    await writeFileAtomic(join(folder, "f"), "x");
    const dead = join(folder, ".f.ffffffff-1-1-000000000000.tmp");
    writeFileSync(dead, "of another host, new");
    await writeFileAtomic(join(folder, "f"), "y");
    expect(existsSync(dead)).toBe(true);
    const leftover = readdirSync(mkdtempSync(join(folder, "d-")));
    expect(leftover).toEqual([]);
    mkdirSync(join(folder, "untouched"));
    expect(readFileSync(join(folder, "f"), "utf8")).toBe("y");
  });
});
