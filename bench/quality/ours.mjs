import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { readCsv } from "churnkit/data";
import { evaluate, loadBundle } from "churnkit/model";
import { measures } from "./summary.mjs";

/** The header and the rows of a CSV without quoted line ends. */
function someRows(file, rows) {
  const bytes = readFileSync(file);
  const lines = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString().split("\n");
  return [lines[0], ...rows.map((row) => lines[row + 1]), ""].join("\n");
}

/** Whether the table shows one model, an ensemble of one learner or a stack of several. */
function kindOf({ auto, ...own }) {
  if (auto?.members.length > 1) return "a stack";
  const { members = 1 } = auto?.members[0]?.parameters ?? own;
  return members > 1 ? `an ensemble of ${members}` : "one model";
}

/**
 * Trains by the command line on all rows but `testRows`, as a user would, and measures the model on those; accuracy and
 * F1 at 0.5, as the peers have it.
 */
export async function ours(set, testRows, learner) {
  const scratch = mkdtempSync(join(tmpdir(), "churnkit-quality-"));
  try {
    const [file, bundle, rows] = [join(set.folder, set.file), join(scratch, "model"), join(scratch, "rows.json")];
    writeFileSync(rows, JSON.stringify(testRows));
    const args = ["dist/cli.js", "train", file, "--target", set.target, "--positive", set.positive];
    args.push("--out", bundle, "--test-rows", rows, "--learner", learner, "--seed", "0", "--json");
    if (set.drop.length > 0) args.push("--id", set.drop.join(","));
    const run = JSON.parse(execFileSync("node", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
    const model = await loadBundle(bundle);
    const test = join(scratch, "test.csv");
    writeFileSync(test, someRows(file, testRows));
    const { values, reliability } = evaluate(model, await readCsv(model.artifact.contract, test), { threshold: 0.5 });
    const figures = Object.fromEntries(measures.map((measure) => [measure, values[measure].value]));
    const kind = kindOf(model.artifact.provenance.parameters);
    return { ...figures, bins: reliability, seconds: run.seconds, kind };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
