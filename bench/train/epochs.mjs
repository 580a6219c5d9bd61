// Processor time of one epoch of the churn network, ours and the rivals' in turn.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { startProgram } from "./program.mjs";
import { writeRows } from "./rows.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const peer = (name) => join(here, "peers", name);
const ROWS = 7000;
const FEATURES = 45;

/** How many times our processor time each rival should need at least, by batch size. */
const targets = { keras: { 32: 10, 256: 3.5 }, torch: { 32: 6, 256: 2.2 }, "tfjs-node": { 32: 70, 256: 18 } };

/** Every program that can run here: how to start it for a batch size. */
function programs({ python, peers, tfjsNode, fromSource }) {
  const node = process.execPath;
  const found = [
    {
      id: "churnkit",
      start: (args) =>
        startProgram(
          node,
          [...(fromSource ? ["--import", "tsx"] : []), join(here, "ours.mjs"), ...args],
          fromSource ? { CHURNKIT_BENCH_FROM: "src" } : {},
        ),
    },
  ];
  const add = (id, from, file, label, extra = []) => {
    if (peers.includes(from))
      found.push({ id, label, start: (args) => startProgram(python, [peer(file), ...args, ...extra]) });
  };
  add("keras", "keras", "keras_epochs.py", "as it comes");
  add("keras-1", "keras", "keras_epochs.py", "one thread", ["1"]);
  add("torch", "torch", "torch_epochs.py", "one thread");
  add("sklearn", "sklearn", "sklearn_epochs.py", "no batch norm, no dropout");
  if (tfjsNode !== undefined) {
    found.push({
      id: "tfjs-node",
      label: "native",
      start: (args) =>
        startProgram(node, [peer("tfjs-node-epochs.mjs"), ...args], {
          CHURNKIT_TFJS_NODE: tfjsNode,
          TF_CPP_MIN_LOG_LEVEL: "3",
        }),
    });
  }
  return found;
}

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};

/** Measures each batch size; every round gives each program one turn. */
export async function measureEpochs(setup, { batches, rounds }) {
  const folder = mkdtempSync(join(tmpdir(), "churnkit-bench-"));
  const results = [];
  try {
    writeRows(folder, ROWS, FEATURES);
    for (const batch of batches) results.push(...(await measureBatch(programs(setup), folder, batch, rounds)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return results;
}

async function measureBatch(entries, folder, batch, rounds) {
  const running = [];
  try {
    for (const entry of entries) {
      try {
        running.push({ ...entry, epochs: [], program: await entry.start([folder, ROWS, FEATURES, batch].map(String)) });
      } catch (error) {
        if (entry.id === "churnkit") throw error;
        console.error(`skipped: ${entry.id} at batch ${batch}: ${error.message}`);
      }
    }
    for (let round = 0; round < rounds; round++) {
      for (const { program, epochs } of running) epochs.push(await program.epoch());
      console.error(`batch ${batch}: round ${round + 1} of ${rounds}`);
    }
  } finally {
    for (const { program } of running) await program.stop();
  }
  const [ours] = running;
  const oursCpu = median(ours.epochs.map(({ cpu }) => cpu));
  return running.map(({ id, label, program, epochs }) => {
    const cpu = median(epochs.map((epoch) => epoch.cpu));
    const target = targets[id]?.[batch];
    const ratio = cpu / oursCpu;
    return {
      id,
      batch,
      name: label === undefined ? `${program.version}, one network` : `${program.version}, ${label}`,
      cpuMilliseconds: cpu,
      wallMilliseconds: median(epochs.map(({ wall }) => wall)),
      lastLoss: epochs.at(-1).loss,
      ratio,
      roundRatios: epochs.map((epoch, round) => epoch.cpu / ours.epochs[round].cpu),
      ...(target === undefined ? {} : { target, reached: ratio >= target }),
    };
  });
}
