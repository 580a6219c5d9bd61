import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newFolder } from "../helpers/folder.js";
import { cli, cliHere, errorLine, header, json, put, quick, rows, startCli } from "./cli.js";

const folder = newFolder();
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

beforeAll(async () => {
  put(folder, "customers.csv", [header, ...rows(300)]);
  expect((await cli(folder, "train", "customers.csv", ...quick, "--out", "model", "--json")).code).toBe(0);
});

describe("--out is refused before anything is trained", () => {
  beforeAll(() => {
    put(folder, "file", ["not a bundle"]);
    mkdirSync(join(folder, "notes"));
    put(join(folder, "notes"), "plan.txt", ["keep me"]);
    mkdirSync(join(folder, "folder.tar.gz"));
  });

  it.each([
    { out: "file", says: /file is a file/ },
    { out: "notes", says: /notes is not empty and is not a bundle/ },
    { out: "file/model", says: /file\/model.*Part of the path is a file/ },
    { out: "folder.tar.gz", says: /folder\.tar\.gz is a folder/ },
  ])("$out", async ({ out, says }) => {
    const ended = await cliHere(folder, "train", "customers.csv", ...quick, "--out", out);
    expect([ended.code, errorLine(ended)]).toEqual([2, expect.stringMatching(says)]);
    expect(ended.err).not.toMatch(/inferred/);
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("not a bundle\n");
    expect(readdirSync(join(folder, "notes"))).toEqual(["plan.txt"]);
  });

  it.runIf(existsSync("/proc/self"))("a place that cannot be written to", async () => {
    for (const out of ["/proc/churnkit", "/proc/churnkit/model", "/proc/churnkit.tar.gz"]) {
      const ended = await cliHere(folder, "train", "customers.csv", ...quick, "--out", out);
      expect([ended.code, errorLine(ended)]).toEqual([2, expect.stringMatching(/IO_FAILED/)]);
    }
    const scores = await cliHere(folder, "predict", "model", "customers.csv", "--out", "/proc/scores.csv");
    expect([scores.code, errorLine(scores)]).toEqual([2, expect.stringMatching(/Cannot write \/proc\/scores\.csv\./)]);
  });
});

describe("a bundle with one changed byte", () => {
  const files = (place: string): string[] =>
    readdirSync(place, { recursive: true, withFileTypes: true }).flatMap((entry) =>
      entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
    );

  it("is refused by predict, evaluate, serve and registry, whatever the file", async () => {
    for (const file of files(join(folder, "model"))) {
      const bytes = readFileSync(file);
      const at = bytes.length >> 1;
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      writeFileSync(file, bytes);
      const ended = await cliHere(folder, "predict", "model", "customers.csv", "--out", "scores.csv");
      expect([ended.code, errorLine(ended)]).toEqual([2, expect.stringMatching(/^churnkit: model: .*BUNDLE_/)]);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      writeFileSync(file, bytes);
    }
    const [some = ""] = files(join(folder, "model")).filter((file) => !file.endsWith("manifest.json"));
    const bytes = readFileSync(some);
    writeFileSync(some, bytes.subarray(1));
    for (const args of [
      ["evaluate", "model", "customers.csv"],
      ["serve", "model", "--port", "0"],
      ["registry", "register", "model"],
    ]) {
      const ended = await cli(folder, ...args);
      expect([ended.code, errorLine(ended)]).toEqual([2, expect.stringMatching(/^churnkit: model: .*BUNDLE_/)]);
    }
    writeFileSync(some, bytes);
    expect(readdirSync(folder)).not.toContain("scores.csv");
    expect((await cliHere(folder, "evaluate", "model", "customers.csv", "--json")).code).toBe(0);
  });
});

describe("a train that is killed", () => {
  const network = ["train", "customers.csv", "--target", "Churn", "--positive", "Yes", "--id", "id"];
  const scores = async (): Promise<void> => {
    const { code, out, err } = await cliHere(folder, "predict", "model", "customers.csv");
    expect(code, err).toBe(0);
    expect(out.split("\n")).toHaveLength(302);
  };

  it("leaves the former bundle or the new one, at any moment", async () => {
    const kill = async (seed: number, moment: () => Promise<unknown>): Promise<void> => {
      const { child, ended } = startCli(
        ["train", "customers.csv", ...quick, "--seed", String(seed), "--out", "model"],
        folder,
      );
      await Promise.race([moment(), ended]);
      child.kill("SIGKILL");
      await ended;
      await scores();
    };
    const saving = async (): Promise<void> => {
      for (
        let tries = 0;
        tries < 20_000 && !readdirSync(folder).some((name) => name.startsWith(".model.staging-"));
        tries++
      )
        await pause(0);
    };
    await kill(11, saving);
    await kill(12, saving);
    await kill(13, () => saving().then(() => pause(3)));
    await kill(14, () => pause(150 + (Date.now() % 400)));
    // What they left is cleared by the next one that ends.
    expect((await cli(folder, "train", "customers.csv", ...quick, "--out", "model")).code).toBe(0);
    expect(readdirSync(folder).filter((name) => name.startsWith(".model.") && !name.endsWith(".lock"))).toEqual([]);
    await scores();
  });

  it.each([
    { learner: ["--epochs", "40", "--patience", "40"], name: "whole", kept: /member-\d+\.bin$/, least: 3 },
    // One learner is finished, and the others are not.
    {
      learner: ["--learner", "auto", "--presets", "3", "--epochs", "40", "--patience", "40"],
      name: "stack",
      kept: /learned\.json$/,
      least: 1,
    },
  ])("goes on from its checkpoint to the very same weights: $name", async ({ learner, name: whole, kept, least }) => {
    const weights = (bundle: string): string => {
      const hash = createHash("sha256");
      const names = readdirSync(join(folder, bundle), { recursive: true, encoding: "utf8" })
        .filter((name) => /\.bin$|scorer\.json$/.test(name))
        .sort();
      expect(names.length).toBeGreaterThan(0);
      for (const name of names) hash.update(name).update(readFileSync(join(folder, bundle, name)));
      return hash.digest("hex");
    };
    const settings = [...network, ...learner];
    const [states, resumed] = [`${whole}-states`, `${whole}-resumed`];
    const undisturbed = await cli(folder, ...settings, "--out", whole, "--json");
    expect(undisturbed.code, undisturbed.err).toBe(0);
    const { child, ended } = startCli([...settings, "--checkpoint", states, "--out", resumed], folder);
    const saved = (): number =>
      existsSync(join(folder, states))
        ? readdirSync(join(folder, states), { recursive: true, encoding: "utf8" }).filter((name) => kept.test(name))
            .length
        : 0;
    await Promise.race([
      (async () => {
        while (saved() < least) await pause(2);
      })(),
      ended,
    ]);
    child.kill("SIGKILL");
    expect((await ended).code, "it ended before it was killed").toBe(null);
    expect(existsSync(join(folder, resumed))).toBe(false);
    const again = await cli(folder, ...settings, "--checkpoint", states, "--out", resumed, "--json");
    expect(again.code, again.err).toBe(0);
    expect(weights(resumed)).toBe(weights(whole));
    expect(json(again).test).toEqual(json(undisturbed).test);
  });

  it("refuses a checkpoint that is damaged or cannot be kept", async () => {
    const settings = [...network, "--epochs", "2", "--single", "--out", "damaged"];
    expect((await cli(folder, ...settings, "--checkpoint", "spoiled")).code).toBe(0);
    const [state = ""] = readdirSync(join(folder, "spoiled"), { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".bin"),
    );
    writeFileSync(join(folder, "spoiled", state), "garbage");
    const damaged = await cli(folder, ...settings, "--checkpoint", "spoiled");
    expect([damaged.code, errorLine(damaged)]).toEqual([2, expect.stringMatching(/CHECKPOINT_MISMATCH/)]);
    put(folder, "plain", ["a file"]);
    const inFile = await cli(folder, ...settings, "--checkpoint", "plain");
    expect([inFile.code, errorLine(inFile)]).toEqual([2, expect.stringMatching(/plain/)]);
  });
});

describe("a full disk", () => {
  const disk = newFolder();
  let mounted = false;
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], { stdio: "ignore" });
    mounted = true;
  } catch {
    console.warn("skipped: a full disk (a small tmpfs can be mounted by root only)");
  }
  afterAll(() => {
    if (mounted) execFileSync("umount", [disk]);
  });

  it.runIf(mounted)("leaves the former bundle and scores, and nothing half written", async () => {
    const out = join(disk, "model");
    expect((await cliHere(folder, "train", "customers.csv", ...quick, "--out", out)).code).toBe(0);
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(join(disk, "filler"), new Uint8Array((bavail - 1) * bsize));
    const names = readdirSync(disk).sort();
    for (const args of [
      ["train", "customers.csv", ...quick, "--seed", "3", "--out", out],
      ["train", "customers.csv", ...quick, "--out", join(disk, "new", "model.tar.gz")],
      ["predict", out, "customers.csv", "--out", join(disk, "scores.csv")],
      ["init", "customers.csv", "--out", join(disk, "c.json")],
    ]) {
      if (args[0] === "init") writeFileSync(join(disk, "last"), new Uint8Array(statfsSync(disk).bavail * bsize));
      const ended = await cliHere(folder, ...args);
      expect([ended.code, errorLine(ended)]).toEqual([2, expect.stringMatching(/The disk is full/)]);
      rmSync(join(disk, "last"), { force: true });
      expect(
        readdirSync(disk)
          .filter((name) => !name.endsWith(".lock"))
          .sort(),
      ).toEqual(names.filter((name) => !name.endsWith(".lock")));
    }
    expect((await cliHere(folder, "predict", out, "customers.csv")).code).toBe(0);
  });
});
