import { spawn } from "node:child_process";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "./peers.mjs";
import { residentMemory } from "./processor-time.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Milliseconds from a process' start to its first answer, and the memory that it holds after a thousand. */
async function once([program, ...args], port, body) {
  const begun = performance.now();
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  try {
    let at = port;
    if (at === undefined) at = await new Promise((done) => child.stdout.once("data", (text) => done(Number(text))));
    else child.stdout.resume();
    const ask = () => fetch(`http://127.0.0.1:${at}/predict`, { method: "POST", body }).catch(() => undefined);
    let answer = await ask();
    for (; answer === undefined; answer = await ask()) await setTimeout(2);
    if (!answer.ok) throw new Error(`The first answer is a ${answer.status}.`);
    const milliseconds = performance.now() - begun;
    for (let i = 0; i < 1000; i++) await (await ask())?.arrayBuffer();
    return { milliseconds, megabytes: residentMemory(child.pid) };
  } finally {
    child.kill();
  }
}

/** Prints the cold start of `churnkit serve` and of the least script, with one network and with eight. */
export async function coldStart({ network, ensemble }, body, runs = 7) {
  console.log("\nFrom start to first answer".padEnd(40), "time".padStart(11), "memory".padStart(11));
  for (const [name, bundle] of Object.entries({ "one network": network, "ensemble of eight": ensemble })) {
    for (const [way, command] of [
      [
        "churnkit serve",
        (port) => [process.execPath, here("../../dist/cli.js"), "serve", bundle, "--port", String(port)],
      ],
      ["churnkit/score on node:http", () => [process.execPath, here("servers/bare.mjs"), bundle]],
    ]) {
      const results = [];
      for (let run = 0; run < runs; run++) {
        const port = way === "churnkit serve" ? await freePort() : undefined;
        results.push(await once(command(port), port, body));
      }
      const [milliseconds, megabytes] = ["milliseconds", "megabytes"].map((key) =>
        median(results.map((one) => one[key])),
      );
      console.log(
        `${way}, ${name}`.padEnd(39),
        `${milliseconds.toFixed(0)} ms`.padStart(11),
        `${megabytes.toFixed(0)} MB`.padStart(11),
      );
    }
  }
}
