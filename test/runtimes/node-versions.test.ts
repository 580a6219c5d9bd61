import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { newFolder } from "../helpers/folder.js";
import { skipped } from "./same-scores.js";

const root = resolve(import.meta.dirname, "../..");
const dist = join(root, "dist");
const child = join(import.meta.dirname, "train-child.mjs");
const run = promisify(execFile);
const [own] = process.versions.node.split(".");
const others = ["20", "24"].filter((major) => major !== own);

/** The path of another Node, which npx fetches; undefined where it cannot. */
function nodeOf(major: string): string | undefined {
  const args = ["-y", "-p", `node@${major}`, "node", "-p", "process.version + ' ' + process.execPath"];
  const { stdout } = spawnSync("npx", args, { cwd: newFolder(), encoding: "utf8", timeout: 180_000 });
  const [, path] = new RegExp(`^v${major}\\.\\S+ (.+)$`, "m").exec(stdout) ?? [];
  return path;
}

/** Trains, saves, compares and predicts with one Node; the SHA-256 of each file by its path. */
async function resultsOf(node: string): Promise<Record<string, string>> {
  const out = newFolder();
  await run(node, [child, dist, out]);
  const predict = (model: string) =>
    run(node, [
      join(dist, "cli.js"),
      "predict",
      join(out, model),
      join(out, "later.csv"),
      "--out",
      join(out, `${model}.scores.csv`),
    ]);
  await Promise.all(["logistic", "network"].map(predict));
  const files = readdirSync(out, { recursive: true, encoding: "utf8" }).filter((name) =>
    statSync(join(out, name)).isFile(),
  );
  return Object.fromEntries(
    files.sort().map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(out, name)))
        .digest("hex"),
    ]),
  );
}

beforeAll(() => {
  spawnSync(process.execPath, ["scripts/ensure-built.mjs"], { cwd: root, stdio: "inherit" });
}, 120_000);

describe("the same data, seed and version give the same bytes", { timeout: 240_000 }, () => {
  it.for(others)(`on Node ${own} and Node %s`, async (major, { skip }) => {
    const other = nodeOf(major);
    if (other === undefined) {
      skipped(`equal bits on Node ${own} and ${major} (npx could not get node@${major})`);
      return skip();
    }
    const [here, there] = await Promise.all([resultsOf(process.execPath), resultsOf(other)]);
    expect(Object.keys(here)).toEqual(
      expect.arrayContaining([
        "logistic/scorer.json",
        "network/networks/1/weights.bin",
        "network.scores.csv",
        "drift.json",
        "train.csv",
      ]),
    );
    expect(there).toEqual(here);
  });
});
