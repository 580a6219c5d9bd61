// Quality on the fixed splits of the shared data sets, as a user gets it from the command line: mean test metrics of the
// learner (by default the network, an ensemble) and of logistic regression, and their paired difference with its standard
// error.
//   npm run bench:quality -- [--learner network|forest|boosting|auto] [--sets telco-churn,bank-churn] [--splits 0,1,2,3,4]
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    sets: { type: "string", default: "telco-churn,bank-churn" },
    splits: { type: "string", default: "0,1,2,3,4" },
    learner: { type: "string", default: "network" },
    cli: { type: "string", default: "dist/cli.js" },
    data: { type: "string", default: "../shared/data" },
  },
});
if (!existsSync(values.data)) {
  console.log(`skipped: no data sets at ${values.data}`);
  process.exit(0);
}
const sets = JSON.parse(readFileSync(join(values.data, "datasets.json"), "utf8"));
const scratch = mkdtempSync(join(tmpdir(), "churnkit-quality-"));
const measures = ["auc", "logLoss", "brier", "calibrationError", "accuracy", "f1"];

const mean = (numbers) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
const standardError = (numbers) =>
  Math.sqrt(
    numbers.reduce((sum, x) => sum + (x - mean(numbers)) ** 2, 0) / Math.max(1, numbers.length - 1) / numbers.length,
  );

for (const name of values.sets.split(",")) {
  const set = sets.find((one) => one.name === name);
  const splits = JSON.parse(readFileSync(join(values.data, "splits", `${name}.json`), "utf8"));
  const runs = values.splits.split(",").map((split) => {
    const rows = join(scratch, "rows.json");
    writeFileSync(rows, JSON.stringify(splits[Number(split)]));
    const args = [values.cli, "train", join(values.data, set.file), "--target", set.target, "--positive", set.positive];
    args.push(
      "--out",
      join(scratch, "model"),
      "--test-rows",
      rows,
      "--learner",
      values.learner,
      "--seed",
      "0",
      "--json",
    );
    if (set.drop.length > 0) args.push("--id", set.drop.join(","));
    return JSON.parse(execFileSync("node", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  });
  const made = [
    ...new Set(
      runs.map(({ learner, networks, auto }) =>
        auto?.members.length > 1
          ? `a stack of ${auto.members.length}`
          : networks > 0
            ? `${learner} (${networks === 1 ? "one" : `an ensemble of ${networks}`})`
            : learner,
      ),
    ),
  ].join(", ");
  const chosen = values.learner === "auto" ? `auto, which chose ${made}` : made;
  console.log(`\n${name}: ${runs.length} splits, ${chosen}, ${mean(runs.map((run) => run.seconds)).toFixed(1)} s each`);
  console.log(`metric            ${values.learner.padEnd(8)} logistic  difference (paired standard error)`);
  for (const measure of measures) {
    const own = runs.map((run) => run.test[measure]);
    const logistic = runs.map((run) => run.baseline.test[measure]);
    const gaps = own.map((value, i) => value - logistic[i]);
    console.log(
      `${measure.padEnd(17)} ${mean(own).toFixed(4)}   ${mean(logistic).toFixed(4)}    ${mean(gaps).toFixed(4)} (${standardError(gaps).toFixed(4)})`,
    );
  }
}
rmSync(scratch, { recursive: true, force: true });
