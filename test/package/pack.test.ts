import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { budget } from "../helpers/budget.js";

const root = resolve(import.meta.dirname, "../..");
const scratch = mkdtempSync(join(tmpdir(), "churnkit-pack-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const run = (command: string, args: readonly string[]): string =>
  execFileSync(command, args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

describe("the packed tarball", () => {
  const [packed] = JSON.parse(run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", scratch])) as {
    filename: string;
    files: { path: string }[];
  }[];
  const files = packed?.files.map(({ path }) => path) ?? [];
  const tarball = join(scratch, packed?.filename ?? "");

  it("holds the build and the papers, no test, no source, no data", () => {
    expect(files).toEqual(
      expect.arrayContaining(["dist/index.js", "dist/kernel.wasm", "LICENSE", "README.md", "CHANGELOG.md"]),
    );
    expect(files.filter((file) => /^(src|test|bench|scripts)\/|\.(csv|tsv|gz|parquet)$/.test(file))).toEqual([]);
  });

  it("is clean under publint", () => {
    expect(run("npx", ["publint", "run", tarball, "--strict"])).toMatch(/All good/);
  });

  it("has types that resolve everywhere", { timeout: 120_000 }, () => {
    // Of each kind of entry one, all in test:deep: what pages import from each is compiled by test/docs/snippets.test.ts.
    const entries =
      budget(1) > 1
        ? ["--exclude-entrypoints", "train-worker", "score-worker", "kernel.wasm"]
        : ["--entrypoints", ".", "score", "deploy/sagemaker"];
    // It exits with 1 on a problem; the resolutions that ESM-only packages cannot have are not counted.
    expect(run("npx", ["attw", tarball, "--profile", "esm-only", ...entries])).toContain("node16 (from ESM)");
  });
});
