import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { uniform } from "../../../src/base/random.js";
import type { Artifact } from "../../../src/model/artifact.js";
import { loadBundle } from "../../../src/model/bundle/load.js";
import { checkBundleTarget, saveBundle } from "../../../src/model/bundle/save.js";
import { sampleArtifact, sampleTable } from "../../helpers/artifact.js";
import { bundleScript, start } from "../../helpers/child.js";
import { newFolder } from "../../helpers/folder.js";
import { budget } from "../../helpers/budget.js";

describe("saveBundle and loadBundle", () => {
  let artifact: Artifact;
  let child: Awaited<ReturnType<typeof bundleScript>>;
  const withThreshold = (threshold: number): Artifact => ({ ...artifact, decision: { threshold, rule: "given" } });
  beforeAll(async () => {
    artifact = await sampleArtifact();
    child = await bundleScript(join(import.meta.dirname, "save-child.ts"));
  });
  afterAll(() => child.remove());

  it("round-trips through a folder, an archive and memory with the same scores", async () => {
    const folder = newFolder();
    const manifest = await saveBundle({ artifact, trainingRun: { seconds: 1 } }, join(folder, "deep/model"));
    expect(manifest.trainingRun).toEqual({ seconds: 1 });
    await saveBundle(artifact, join(folder, "model.tar.gz"));
    const loaded = await loadBundle(join(folder, "deep/model"));
    const packed = await loadBundle(join(folder, "model.tar.gz"));
    const bytes = await loadBundle(readFileSync(join(folder, "model.tar.gz")));
    expect(loaded.artifact).toEqual(artifact);
    expect(loaded.manifest).toEqual(manifest);
    for (const other of [packed, bytes]) {
      expect(other.manifest.contentHash).toBe(manifest.contentHash);
      expect(other.scorer.score(sampleTable(40))).toEqual(loaded.scorer.score(sampleTable(40)));
    }
    expect(readdirSync(folder).sort()).toEqual(["deep", "model.tar.gz"]);
    expect(readdirSync(join(folder, "deep"))).toEqual(["model"]);
  });

  it("replaces a bundle, an archive and an empty folder", async () => {
    const folder = newFolder();
    mkdirSync(join(folder, "m"));
    for (const path of [join(folder, "m"), join(folder, "m.tgz")]) {
      await saveBundle(withThreshold(0.1), path);
      await saveBundle(withThreshold(0.2), path);
      expect((await loadBundle(path)).artifact.decision.threshold).toBe(0.2);
    }
    expect(readdirSync(folder).sort()).toEqual(["m", "m.tgz"]);
  });

  it("refuses to replace what is no bundle, or more than a bundle", async () => {
    const folder = newFolder();
    const refused = { code: "OPTION_INVALID" };
    writeFileSync(join(folder, "thesis.txt"), "years of work");
    await expect(saveBundle(artifact, folder)).rejects.toMatchObject(refused);
    await expect(saveBundle(artifact, join(folder, "thesis.txt"))).rejects.toMatchObject(refused);
    await saveBundle(artifact, join(folder, "m"));
    writeFileSync(join(folder, "m/notes.md"), "mine");
    await expect(checkBundleTarget(join(folder, "m"))).rejects.toThrow("notes.md");
    rmSync(join(folder, "m/notes.md"));
    await checkBundleTarget(join(folder, "m"));
    writeFileSync(join(folder, "m/manifest.json"), "{}");
    await expect(checkBundleTarget(join(folder, "m"))).rejects.toMatchObject(refused);
    expect(readFileSync(join(folder, "thesis.txt"), "utf8")).toBe("years of work");
  });

  it("leaves nothing when it fails, neither folders nor staging", async () => {
    const folder = newFolder();
    const broken: Artifact = { ...artifact, golden: [{ record: { tenure: "x" }, probability: 0.5 }] };
    await expect(saveBundle(broken, join(folder, "a/b"))).rejects.toMatchObject({ code: "BUNDLE_GOLDEN" });
    await expect(saveBundle(broken, join(folder, "a/b.tar.gz"))).rejects.toMatchObject({ code: "BUNDLE_GOLDEN" });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("keeps the old bundle and nothing else when the disk is full", async () => {
    const folder = newFolder();
    if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=300k", "tmpfs", folder]).status !== 0) {
      console.warn("skipped: full disk (mounting a small tmpfs needs root)");
      return;
    }
    try {
      await saveBundle(withThreshold(0.1), join(folder, "m"));
      await expect(saveBundle(withThreshold(0.2), join(folder, "m"))).rejects.toMatchObject({ code: "IO_FAILED" });
      await expect(saveBundle(withThreshold(0.2), join(folder, "new/m"))).rejects.toThrow("The disk is full");
      expect((await loadBundle(join(folder, "m"))).artifact.decision.threshold).toBe(0.1);
      expect(readdirSync(folder)).toEqual(["m"]);
    } finally {
      spawnSync("umount", [folder]);
    }
  });

  it("names what is not there, and what is broken", async () => {
    const folder = newFolder();
    await expect(loadBundle(join(folder, "none"))).rejects.toMatchObject({
      code: "BUNDLE_NOT_FOUND",
      where: { file: join(folder, "none") },
    });
    mkdirSync(join(folder, "empty"));
    await expect(loadBundle(join(folder, "empty"))).rejects.toMatchObject({ code: "BUNDLE_NOT_FOUND" });
    await saveBundle(artifact, join(folder, "m"));
    rmSync(join(folder, "m/golden.json"));
    await expect(loadBundle(join(folder, "m"))).rejects.toThrow(/m: .*golden\.json is missing/);
    spawnSync("mkfifo", [join(folder, "m/golden.json")]);
    await expect(loadBundle(join(folder, "m"))).rejects.toMatchObject({ code: "BUNDLE_CORRUPT" });
  });

  it("reads through links, and replaces what a link points to", async () => {
    const folder = newFolder();
    await saveBundle(withThreshold(0.1), join(folder, "v1"));
    symlinkSync("v1", join(folder, "current"));
    expect((await loadBundle(join(folder, "current"))).artifact.decision.threshold).toBe(0.1);
    await saveBundle(withThreshold(0.2), join(folder, "current"));
    expect((await loadBundle(join(folder, "v1"))).artifact.decision.threshold).toBe(0.2);
  });

  it("falls back to the former bundle where a kill left none", async () => {
    const folder = newFolder();
    await saveBundle(withThreshold(0.3), join(folder, "m"));
    renameSync(join(folder, "m"), join(folder, ".m.previous-of-a-killed-save"));
    expect((await loadBundle(join(folder, "m"))).artifact.decision.threshold).toBe(0.3);
    await saveBundle(withThreshold(0.4), join(folder, "m"));
    expect(readdirSync(folder)).toEqual(["m"]);
  });

  it("removes the staging folders of dead processes only", async () => {
    const folder = newFolder();
    const { pid } = spawnSync(process.execPath, ["-e", "0"]);
    await saveBundle(artifact, join(folder, "m"));
    const dead = join(folder, `.m.staging-00000000-${pid}-1-000000000000`);
    const own = mkdtempSync(join(folder, ".m.staging-by-hand-"));
    mkdirSync(dead);
    await saveBundle(artifact, join(folder, "m"));
    expect(existsSync(dead)).toBe(true); // of another host, too young
    expect(existsSync(own)).toBe(true);
  });

  it("loads whole bundles while another process replaces them", async () => {
    const folder = newFolder();
    await saveBundle(artifact, join(folder, "from"));
    await saveBundle(artifact, join(folder, "m"));
    const { child: saver, ended } = start(child.script, [join(folder, "from"), join(folder, "m")]);
    await new Promise((resolve) => saver.stdout?.once("data", resolve));
    const seen = new Set<number>();
    for (let i = 0; i < 40; i++) seen.add((await loadBundle(join(folder, "m"))).artifact.decision.threshold);
    saver.kill("SIGKILL");
    expect((await ended).err).toBe("");
    expect(seen.size).toBeGreaterThan(1);
  });

  it("leaves a bundle that loads and scores after kill -9 at any moment", async () => {
    const folder = newFolder();
    const random = uniform(7);
    await saveBundle(artifact, join(folder, "from"));
    await saveBundle(artifact, join(folder, "m"));
    for (let round = 0; round < budget(10); round++) {
      const { child: saver, ended } = start(child.script, [join(folder, "from"), join(folder, "m")]);
      await new Promise((resolve) => saver.stdout?.once("data", resolve));
      await sleep(random() * 60);
      saver.kill("SIGKILL");
      await ended;
      const { scorer } = await loadBundle(join(folder, "m"));
      expect(scorer.score(sampleTable(3)).length).toBe(3);
    }
    await saveBundle(artifact, join(folder, "m"));
    expect(readdirSync(folder).sort()).toEqual(["from", "m"]);
    expect(statSync(join(folder, "m")).isDirectory()).toBe(true);
  });
});
