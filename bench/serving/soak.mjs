// Soak: `churnkit serve` with the monitor, captures, a rate limit and the log, under a steady load for minutes. Says whether its
// memory grows: the median of the last minute is at most 1.05 times that of the second. Ends with 1 where it is more, or an answer fails.
//   npm run bench:soak -- [--minutes 10] [--rate 200] [--connections 50] [--every 5]
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clearInterval, setInterval } from "node:timers";
import { parseArgs } from "node:util";
import { makeModels } from "./models.mjs";
import { residentMemory } from "./processor-time.mjs";
import { customers } from "./records.mjs";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    rate: { type: "string", default: "200" },
    connections: { type: "string", default: "50" },
    every: { type: "string", default: "5" },
  },
});
const minutes = Number(values.minutes);
const here = import.meta.dirname;
const folder = mkdtempSync(join(tmpdir(), "churnkit-soak-"));
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const output = (child) =>
  new Promise((done) => {
    let text = "";
    child.stdout.on("data", (data) => (text += data));
    child.once("close", () => done(text));
  });

try {
  const { ensemble } = await makeModels(folder);
  const bodies = join(folder, "bodies.jsonl");
  writeFileSync(
    bodies,
    `${customers(5000)
      .map(({ features }) => JSON.stringify(features))
      .join("\n")}\n`,
  );
  // All requests: the monitor's sample of predictions that wait for a label, some 15 MB, is full after a minute.
  const options = ["--port", "0", "--json", "--rate-limit", "1000000/s", "--log", "--monitor", "1"];
  const server = spawn(
    process.execPath,
    [join(here, "../../dist/cli.js"), "serve", ensemble, ...options, "--capture", join(folder, "captured.jsonl")],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const { port } = await new Promise((done) => server.stdout.once("data", (data) => done(JSON.parse(data))));
  // The log is read and dropped, as a collector does.
  server.stdout.resume();
  const begun = performance.now();
  const samples = [];
  const watch = setInterval(
    () => {
      samples.push({
        minute: Math.floor((performance.now() - begun) / 60_000) + 1,
        megabytes: residentMemory(server.pid),
      });
    },
    1000 * Number(values.every),
  );
  const generator = spawn(
    process.execPath,
    [join(here, "open-load.mjs"), port, "/predict", bodies, values.rate, 60 * minutes, values.connections].map(String),
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const { statuses, p50, p99, unsent, broken } = JSON.parse(await output(generator));
  clearInterval(watch);
  server.kill("SIGTERM");
  await new Promise((done) => server.once("close", done));
  const inMinute = (wanted) => median(samples.flatMap(({ minute, megabytes }) => (minute === wanted ? megabytes : [])));
  for (let minute = 1; minute <= minutes; minute++) console.log(`minute ${minute}: ${inMinute(minute).toFixed(1)} MB`);
  const growth = inMinute(minutes) / inMinute(2);
  console.log(
    `${JSON.stringify(statuses)}, without a free connection ${unsent}, broken ${broken}, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
    `\nmemory of minute ${minutes} is ${growth.toFixed(3)} times that of minute 2`,
  );
  if (!(growth <= 1.05) || Object.keys(statuses).some((status) => status !== "200")) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
