// Overload: three times as many requests as the server can answer, in an open loop, with the limit on load and without.
//   npm run bench:overload -- [--seconds 10] [--times 3] [--connections 1000] [--only "one record"] [--limits limited]
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clearInterval, setInterval, setTimeout } from "node:timers";
import { parseArgs } from "node:util";
import { makeModels } from "./models.mjs";
import { processorTime, residentMemory } from "./processor-time.mjs";
import { customers } from "./records.mjs";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    times: { type: "string", default: "3" },
    connections: { type: "string" },
    only: { type: "string", default: "" },
    limits: { type: "string", default: "limited,unlimited" },
  },
});
const seconds = Number(values.seconds);
const times = Number(values.times);
const here = import.meta.dirname;
const folder = mkdtempSync(join(tmpdir(), "churnkit-overload-"));

const records = customers(1000).map(({ features }) => features);
const scenarios = [
  {
    name: "one record",
    path: "/predict",
    bodies: records.map((record) => JSON.stringify(record)),
    connections: 1000,
    busy: 100,
  },
  { name: "1,000 records", path: "/batch-predict", bodies: [JSON.stringify(records)], connections: 200, busy: 8 },
].filter(({ name }) => name.includes(values.only));

const output = (child) =>
  new Promise((done) => {
    let text = "";
    child.stdout.on("data", (data) => (text += data));
    child.once("close", () => done(text));
  });

async function load(port, { path, file }, rate, duration, connections) {
  const args = [port, path, file, rate, duration, connections].map(String);
  const child = spawn(process.execPath, [join(here, "open-load.mjs"), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return JSON.parse(await output(child));
}

const round = (number, digits = 0) =>
  number.toLocaleString("en-US", { maximumFractionDigits: digits, minimumFractionDigits: digits });

try {
  const { ensemble } = await makeModels(folder);
  for (const scenario of scenarios) {
    const file = join(folder, "bodies.jsonl");
    writeFileSync(file, `${scenario.bodies.join("\n")}\n`);
    const connections = Number(values.connections ?? scenario.connections);
    for (const limit of values.limits.split(",")) {
      const server = spawn(process.execPath, [join(here, "servers/protected.mjs"), ensemble, limit], {
        stdio: ["pipe", "pipe", "inherit"],
      });
      const port = await new Promise((done) => server.stdout.once("data", (data) => done(Number(data))));
      const send = (rate, duration, most) => load(port, { ...scenario, file }, rate, duration, most);
      /** What came of a load, with the answers a second of the server's processor: other processes take no part of it. */
      const measured = async (...args) => {
        const before = processorTime(server.pid);
        const result = await send(...args);
        return { ...result, efficiency: (1e6 * (result.statuses[200] ?? 0)) / (processorTime(server.pid) - before) };
      };
      // Connections that are always busy: what the server can do.
      await send(1e6, 1, scenario.busy);
      const { goodput: peak, efficiency } = await measured(1e6, 3, scenario.busy);
      let memory = 0;
      const watch = setInterval(() => (memory = Math.max(memory, residentMemory(server.pid))), 200);
      const flood = await measured(times * peak, seconds, connections);
      clearInterval(watch);
      await new Promise((done) => setTimeout(done, 2000));
      const after = await send(0.3 * peak, 2, 50);
      server.stdin.end();
      console.log(
        [
          `${scenario.name}, ${limit}: peak ${round(peak)}/s, offered ${round(flood.offered)}/s`,
          `goodput ${round((100 * flood.goodput) / peak)} % of peak, a second of its processor ${round((100 * flood.efficiency) / efficiency)} %`,
          `accepted p50 ${round(flood.p50)} ms, p99 ${round(flood.p99)} ms; refused p99 ${round(flood.refusedP99)} ms`,
          `${JSON.stringify(flood.statuses)}, without a free connection ${flood.unsent}, broken ${flood.broken}`,
          `memory ${round(memory)} MB; 2 s later at 0.3 of the peak: p99 ${round(after.p99, 1)} ms ${JSON.stringify(after.statuses)}`,
        ].join("\n  "),
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
