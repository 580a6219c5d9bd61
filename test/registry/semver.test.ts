import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toBundleFiles } from "../../src/model/bundle/format.js";
import { JsonValue } from "../../src/base/json/value.js";
import { corrupt } from "../../src/model/corrupt.js";
import { parseManifest } from "../../src/model/bundle/manifest.js";
import type { Artifact } from "../../src/model/artifact.js";
import {
  compareSemver,
  fingerprintsOf,
  isSemver,
  nextVersion,
  parseFingerprints,
  parseSemver,
  type Fingerprints,
  type VersionIdentity,
} from "../../src/registry/versions/semver.js";
import { compareSignatures, signatureOf } from "../../src/registry/signature/signature.js";
import { sampleArtifact } from "../helpers/artifact.js";
import { contractPairs } from "./signature-contracts.js";
import { budget } from "../helpers/budget.js";

const refused = (code: string): Error => expect.objectContaining({ code }) as Error;

async function identityOf(artifact: Artifact): Promise<VersionIdentity> {
  const manifest = await parseManifest((await toBundleFiles(artifact)).get("manifest.json") ?? new Uint8Array());
  return { signature: signatureOf(artifact.contract), fingerprints: fingerprintsOf(manifest, artifact) };
}

describe("nextVersion", async () => {
  const first = await sampleArtifact();
  const before = await identityOf(first);
  const bump = async (artifact: Artifact) => nextVersion({ ...before, semver: "1.4.2" }, await identityOf(artifact));

  it("begins with 1.0.0", () =>
    expect(nextVersion(undefined, before)).toMatchObject({ semver: "1.0.0", bump: "first" }));

  it("is a patch for another calibration, threshold, metrics or baseline", async () => {
    expect(await bump({ ...first, calibration: { kind: "identity" } })).toEqual({
      semver: "1.4.3",
      bump: "patch",
      because: "other calibration; contract, recipe and model are the same",
    });
    expect(await bump({ ...first, decision: { ...first.decision, threshold: 0.5 } })).toMatchObject({
      semver: "1.4.3",
      because: expect.stringMatching(/^other decision;/) as string,
    });
    expect(await bump({ ...first, metrics: { ...first.metrics, rows: 1 } })).toMatchObject({
      bump: "patch",
      because: "only metrics, baseline or provenance differ",
    });
    expect(await bump({ ...first, golden: [] })).toMatchObject({ bump: "patch" });
  });

  it("is minor for another model, recipe or contract", async () => {
    expect(await bump(await sampleArtifact({ seed: 2 }))).toEqual({
      semver: "1.5.0",
      bump: "minor",
      because: "other model",
    });
    const [block, ...blocks] = first.recipe.blocks;
    expect(
      await bump({ ...first, recipe: { ...first.recipe, blocks: [...blocks, ...(block ? [block] : [])] } }),
    ).toMatchObject({ semver: "1.5.0", because: "other recipe" });
    const seen: Artifact = {
      ...first,
      contract: {
        ...first.contract,
        columns: first.contract.columns.map((column) =>
          column.kind === "number" ? { ...column, observed: { min: 0, max: 999 } } : column,
        ),
      },
    };
    expect(await bump({ ...seen, calibration: { kind: "identity" } })).toMatchObject({
      semver: "1.5.0",
      because: "other contract, calibration",
    });
  });

  it("is major for an incompatible signature, and names the reasons", async () => {
    const strict: Artifact = {
      ...first,
      contract: {
        ...first.contract,
        columns: first.contract.columns.map((column) => (column.kind === "number" ? { ...column, min: 1 } : column)),
      },
    };
    expect(await bump(strict)).toEqual({
      semver: "2.0.0",
      bump: "major",
      because:
        "the signature became incompatible: tenure is from 1 now, and was without limits; charges is from 1 now, and was without limits",
    });
  });

  it("notices a change of any weight", async () => {
    const [{ fingerprints: a }, { fingerprints: b }] = [
      await identityOf(await sampleArtifact({ networks: 1, seed: 1 })),
      await identityOf(await sampleArtifact({ networks: 1, seed: 3 })),
    ];
    expect({ ...a, model: "" }).toEqual({ ...b, model: "" });
    expect(a.model).not.toBe(b.model);
    for (const hash of Object.values<string>({ ...a })) expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it("follows the rule for any signatures and fingerprints, and always rises", () => {
    const number = fc.nat({ max: 1e6 });
    const hash = fc.constantFrom("a", "b");
    const fingerprints: fc.Arbitrary<Fingerprints> = fc.record({
      contract: hash,
      recipe: hash,
      model: hash,
      calibration: hash,
      decision: hash,
    });
    fc.assert(
      fc.property(
        contractPairs,
        fingerprints,
        fingerprints,
        fc.tuple(number, number, number),
        ([from, to], a, b, [major, minor, patch]) => {
          const semver = `${major}.${minor}.${patch}`;
          const [old, now] = [signatureOf(from), signatureOf(to)];
          const next = nextVersion({ semver, signature: old, fingerprints: a }, { signature: now, fingerprints: b });
          const same = a.contract === b.contract && a.recipe === b.recipe && a.model === b.model;
          const expected = !compareSignatures(old, now).compatible
            ? `${major + 1}.0.0`
            : same
              ? `${major}.${minor}.${patch + 1}`
              : `${major}.${minor + 1}.0`;
          expect(next.semver).toBe(expected);
          expect(compareSemver(next.semver, semver)).toBeGreaterThan(0);
        },
      ),
      { numRuns: budget(300) },
    );
  });

  it("refuses a former number that is none", () =>
    expect(() => nextVersion({ ...before, semver: "1.2" }, before)).toThrow(refused("OPTION_INVALID")));
});

it("keeps fingerprints as JSON", async () => {
  const { fingerprints } = await identityOf(await sampleArtifact({ networks: 0 }));
  const jsonOf = (value: unknown) => JsonValue.parse(JSON.stringify(value), "version.json", corrupt);
  expect(parseFingerprints(jsonOf(fingerprints))).toEqual(fingerprints);
  expect(() => parseFingerprints(jsonOf({ ...fingerprints, model: 1 }))).toThrow(refused("BUNDLE_CORRUPT"));
});

describe("version numbers", () => {
  const part = fc.oneof(fc.nat({ max: 12 }), fc.nat());
  const parts = fc.tuple(part, part, part);

  it("are read as they are written", () => {
    fc.assert(
      fc.property(parts, ([major, minor, patch]) => {
        expect(parseSemver(`${major}.${minor}.${patch}`)).toEqual({ major, minor, patch });
      }),
    );
  });

  it("are ordered by their parts, as numbers", () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const first = a.findIndex((value, i) => value !== b[i]);
        const expected = first < 0 ? 0 : Math.sign((a[first] ?? 0) - (b[first] ?? 0));
        expect(Math.sign(compareSemver(a.join("."), b.join(".")))).toBe(expected);
      }),
    );
    expect(["1.10.0", "1.9.9", "1.9.10"].sort(compareSemver)).toEqual(["1.9.9", "1.9.10", "1.10.0"]);
  });

  it("are nothing else", () => {
    for (const text of [
      "",
      "1",
      "1.2",
      "1.2.3.4",
      "v1.2.3",
      "01.2.3",
      "1.2.3-rc.1",
      "1.2.3+build",
      " 1.2.3",
      "1.2.3\n",
      "-1.2.3",
      "1e3.0.0",
      "1.2.x",
      "9".repeat(400),
    ]) {
      expect(() => parseSemver(text), text).toThrow(refused("OPTION_INVALID"));
      expect(isSemver(text)).toBe(false);
    }
    expect(isSemver("0.0.0")).toBe(true);
  });
});
