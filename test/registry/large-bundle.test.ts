import { createHash } from "node:crypto";
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { filesStore } from "../../src/io/store/files/files-store.js";
import { memoryStore } from "../../src/io/store/memory-store.js";
import { createManifest, manifestPath } from "../../src/model/bundle/manifest.js";
import { readableJson } from "../../src/base/json/write.js";
import { saveBundle } from "../../src/model/bundle/save.js";
import { bundleSource } from "../../src/model/bundle/source.js";
import { storeRegistry } from "../../src/registry/backends/store/store-registry.js";
import { sampleArtifact } from "../helpers/artifact.js";
import { startCli } from "../cli/cli.js";
import { bundleScript, start } from "../helpers/child.js";
import { newFolder } from "../helpers/folder.js";

/** CHURNKIT_LARGE_BUNDLE_MB=2048 makes it as large as the figure in the docs. */
const megabytes = Number(process.env["CHURNKIT_LARGE_BUNDLE_MB"] ?? 256);

/** A bundle whose weights are so large: a file with holes, so that making it is quick. */
async function largeBundle(): Promise<string> {
  const folder = join(newFolder(), "bundle");
  await saveBundle(await sampleArtifact({ networks: 1 }), folder);
  const weights = "networks/0/weights.bin";
  const file = openSync(join(folder, weights), "w");
  ftruncateSync(file, megabytes * 2 ** 20);
  writeSync(file, "end", megabytes * 2 ** 20 - 3);
  closeSync(file);
  const hash = createHash("sha256");
  for (let i = 0, piece = Buffer.alloc(2 ** 20); i < megabytes; i++) {
    if (i === megabytes - 1) piece.write("end", 2 ** 20 - 3);
    hash.update(piece);
  }
  const before = JSON.parse(readFileSync(join(folder, manifestPath), "utf8")) as {
    name: string;
    createdAt: string;
    files: { path: string }[];
  };
  const files = new Map(
    before.files.map(({ path }) => [
      path,
      path === weights ? new Uint8Array() : Uint8Array.from(readFileSync(join(folder, path))),
    ]),
  );
  const {
    format,
    formatVersion,
    name,
    createdAt,
    versions,
    files: listed,
  } = await createManifest(before.name, before.createdAt, files);
  const described = listed.map((one) =>
    one.path === weights ? { path: weights, bytes: megabytes * 2 ** 20, sha256: hash.digest("hex") } : one,
  );
  const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");
  const contentHash = sha256(described.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join(""));
  const changed = { format, formatVersion, name, createdAt, versions, files: described, contentHash };
  writeFileSync(join(folder, manifestPath), readableJson({ ...changed, manifestHash: sha256(readableJson(changed)) }));
  return folder;
}

describe("a bundle larger than memory should be", () => {
  let child: Awaited<ReturnType<typeof bundleScript>>;
  let bundle: string;
  beforeAll(async () => {
    child = await bundleScript(join(import.meta.dirname, "large-child.ts"));
    bundle = await largeBundle();
  }, 120_000);
  afterAll(() => {
    child.remove();
    rmSync(bundle, { recursive: true });
  });

  it("is registered and verified as a stream", async () => {
    const folder = newFolder();
    const { code, out, err } = await start(child.script, [bundle, folder]).ended;
    expect([code, err]).toEqual([0, ""]);
    const { sound, peak } = JSON.parse(out) as { sound: boolean; peak: number };
    console.log(`a bundle of ${megabytes} MB: ${(peak / 1024).toFixed(0)} MB of memory at most`);
    expect(sound).toBe(true);
    expect(peak / 1024).toBeLessThan(200);
    rmSync(folder, { recursive: true });
  }, 300_000);

  it("is registered so by the command line", async () => {
    const folder = newFolder();
    const peak = "data:text/javascript,process.on('exit', () => console.error('peak', process.resourceUsage().maxRSS))";
    const { code, out, err } = await startCli(
      ["registry", "register", bundle, "--store", "registry", "--gate", "basic"],
      folder,
      ["--import", peak],
    ).ended;
    expect(out).toMatch(/^registered as version 1 /);
    expect([code, err]).toEqual([out.includes("rejected") ? 1 : 0, expect.stringContaining("too large to load first")]);
    expect(Number(/^peak (\d+)$/m.exec(err)?.[1]) / 1024).toBeLessThan(200);
    rmSync(folder, { recursive: true });
  }, 300_000);

  it("is refused when a byte was changed, and leaves no version", async () => {
    const broken = join(newFolder(), "bundle");
    await saveBundle(await sampleArtifact({ networks: 1 }), broken);
    const path = join(broken, "networks/0/weights.bin");
    const bytes = readFileSync(path);
    bytes[1000] = (bytes[1000] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const store = memoryStore();
    const registry = storeRegistry(store, { name: "sample" });
    await expect(registry.register(await bundleSource(filesStore(broken)))).rejects.toMatchObject({
      code: "BUNDLE_CORRUPT",
    });
    expect(await registry.list()).toEqual([]);
    mkdirSync(join(broken, "empty"));
    await expect(bundleSource(filesStore(join(broken, "empty")))).rejects.toMatchObject({ code: "BUNDLE_NOT_FOUND" });
  });
});
