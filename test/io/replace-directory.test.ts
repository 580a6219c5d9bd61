import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { previousFolders, replaceDirectory } from "../../src/io/replace-directory.js";
import { newFolder } from "../helpers/folder.js";

const files = (content: string): Map<string, Uint8Array> =>
  new Map([
    ["a.txt", new TextEncoder().encode(content)],
    ["deep/b/c.txt", new TextEncoder().encode(content)],
  ]);

describe("replaceDirectory", () => {
  it("makes the folder hold exactly the files, and leaves nothing else", async () => {
    const folder = newFolder();
    const target = join(folder, "new/model");
    await replaceDirectory(target, files("one"));
    await replaceDirectory(target, new Map([["a.txt", new TextEncoder().encode("two")]]));
    expect(readdirSync(target)).toEqual(["a.txt"]);
    expect(readFileSync(join(target, "a.txt"), "utf8")).toBe("two");
    expect(readdirSync(join(folder, "new"))).toEqual(["model"]);
  });

  it("leaves nothing behind when it fails, not even folders it made", async () => {
    const folder = newFolder();
    const impossible = new Map([
      ["a", new Uint8Array(1)],
      ["a/b", new Uint8Array(1)],
    ]);
    await expect(replaceDirectory(join(folder, "x/y/model"), impossible)).rejects.toMatchObject({ code: "IO_FAILED" });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("keeps the old folder when it fails", async () => {
    const folder = newFolder();
    const target = join(folder, "model");
    await replaceDirectory(target, files("old"));
    const impossible = new Map([
      ["a", new Uint8Array(1)],
      ["a/b", new Uint8Array(1)],
    ]);
    await expect(replaceDirectory(target, impossible)).rejects.toMatchObject({ code: "IO_FAILED" });
    expect(readFileSync(join(target, "deep/b/c.txt"), "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["model"]);
  });

  it("finds the newest former folder where a kill left none, and clears up at the next call", async () => {
    const folder = newFolder();
    const target = join(folder, "model");
    await replaceDirectory(target, files("old"));
    mkdirSync(join(folder, ".model.previous-older"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    renameSync(target, join(folder, ".model.previous-newer"));
    expect(await previousFolders(target)).toEqual([
      join(folder, ".model.previous-newer"),
      join(folder, ".model.previous-older"),
    ]);
    await replaceDirectory(target, files("new"));
    expect(readdirSync(folder)).toEqual(["model"]);
  });

  it("serializes several who save at once; one of them wins, whole", async () => {
    const folder = newFolder();
    const target = join(folder, "model");
    await Promise.all(["1", "2", "3", "4", "5"].map((content) => replaceDirectory(target, files(content))));
    const contents = ["a.txt", "deep/b/c.txt"].map((name) => readFileSync(join(target, name), "utf8"));
    expect(contents[0]).toBe(contents[1]);
    expect(readdirSync(folder)).toEqual(["model"]);
    expect(existsSync(join(folder, ".model.lock"))).toBe(false);
  });

  it("names the path when it cannot write", async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "file"), "");
    await expect(replaceDirectory(join(folder, "file/model"), files("x"))).rejects.toThrow(/a file, not a folder/);
  });
});
