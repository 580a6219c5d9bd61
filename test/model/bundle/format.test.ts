import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { Artifact, Calibration } from "../../../src/model/artifact.js";
import { fromBundleFiles, toBundleFiles } from "../../../src/model/bundle/format.js";
import { readableJson } from "../../../src/base/json/write.js";
import { createManifest, isBundlePath, parseManifest } from "../../../src/model/bundle/manifest.js";
import { openBundle } from "../../../src/model/bundle/open.js";
import { ChurnkitError } from "../../../src/base/errors.js";
import { sampleArtifact, sampleTable } from "../../helpers/artifact.js";
import { hashed } from "../../helpers/files.js";
import { budget } from "../../helpers/budget.js";

type Files = Map<string, Uint8Array<ArrayBuffer>>;
const createdAt = new Date(0);
const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/** The files with some replaced, under a manifest that fits them: what an author of hostile bundles would make. */
async function forged(files: Files, changes: Record<string, Uint8Array<ArrayBuffer> | undefined>): Promise<Files> {
  const changed = new Map(files);
  changed.delete("manifest.json");
  for (const [path, bytes] of Object.entries(changes)) {
    if (bytes === undefined) changed.delete(path);
    else changed.set(path, bytes);
  }
  changed.set("manifest.json", readableJson(await createManifest("forged", createdAt.toISOString(), changed)));
  return changed;
}

const edited = (
  files: Files,
  path: string,
  edit: (json: Record<string, unknown>) => unknown,
): Record<string, Uint8Array<ArrayBuffer>> => {
  const json = JSON.parse(textOf(files.get(path))) as Record<string, unknown>;
  return { [path]: bytesOf(JSON.stringify(edit(json) ?? json)) };
};

describe("bundle format", () => {
  let artifact: Artifact;
  let files: Files;
  beforeAll(async () => {
    artifact = await sampleArtifact();
    files = await toBundleFiles(artifact, { createdAt });
  });

  it("gives back the artifact that it was made of", async () => {
    const read = await fromBundleFiles(files);
    expect(read.artifact).toEqual(artifact);
    expect(hashed(await toBundleFiles(read.artifact, { createdAt }))).toEqual(hashed(files));
  });

  it("keeps in the manifest what the training took, beside a content hash that does not depend on it", async () => {
    const trainingRun = {
      seconds: 1.5,
      processorSeconds: 2.25,
      machine: "linux x64",
      rows: "customers.csv, every row",
    };
    const told = await toBundleFiles(artifact, { createdAt, trainingRun });
    const [{ manifest }, plain] = [await fromBundleFiles(told), await fromBundleFiles(files)];
    expect(manifest.trainingRun).toEqual(trainingRun);
    expect(plain.manifest.trainingRun).toBeUndefined();
    expect(manifest.contentHash).toBe(plain.manifest.contentHash);
  });

  it("opens without reading what no score needs, and refuses it when it is asked for", async () => {
    const spoilt = await forged(files, {
      "baseline.json": bytesOf("{}"),
      "metrics.json": bytesOf("[]"),
      "provenance.json": bytesOf("?"),
      "extras/more.json": bytesOf("?"),
    });
    const { artifact: opened } = await openBundle(spoilt);
    for (const part of ["baseline", "metrics", "provenance", "extras"] as const) {
      expect(() => opened[part], part).toThrowError(expect.objectContaining({ code: "BUNDLE_CORRUPT" }));
      expect(() => opened[part], part).toThrowError();
    }
    await expect(fromBundleFiles(spoilt)).rejects.toMatchObject({ code: "BUNDLE_CORRUPT" });
    const sound = await openBundle(files);
    expect({ ...sound.artifact }).toEqual(artifact);
    expect(sound.artifact.baseline).toBe(sound.artifact.baseline);
  });

  it("scores the same bits after a round trip", async () => {
    const before = await openBundle(files);
    const table = sampleTable(50, 8);
    const again = await openBundle(await toBundleFiles(before.artifact));
    expect(again.scorer.score(table)).toEqual(before.scorer.score(table));
  });

  it("depends on nothing but the artifact, apart from the time", async () => {
    const later = await toBundleFiles(await sampleArtifact(), { createdAt: new Date(1e12) });
    const [one, two] = [
      await parseManifest(files.get("manifest.json") ?? bytesOf("")),
      await parseManifest(later.get("manifest.json") ?? bytesOf("")),
    ];
    expect(two.contentHash).toBe(one.contentHash);
    expect(two.createdAt).not.toBe(one.createdAt);
    const content = (all: Files) => hashed(all).filter(([path]) => path !== "manifest.json");
    expect(content(later)).toEqual(content(files));
  });

  it("is plain, readable files without code", () => {
    expect([...files.keys()].sort()).toEqual([
      "baseline.json",
      "contract.json",
      "decision.json",
      "golden.json",
      "manifest.json",
      "metrics.json",
      "networks/0/model.json",
      "networks/0/weights.bin",
      "networks/1/model.json",
      "networks/1/weights.bin",
      "provenance.json",
      "recipe.json",
      "scorer.json",
    ]);
    expect(textOf(files.get("decision.json"))).toBe(`{
  "calibration": {
    "intercept": -0.2,
    "kind": "platt",
    "slope": 1.1
  },
  "decision": {
    "costs": {
      "falseNegative": 500,
      "falsePositive": 50
    },
    "rule": "cost",
    "threshold": 0.4
  }
}
`);
  });

  it("keeps every kind of model and calibration", async () => {
    const linear = await sampleArtifact({ networks: 0 });
    const nested: Artifact = {
      ...linear,
      decision: { threshold: 1, rule: "given" },
      golden: [],
      model: {
        kind: "ensemble",
        members: [linear.model, { kind: "ensemble", members: [linear.model] }],
        weights: [0.1, 0.9],
        average: "logOdds",
      },
    };
    const calibrations: Calibration[] = [
      { kind: "identity" },
      { kind: "beta", a: 0, b: 1.5, c: -2 },
      { kind: "isotonic", from: [-1, 0.5], to: [-2, 3] },
    ];
    for (const calibration of calibrations) {
      const made = { ...nested, calibration };
      expect((await fromBundleFiles(await toBundleFiles(made))).artifact).toEqual(made);
    }
  });

  it("refuses an isotonic calibration that falls, or whose points are not pairs", async () => {
    const linear = await sampleArtifact({ networks: 0 });
    for (const [from, to] of [
      [
        [0, 1],
        [1, 0],
      ],
      [[0, 1], [1]],
      [[], []],
    ] as const) {
      const made = await toBundleFiles({ ...linear, golden: [], calibration: { kind: "isotonic", from, to } });
      await expect(fromBundleFiles(made)).rejects.toMatchObject({ code: "BUNDLE_CORRUPT" });
    }
  });

  it.each([
    { weights: [1] },
    { weights: [0.5, 0.4] },
    { weights: [1.5, -0.5] },
    { weights: [0.5, null] },
    { average: "odds" },
  ])("refuses the ensemble %j", async (wrong) => {
    const { model, ...rest } = await sampleArtifact({ networks: 0 });
    const ensemble = { kind: "ensemble", members: [model, model], ...wrong } as Artifact["model"];
    const written = await toBundleFiles({ ...rest, model: ensemble, golden: [] });
    await expect(fromBundleFiles(written)).rejects.toMatchObject({ code: "BUNDLE_CORRUPT" });
  });

  it("refuses every changed byte of every file", async () => {
    const paths = [...files.keys()];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...paths),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (path, at, flip) => {
          const bytes = Uint8Array.from(files.get(path) ?? []);
          const i = at % bytes.length;
          bytes[i] = (bytes[i] ?? 0) ^ flip;
          const error: unknown = await fromBundleFiles(new Map(files).set(path, bytes)).catch(
            (thrown: unknown) => thrown,
          );
          expect(
            ChurnkitError.isInstance(error) &&
              ["BUNDLE_CORRUPT", "BUNDLE_VERSION", "ARCHIVE_UNSAFE"].includes(error.code),
          ).toBe(true);
        },
      ),
      { numRuns: budget(150) },
    );
  });

  it("refuses missing, cut, lengthened and added files, naming them", async () => {
    const corrupt = (path: string, changed: Files) =>
      expect(fromBundleFiles(changed)).rejects.toMatchObject({ code: "BUNDLE_CORRUPT", where: { file: path } });
    for (const path of files.keys()) {
      if (path === "manifest.json") continue;
      const without = new Map(files);
      without.delete(path);
      await corrupt(path, without);
      await corrupt(path, new Map(files).set(path, (files.get(path) ?? new Uint8Array()).slice(0, -1)));
      await corrupt(path, new Map(files).set(path, bytesOf(`${textOf(files.get(path))} `)));
    }
    await corrupt("more.json", new Map(files).set("more.json", bytesOf("{}")));
    await corrupt("more.json", await forged(files, { "more.json": bytesOf("{}") }));
    await corrupt("golden.json", await forged(files, { "golden.json": undefined }));
    await expect(fromBundleFiles(new Map())).rejects.toMatchObject({ code: "BUNDLE_NOT_FOUND" });
  });

  it("refuses another format or version", async () => {
    for (const change of [{ format: "zip" }, { formatVersion: 2 }, { formatVersion: "1" }, { format: null }]) {
      const manifest = edited(files, "manifest.json", (json) => Object.assign(json, change));
      await expect(fromBundleFiles(new Map([...files, ...Object.entries(manifest)]))).rejects.toMatchObject({
        code: "BUNDLE_VERSION",
      });
    }
    const outputs = await forged(
      files,
      edited(files, "scorer.json", (json) => Object.assign(json, { outputs: 3 })),
    );
    await expect(fromBundleFiles(outputs)).rejects.toMatchObject({ code: "BUNDLE_CORRUPT" });
  });

  it.each([
    "../up",
    "/abs",
    "a/../../b",
    "a\\b",
    "C:/x",
    ".hidden",
    "a/.git/x",
    "a//b",
    "",
    "a\0b",
    "é",
    "manifest.json",
    "a/b/c/d/e/f/g/h/i/j",
    "x".repeat(201),
  ])("refuses the path %j in a manifest", async (path) => {
    const changed = new Map(files);
    changed.delete("manifest.json");
    changed.set(path, bytesOf("x"));
    changed.set("manifest.json", readableJson(await createManifest("forged", createdAt.toISOString(), changed)));
    await expect(fromBundleFiles(changed)).rejects.toMatchObject({ code: "ARCHIVE_UNSAFE" });
    if (path !== "manifest.json") expect(isBundlePath(path)).toBe(false);
  });

  it("refuses a model that does not reproduce its golden scores", async () => {
    const off = (by: number): Artifact => ({
      ...artifact,
      golden: artifact.golden.map((row, i) => (i === 3 ? { ...row, probability: row.probability + by } : row)),
    });
    await expect(openBundle(await toBundleFiles(off(1.1e-6)))).rejects.toMatchObject({
      code: "BUNDLE_GOLDEN",
      where: { row: 3 },
    });
    await openBundle(await toBundleFiles(off(0.9e-6)));
    const unscored = { ...artifact, golden: [{ record: { tenure: "x" }, probability: 0.5 }] };
    await expect(openBundle(await toBundleFiles(unscored))).rejects.toMatchObject({ code: "BUNDLE_GOLDEN" });
  });

  it("keeps a prototype out of every JSON file", async () => {
    for (const path of files.keys()) {
      if (!path.endsWith(".json") || path === "manifest.json") continue;
      for (const poison of ['"__proto__": {"polluted": 1}', '"\\u005f_proto__": {"polluted": 1}']) {
        const text = textOf(files.get(path)).replace("{", `{${poison},`);
        await expect(fromBundleFiles(await forged(files, { [path]: bytesOf(text) })), path).rejects.toMatchObject({
          code: "BUNDLE_CORRUPT",
        });
      }
    }
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    const labels = edited(files, "provenance.json", (json) => Object.assign(json, { learner: "__proto__" }));
    expect((await fromBundleFiles(await forged(files, labels))).artifact.provenance.learner).toBe("__proto__");
  });

  it("refuses with BUNDLE_CORRUPT whatever is put in the place of any JSON value", async () => {
    const paths = [...files.keys()].filter((path) => path.endsWith(".json") && path !== "manifest.json");
    const anything = fc.oneof(
      fc.constant(null),
      fc.constant({}),
      fc.constant([]),
      fc.string(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constant(-1),
      fc.boolean(),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), fc.nat(), anything, async (path, pick, value) => {
        const json = JSON.parse(textOf(files.get(path))) as Record<string, unknown>;
        const places: [Record<string, unknown>, string][] = [];
        const visit = (node: unknown): void => {
          if (typeof node !== "object" || node === null) return;
          for (const key of Object.keys(node)) {
            places.push([node as Record<string, unknown>, key]);
            visit((node as Record<string, unknown>)[key]);
          }
        };
        visit(json);
        const place = places[pick % places.length];
        if (place) place[0][place[1]] = value;
        const changed = await forged(files, { [path]: bytesOf(JSON.stringify(json)) });
        try {
          const { scorer } = await openBundle(changed);
          // What still loads must still score.
          for (const p of scorer.score(sampleTable(5))) expect(p >= 0 && p <= 1).toBe(true);
        } catch (error) {
          if (!ChurnkitError.isInstance(error)) throw error;
          expect(error.message).not.toMatch(/undefined|\[object/);
        }
      }),
      { numRuns: budget(150) },
    );
  });

  it("refuses numbers that JSON cannot hold", async () => {
    await expect(toBundleFiles({ ...artifact, decision: { threshold: NaN, rule: "given" } })).rejects.toMatchObject({
      code: "OPTION_INVALID",
    });
  });
});
