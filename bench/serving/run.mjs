// Processor time of a server a request and a record of a batch, beside constants of node:http and Fastify, JSON.parse of the
// same batch and, where a Python has them, FastAPI with onnxruntime and with scikit-learn. One machine, one load generator in
// a process of its own, rounds in turn; the ratio is the median of the rounds' ratios. At the end cold start and memory.
//
//   npm run bench:serving -- [--only ensemble,network] [--rounds 7] [--requests 10000] [--warm 60000] [--connections 100] [--python PATH]
//
// Linux only. Warming up takes long because V8 goes on compiling for some 50,000 requests.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { coldStart } from "./cold-start.mjs";
import { makeModels } from "./models.mjs";
import { pythonPeers } from "./peers.mjs";
import { processorTime, residentMemory } from "./processor-time.mjs";
import { customers } from "./records.mjs";

const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    rounds: { type: "string", default: "7" },
    requests: { type: "string", default: "10000" },
    warm: { type: "string", default: "60000" },
    connections: { type: "string", default: "100" },
    python: { type: "string" },
  },
});
const rounds = Number(options.rounds);
const batchSize = 1000;
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Starts a server that prints its port, or is told it and answers GET /health. */
async function started({ command: [program, ...args], env, port }) {
  const child = spawn(program, args, { stdio: ["pipe", port === undefined ? "pipe" : "ignore", "inherit"], env });
  const ended = new Promise((_, fail) => {
    child.on("error", fail);
    child.on("exit", (code) => fail(new Error(`${args.join(" ")} ended with ${code}`)));
  });
  const told = () => new Promise((done) => child.stdout.once("data", (text) => done(Number(text))));
  const healthy = async () => {
    while (!(await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined))?.ok)
      await new Promise((done) => setTimeout(done, 100));
    return port;
  };
  return { child, port: await Promise.race([port === undefined ? told() : healthy(), ended]) };
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
  const result = JSON.parse(text);
  if (result.failed > 0) throw new Error(`${result.failed} answers of ${path} were not 200.`);
  return { ...result, microseconds: (processorTime(child.pid) - before) / requests };
}

/** Microseconds of processor time that JSON.parse takes for a text. */
function parsing(text) {
  const runs = 100;
  const { user } = process.cpuUsage();
  for (let run = 0; run < runs; run++) JSON.parse(text);
  return (process.cpuUsage().user - user) / runs;
}

const ratio = (results, others) =>
  median(results.map((result, round) => result.microseconds / others[round])).toFixed(2);
const figure = (value, unit, digits = 1) => `${value.toFixed(digits)} ${unit}`.padStart(11);

const folder = mkdtempSync(join(tmpdir(), "churnkit-bench-"));
const servers = [];
try {
  const models = await makeModels(folder);
  const lines = (values) => values.map((value) => `${JSON.stringify(value)}\n`).join("");
  const records = customers(batchSize).map(({ features }) => features);
  const [one, many] = [join(folder, "one.jsonl"), join(folder, "many.jsonl")];
  writeFileSync(one, lines(records.slice(0, 500)));
  writeFileSync(many, lines([{ records }]));
  const node = (script, ...args) => ({ command: [process.execPath, here(`servers/${script}.mjs`), ...args] });
  const contenders = {
    "node:http, constant": node("constant"),
    "Fastify, constant": node("fastify"),
    "node:http and the scorer, one network": node("bare", models.network),
    "listen without metrics, one network": node("churnkit", models.network, "bare"),
    "listen, logistic regression": node("churnkit", models.logistic),
    "listen, one network": node("churnkit", models.network),
    "listen, boosting": node("churnkit", models.boosting),
    "listen, ensemble of eight": node("churnkit", models.ensemble),
    ...(await pythonPeers(options.python, folder)),
  };
  const wanted = (name) =>
    !options.only || /constant/.test(name) || options.only.split(",").some((part) => name.includes(part));
  for (const [name, contender] of Object.entries(contenders)) {
    if (wanted(name)) servers.push({ name, results: [], batches: [], ...(await started(contender)) });
  }

  /** Requests of a round: Python's servers take a tenth to a fiftieth of the others' as long as those take. */
  const share = ({ name }, requests) =>
    Math.ceil(Number(requests) / (/scikit/.test(name) ? 50 : /FastAPI/.test(name) ? 10 : 1));
  for (const server of servers) await loaded(server, "/predict", one, share(server, options.warm), options.connections);
  for (let round = 0; round < rounds; round++) {
    for (const server of servers) {
      const requests = share(server, options.requests);
      server.results.push(await loaded(server, "/predict", one, requests, options.connections));
    }
  }
  const of = (results, key) => median(results.map((result) => result[key]));
  const [http, fastify] = servers.map(({ results }) => results.map(({ microseconds }) => microseconds));
  console.log(
    "\nPOST /predict".padEnd(40),
    "processor".padStart(11),
    "node:http",
    "Fastify",
    "p50 ms",
    "p99 ms",
    "memory",
  );
  for (const { name, results, child } of servers) {
    console.log(
      name.padEnd(39),
      figure(of(results, "microseconds"), "us"),
      `${ratio(results, http)}x`.padStart(9),
      `${ratio(results, fastify)}x`.padStart(7),
      of(results, "p50").toFixed(1).padStart(6),
      of(results, "p99").toFixed(1).padStart(6),
      figure(residentMemory(child.pid), "MB", 0),
    );
  }

  const takers = servers.filter(({ name }) => /listen|FastAPI/.test(name));
  const text = JSON.stringify({ records });
  const parsed = [];
  for (const server of takers) await loaded(server, "/batch-predict", many, 50, 2);
  for (let round = 0; round < rounds; round++) {
    parsed.push(parsing(text));
    for (const server of takers) server.batches.push(await loaded(server, "/batch-predict", many, 30, 2));
  }
  console.log(`\nPOST /batch-predict of ${batchSize}, a record`.padEnd(40), "processor".padStart(11), "JSON.parse");
  for (const { name, batches } of takers) {
    console.log(
      name.padEnd(39),
      figure(of(batches, "microseconds") / batchSize, "us", 2),
      `${ratio(batches, parsed)}x`.padStart(10),
    );
  }
  console.log(`${"JSON.parse alone".padEnd(39)} ${figure(median(parsed) / batchSize, "us", 2)}`);

  await coldStart(models, JSON.stringify(records[0]));
} finally {
  for (const { child } of servers) child.removeAllListeners("exit").kill();
  rmSync(folder, { recursive: true, force: true });
}
