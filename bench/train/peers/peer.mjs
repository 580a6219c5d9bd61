// The talk between the benchmark and a Node program: one line asks for one epoch, one line of JSON answers.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const floats = (file) => {
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
};

/** Arguments: folder, rows, features, batch size. */
export function loadRows([folder, rows, features, batch]) {
  return { x: floats(`${folder}/x.f32`), y: floats(`${folder}/y.f32`), rows: Number(rows), features: Number(features), batch: Number(batch) };
}

/** `trainEpoch()` trains one epoch and returns its loss. Processor time is that of all threads of the process. */
export async function serve(name, trainEpoch) {
  for (let warm = 0; warm < 2; warm++) await trainEpoch();
  console.log(JSON.stringify({ ready: name }));
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === "") continue;
    const wall = performance.now();
    const cpu = process.cpuUsage();
    const loss = await trainEpoch();
    const { user, system } = process.cpuUsage(cpu);
    console.log(JSON.stringify({ loss, cpu: (user + system) / 1e3, wall: performance.now() - wall }));
  }
}
