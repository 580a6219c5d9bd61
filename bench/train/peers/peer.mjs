// The talk between the benchmark and a Node program: one line asks for one epoch, one line of JSON answers.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const floats = (file) => {
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
};

/** Arguments: folder, rows, features, batch size. */
export function loadRows([folder, rows, features, batch]) {
  return {
    x: floats(`${folder}/x.f32`),
    y: floats(`${folder}/y.f32`),
    rows: Number(rows),
    features: Number(features),
    batch: Number(batch),
  };
}

const WARM_UP_MILLISECONDS = 500;
const TURN_MILLISECONDS = 250;

/**
 * `trainEpoch()` trains one epoch and returns its loss. A turn is as many epochs as a quarter of a second holds, at
 * least one; its answer is their mean. Processor time is that of all threads of the process.
 */
export async function serve(name, trainEpoch) {
  const start = performance.now();
  for (let epochs = 0; epochs < 2 || performance.now() - start < WARM_UP_MILLISECONDS; epochs++) await trainEpoch();
  console.log(JSON.stringify({ ready: name }));
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === "") continue;
    const from = performance.now();
    const before = process.cpuUsage();
    let loss;
    let epochs = 0;
    do {
      loss = await trainEpoch();
      epochs++;
    } while (performance.now() - from < TURN_MILLISECONDS);
    const { user, system } = process.cpuUsage(before);
    console.log(
      JSON.stringify({ loss, cpu: (user + system) / 1e3 / epochs, wall: (performance.now() - from) / epochs, epochs }),
    );
  }
}
