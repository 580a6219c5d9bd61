import { beforeAll, describe, expect, it } from "vitest";
import { ChurnkitError } from "../../../src/base/errors.js";
import { uniform } from "../../../src/base/random.js";
import { memoryStore } from "../../../src/io/store/memory-store.js";
import type { Artifact } from "../../../src/model/artifact.js";
import { partPaths, toBundleFiles, type BundleFiles } from "../../../src/model/bundle/format.js";
import { readableJson } from "../../../src/base/json/write.js";
import { createManifest, manifestPath } from "../../../src/model/bundle/manifest.js";
import { openBundle } from "../../../src/model/bundle/open.js";
import { storeRegistry } from "../../../src/registry/backends/store/store-registry.js";
import { sampleArtifact } from "../../helpers/artifact.js";
import { budget } from "../../helpers/budget.js";

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const parts = [...partPaths, "scorer.json", "extras/notes.json"];
let artifact: Artifact;
let files: ReadonlyMap<string, Uint8Array>;

beforeAll(async () => {
  artifact = { ...(await sampleArtifact({ networks: 1 })), extras: { notes: { a: [1, "two", { b: null }] } } };
  files = await toBundleFiles(artifact);
});

/** The bundle with one part written otherwise, sealed as anybody can seal it. */
async function withPart(path: string, text: string): Promise<BundleFiles> {
  const changed = new Map(
    [...files]
      .filter(([name]) => name !== manifestPath)
      .map(([name, bytes]): [string, Uint8Array<ArrayBuffer>] => [name, new Uint8Array(bytes)]),
  );
  changed.set(path, encode(text));
  const manifest = readableJson(await createManifest(artifact.contract.name, "2026-01-01T00:00:00.000Z", changed));
  return new Map([...changed, [manifestPath, manifest]]);
}

/** Opens a bundle, and asks for all that is parsed when it is first used. */
async function used(bundle: BundleFiles): Promise<void> {
  const opened = await openBundle(bundle);
  void [opened.artifact.baseline, opened.artifact.metrics, opened.artifact.provenance, opened.artifact.extras];
}

// The last where parts are well formed, and contradict each other.
const codes = ["BUNDLE_CORRUPT", "BUNDLE_VERSION", "BUNDLE_GOLDEN", "FEATURES_INVALID", "CONTRACT_MISMATCH"];

async function expectTyped(work: Promise<unknown>, hint: string): Promise<void> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error !== undefined)
    expect(ChurnkitError.isInstance(error) ? error.code : error, hint).toSatisfy((code) =>
      codes.includes(code as string),
    );
}

const hostileTexts: readonly ((text: string) => string)[] = [
  () => "[".repeat(20_000) + "]".repeat(20_000),
  () => `{"a":`.repeat(20_000) + "1" + "}".repeat(20_000),
  (text) => text.slice(0, text.length / 2),
  () => "",
  () => "null",
  () => "[]",
  () => '"text"',
  () => "1e999",
  (text) => text.replace("{", '{"__proto__": {"polluted": true},'),
  (text) => text.replace("{", '{"kind": 1, "rows": 2, "columns": 3, "values": 4, "model": 5,'),
  (text) => text.replace(/: [0-9.]+/g, ": 1e308"),
  (text) => text.replace(/: [0-9.]+/g, ": 123456789012345678901234567890"),
  (text) => text.replace(/: \{/g, ": [").replace(/\}/g, "]"),
];

describe("a bundle's part that anybody may have written", () => {
  it.each(parts)(
    "%s is refused as BUNDLE_*, or read (JSON nested thousands of levels deep ended in RangeError)",
    async (path) => {
      const text = new TextDecoder().decode(files.get(path));
      for (const [i, change] of hostileTexts.entries())
        await expectTyped(withPart(path, change(text)).then(used), `${path}, text ${i}`);
      expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    },
  );

  it("is refused or read with any value in the place of another", async () => {
    const random = uniform(11);
    const values = [
      "null",
      "-1",
      "0.5",
      "1e308",
      '"x"',
      "[]",
      "{}",
      "true",
      "[".repeat(150) + "]".repeat(150),
      '{"length": 4294967295}',
    ];
    for (let i = 0; i < budget(150); i++) {
      const path = parts[i % parts.length] as string;
      const text = new TextDecoder().decode(files.get(path));
      const places = [...text.matchAll(/: ("[^"]*"|[-0-9.e]+|true|false|null|\[[^[\]]*\])/g)];
      const place = places[Math.floor(random() * places.length)] as RegExpExecArray;
      const value = values[Math.floor(random() * values.length)] as string;
      const changed = `${text.slice(0, place.index)}: ${value}${text.slice(place.index + place[0].length)}`;
      await expectTyped(withPart(path, changed).then(used), `${path}: ${place[0]} became ${value}`);
    }
  });

  it.each(["metrics.json", "provenance.json", "baseline.json", "extras/notes.json"])(
    "is found by register and by verify where it is parsed late: %s",
    async (path) => {
      const bad = await withPart(path, "[".repeat(20_000));
      await expect(storeRegistry(memoryStore(), { name: "m" }).register(bad)).rejects.toMatchObject({
        code: "BUNDLE_CORRUPT",
      });
    },
  );
});
