// From process start to a trained Telco model, wall time: our command line against a Keras script, in turn.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../..");
const csv = resolve(root, "../shared/data/telco-churn.csv");
const cli = join(root, "dist/cli.js");
const EPOCHS = 30;
const TARGET = 5;

// ---- OPTIONS LINE: what makes `churnkit train` train exactly one network for 30 epochs, at its batch size of 32 (the
// Keras script's too). Without --patience, early stopping would end sooner than the rival does.
const oneNetwork = ["--learner", "network", "--single", "--epochs", String(EPOCHS), "--patience", String(EPOCHS)];
// ----

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

function timed(command, args) {
  const start = performance.now();
  const done = spawnSync(command, args, { encoding: "utf8", env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" } });
  const seconds = (performance.now() - start) / 1e3;
  if (done.status !== 0)
    throw new Error(
      `${[command, ...args].join(" ")}: ${(done.stderr || String(done.error)).trim().split("\n").at(-1)}`,
    );
  return seconds;
}

/** Undefined, with a visible line, where one of the two can't run. */
export function measureTelco({ python, peers }, { rounds }) {
  const missing = [
    [existsSync(csv), `no ${csv}`],
    [existsSync(cli), "no dist/cli.js, build first"],
    [peers.includes("keras"), "no Keras"],
  ].find(([present]) => !present);
  if (missing !== undefined) {
    console.error(`skipped: process start to trained Telco model: ${missing[1]}`);
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), "churnkit-telco-"));
  try {
    const ours = [];
    const keras = [];
    for (let round = 0; round < rounds; round++) {
      const out = join(folder, `model-${round}`);
      ours.push(
        timed(process.execPath, [
          cli,
          "train",
          csv,
          "--target",
          "Churn",
          "--positive",
          "Yes",
          "--id",
          "customerID",
          "--out",
          out,
          "--json",
          ...oneNetwork,
        ]),
      );
      keras.push(
        timed(python, [join(here, "peers/keras_telco.py"), csv, String(EPOCHS), join(folder, `keras-${round}.keras`)]),
      );
      console.error(`Telco: round ${round + 1} of ${rounds}`);
    }
    const ratio = median(keras) / median(ours);
    return {
      epochs: EPOCHS,
      options: oneNetwork,
      oursSeconds: median(ours),
      kerasSeconds: median(keras),
      ratio,
      target: TARGET,
      reached: ratio >= TARGET,
    };
  } catch (error) {
    console.error(`skipped: process start to trained Telco model: ${error.message}`);
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
