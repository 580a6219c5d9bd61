// npm run bench:train: what training costs, against Keras, PyTorch, scikit-learn and native TensorFlow.js.
//
//   node bench/train/run.mjs [--rounds 7] [--batch 32,256] [--source] [--no-telco] [--gate] [--json]
//
// --source measures the TypeScript source through tsx instead of the built package; --gate exits 1 on a missed target;
// --json also writes bench/results/train.json.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { measureEpochs } from "./epochs.mjs";
import { setUp } from "./setup.mjs";
import { measureTelco } from "./telco.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    batch: { type: "string", default: "32,256" },
    source: { type: "boolean", default: false },
    "no-telco": { type: "boolean", default: false },
    gate: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const rounds = Math.max(5, Number(options.rounds));
const batches = options.batch.split(",").map(Number);

const fromSource = options.source || !existsSync(join(root, "dist/model.js"));
const setup = { ...setUp(), fromSource };
const load = loadavg()[0];
if (load > 0.5) console.error(`The machine is not quiet (load ${load.toFixed(1)}): trust the ratios, not the times.`);

const epochs = await measureEpochs(setup, { batches, rounds });
const telco = options["no-telco"] ? undefined : measureTelco(setup, { rounds: 5 });

const verdict = ({ target, reached }) => (target === undefined ? "" : `${reached ? "reached" : "MISSED"} (${target}x)`);
const line = (cells) =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(58) : cell.padStart(i === 4 ? 16 : 11))).join(" ");

console.log(
  `\nTraining the churn network, one network, 7,000 x 45, medians of ${rounds} rounds in turn${fromSource ? " (from source)" : ""}`,
);
for (const batch of batches) {
  console.log(`\n${line([`batch ${batch}`, "cpu ms", "wall ms", "cpu ratio", "target"])}`);
  for (const row of epochs.filter((entry) => entry.batch === batch)) {
    console.log(
      line([
        row.name,
        row.cpuMilliseconds.toFixed(1),
        row.wallMilliseconds.toFixed(1),
        `${row.ratio.toFixed(1)}x`,
        verdict(row),
      ]),
    );
  }
}
if (telco !== undefined) {
  console.log(`\nProcess start to a trained Telco model, one network, ${telco.epochs} epochs, wall seconds`);
  console.log(line(["churnkit train", telco.oursSeconds.toFixed(2), "", "", ""]));
  console.log(line(["Keras script", telco.kerasSeconds.toFixed(2), "", `${telco.ratio.toFixed(1)}x`, verdict(telco)]));
}

if (options.json) {
  const file = join(root, "bench/results/train.json");
  mkdirSync(dirname(file), { recursive: true });
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, load };
  writeFileSync(file, `${JSON.stringify({ machine, rounds, fromSource, epochs, telco }, null, 2)}\n`);
  console.log(`\nwritten: ${file}`);
}
const missed = [...epochs, ...(telco === undefined ? [] : [telco])].some(({ reached }) => reached === false);
if (options.gate && missed) process.exitCode = 1;
