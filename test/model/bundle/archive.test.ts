import { gzipSync } from "node:zlib";
import { packTar, type TarHeader } from "modern-tar";
import { beforeAll, describe, expect, it } from "vitest";
import { packArchive, unpackArchive } from "../../../src/model/bundle/archive.js";
import { toBundleFiles } from "../../../src/model/bundle/format.js";
import { openBundle } from "../../../src/model/bundle/open.js";
import { sampleArtifact } from "../../helpers/artifact.js";
import { hashed } from "../../helpers/files.js";

interface Entry extends Partial<TarHeader> {
  readonly name: string;
  readonly body?: string;
}

async function tar(...entries: Entry[]): Promise<Uint8Array> {
  return packTar(
    entries.map(({ body = "", ...header }) => ({
      header: { size: body.length, ...header },
      ...(header.type === undefined ? { body } : {}),
    })),
  );
}

/** Overwrites a header's size field and mends its checksum. */
function withSize(archive: Uint8Array, size: number | string): Uint8Array {
  const bytes = Uint8Array.from(archive);
  const text = typeof size === "string" ? size : size.toString(8).padStart(11, "0");
  bytes.set(new TextEncoder().encode(text), 124);
  bytes.fill(32, 148, 156);
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  bytes.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  return bytes;
}

const unsafe = { code: "ARCHIVE_UNSAFE" };

describe("archives", () => {
  let files: Map<string, Uint8Array<ArrayBuffer>>;
  let archive: Uint8Array<ArrayBuffer>;
  beforeAll(async () => {
    files = await toBundleFiles(await sampleArtifact(), { createdAt: new Date(0) });
    archive = await packArchive(files);
  });

  it("give back the files, gzipped or not, in the same bytes every time", async () => {
    expect(hashed(await unpackArchive(archive))).toEqual(hashed(files));
    expect(Buffer.from(await packArchive(new Map([...files].reverse()))).equals(archive)).toBe(true);
    expect(
      await unpackArchive(await tar({ name: "./", type: "directory" }, { name: "./a/b.json", body: "x" })),
    ).toEqual(new Map([["a/b.json", new TextEncoder().encode("x")]]));
  });

  it("open as bundles from bytes, also of an ArrayBuffer", async () => {
    const one = await openBundle(archive);
    const two = await openBundle(archive.buffer.slice(archive.byteOffset, archive.byteOffset + archive.length));
    expect(two.manifest).toEqual(one.manifest);
  });

  it.each(["../up", "/etc/cron.d/x", "a/../../b", "a\\..\\b", ".ssh/authorized_keys", "C:\\x", "a//b", "a/./b"])(
    "refuse the path %j",
    async (name) => {
      await expect(unpackArchive(await tar({ name, body: "x" }))).rejects.toMatchObject(unsafe);
      await expect(unpackArchive(gzipSync(await tar({ name, body: "x" })))).rejects.toMatchObject(unsafe);
    },
  );

  it("refuse a path hidden in an extended header", async () => {
    await expect(unpackArchive(await tar({ name: "fine", body: "x", pax: { path: "../up" } }))).rejects.toMatchObject(
      unsafe,
    );
    await expect(unpackArchive(await tar({ name: `${"long/".repeat(60)}x`, body: "x" }))).rejects.toMatchObject(unsafe);
  });

  it("refuse a folder that leads out", async () => {
    await expect(unpackArchive(await tar({ name: "../", type: "directory" }))).rejects.toMatchObject(unsafe);
  });

  it.each(["symlink", "link", "character-device", "block-device", "fifo"] as const)("refuse a %s", async (type) => {
    await expect(
      unpackArchive(await tar({ name: "weights.bin", type, linkname: "/etc/passwd" })),
    ).rejects.toMatchObject(unsafe);
  });

  it("refuse a file twice", async () => {
    await expect(unpackArchive(await tar({ name: "a", body: "1" }, { name: "./a", body: "2" }))).rejects.toMatchObject(
      unsafe,
    );
  });

  it("refuse more files or bytes than the limits", async () => {
    const many = await tar(...Array.from({ length: 11 }, (_, i) => ({ name: `f${i}`, body: "x" })));
    await expect(unpackArchive(many, { files: 10 })).rejects.toMatchObject(unsafe);
    await expect(
      unpackArchive(await tar({ name: "a", body: "x".repeat(1001) }), { bytes: 1000 }),
    ).rejects.toMatchObject(unsafe);
    expect((await unpackArchive(await tar({ name: "a", body: "x".repeat(1000) }), { bytes: 1000 })).size).toBe(1);
  });

  it("refuse a header that claims a huge size, before any memory is taken", async () => {
    const small = await tar({ name: "a", body: "x" });
    await expect(unpackArchive(withSize(small, 8 ** 11 - 1))).rejects.toMatchObject(unsafe);
  });

  it("stop unpacking a bomb at the limit", async () => {
    // 100 MB in 100 kB: a file that says so, and files without end that each are small.
    const zeros = new Uint8Array(100 * 2 ** 20);
    const header = (await tar({ name: "a", body: "x".repeat(512) })).subarray(0, 1024);
    const big = gzipSync(Buffer.concat([withSize(header, zeros.length).subarray(0, 512), zeros]), { level: 1 });
    const many = gzipSync(Buffer.concat(Array.from({ length: 50_000 }, () => header)), { level: 1 });
    const before = process.memoryUsage().arrayBuffers;
    for (const bomb of [big, many])
      await expect(unpackArchive(bomb, { bytes: 2 ** 20, files: 10 })).rejects.toMatchObject(unsafe);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * 2 ** 20);
  });

  it("stop a bomb of extended headers at the limit", async () => {
    const header = withSize(await tar({ name: "x", type: "pax-header" }), 64 * 2 ** 20);
    const bomb = gzipSync(Buffer.concat([header.subarray(0, 512), new Uint8Array(64 * 2 ** 20)]), { level: 1 });
    await expect(unpackArchive(bomb, { bytes: 2 ** 20, files: 10 })).rejects.toMatchObject({
      code: expect.stringMatching(/ARCHIVE_UNSAFE|BUNDLE_CORRUPT/) as string,
    });
  });

  it("refuse what is cut short, changed or no archive at all", async () => {
    const broken = { code: "BUNDLE_CORRUPT" };
    for (const share of [0.01, 0.3, 0.7, 0.999]) {
      await expect(openBundle(archive.slice(0, Math.floor(archive.length * share)))).rejects.toMatchObject(broken);
    }
    const changed = Uint8Array.from(archive);
    changed[5000] = (changed[5000] ?? 0) ^ 1;
    await expect(openBundle(changed)).rejects.toMatchObject(broken);
    await expect(openBundle(new TextEncoder().encode("not an archive".repeat(100)))).rejects.toMatchObject(broken);
    await expect(openBundle(new Uint8Array(0))).rejects.toMatchObject(broken);
    await expect(openBundle(new Uint8Array(1024))).rejects.toMatchObject({ code: "BUNDLE_NOT_FOUND" });
  });

  it("refuse files that the manifest does not list", async () => {
    const more = await packTar(
      [...files, ["extra.json", new Uint8Array(1)] as const].map(([name, body]) => ({
        header: { name, size: body.length },
        body,
      })),
    );
    await expect(openBundle(more)).rejects.toMatchObject({ code: "BUNDLE_CORRUPT", where: { file: "extra.json" } });
  });
});
