// Processor time of a server a request, in turn with a constant answer of node:http and of Fastify: one machine, one load
// generator in a process of its own, rounds in turn, ratios of the medians.
//
//   npm run bench:serving -- [--only ensemble,network] [--rounds 5] [--requests 20000] [--connections 100] [--python PATH]
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { makeModels } from "./models.mjs";
import { processorTime, residentMemory } from "./processor-time.mjs";
import { customers } from "./records.mjs";

const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    rounds: { type: "string", default: "5" },
    requests: { type: "string", default: "20000" },
    connections: { type: "string", default: "100" },
    models: { type: "string" },
    python: { type: "string" },
  },
});
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Starts a program that prints its port; its process and that port. */
function started(command, args) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("exit", (code) => fail(new Error(`${args[0]} ended with ${code}`)));
    child.stdout.once("data", (text) => done({ child, port: Number(text) }));
  });
}

/** Sends a load; what came of it, with the server's processor time a request in microseconds. */
async function loaded({ child, port }, path, bodies, requests, connections) {
  const before = processorTime(child.pid);
  const generator = spawn(process.execPath, [here("load.mjs"), port, path, bodies, requests, connections], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  generator.stdout.on("data", (part) => (text += part));
  const code = await new Promise((done) => generator.on("close", done));
  if (code !== 0) throw new Error(`The load on ${path} ended with ${code}.`);
  return { ...JSON.parse(text), microseconds: (processorTime(child.pid) - before) / requests };
}

const folder = mkdtempSync(join(tmpdir(), "churnkit-bench-"));
const servers = [];
try {
  const models = options.models
    ? Object.fromEntries(["ensemble", "network", "boosting", "logistic"].map((n) => [n, join(options.models, n)]))
    : await makeModels(folder);
  const one = join(folder, "one.jsonl");
  writeFileSync(
    one,
    customers(500)
      .map(({ features }) => `${JSON.stringify(features)}\n`)
      .join(""),
  );
  const churnkit = (model, ...more) => [process.execPath, here("servers/churnkit.mjs"), models[model], ...more];
  const contenders = {
    "node:http, constant": [process.execPath, here("servers/constant.mjs")],
    "Fastify, constant": [process.execPath, here("servers/fastify.mjs")],
    "churnkit, network, no metrics": churnkit("network", "bare"),
    "churnkit, network": churnkit("network"),
    "churnkit, boosting": churnkit("boosting"),
    "churnkit, logistic": churnkit("logistic"),
    "churnkit, ensemble of eight": churnkit("ensemble"),
  };
  for (const [name, [command, ...args]] of Object.entries(contenders)) {
    if (options.only && !options.only.split(",").some((part) => name.includes(part))) continue;
    servers.push({ name, results: [], ...(await started(command, args)) });
  }
  const requests = Number(options.requests);
  for (const server of servers) await loaded(server, "/predict", one, requests, options.connections);
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const server of servers)
      server.results.push(await loaded(server, "/predict", one, requests, options.connections));
  }
  const of = (server, key) => median(server.results.map((result) => result[key]));
  const [http, fastify] = servers.map((server) => of(server, "microseconds"));
  for (const server of servers) {
    const time = of(server, "microseconds");
    console.log(
      server.name.padEnd(32),
      `${time.toFixed(1)} us`.padStart(9),
      `${(time / http).toFixed(2)}x`.padStart(7),
      `${(time / fastify).toFixed(2)}x`.padStart(7),
      `p50 ${of(server, "p50").toFixed(1)} p99 ${of(server, "p99").toFixed(1)}`,
      `${residentMemory(server.child.pid).toFixed(0)} MB`,
      server.results.reduce((sum, { failed }) => sum + failed, 0) || "",
    );
  }
} finally {
  for (const { child } of servers) child.removeAllListeners("exit").kill();
  rmSync(folder, { recursive: true, force: true });
}
