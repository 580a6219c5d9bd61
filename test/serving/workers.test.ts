import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { join, resolve } from "node:path";
import { afterEach, beforeAll, expect, it } from "vitest";
import { filesStore } from "../../src/io/store/files/files-store.js";
import { storeRegistry } from "../../src/registry/backends/store/store-registry.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";
import { ensureBuilt } from "../helpers/built.js";
import { newFolder } from "../helpers/folder.js";
import { pause } from "./raw.js";

await ensureBuilt();
const cli = resolve(import.meta.dirname, "../../dist/cli.js");
const folder = newFolder();
const body = JSON.stringify(sampleRecords(1)[0]);
let child: ChildProcess | undefined;

/** Starts `churnkit serve` with workers, and waits until it has said where. */
async function serve(...options: readonly string[]) {
  // A machine that is busy with other tests must not look like an overload.
  writeFileSync(join(folder, "serve.json"), JSON.stringify({ maxDelay: 30_000 }));
  const args = [cli, "serve", "churn@champion", "--config", "serve.json", "--port", "0", "--json", ...options];
  const server = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  child = server;
  let notes = "";
  server.stderr.on("data", (data: Buffer) => (notes += data.toString()));
  const ended = new Promise<number | null>((end) => server.once("close", end));
  const line = await new Promise<string>((read, fail) => {
    server.stdout.once("data", (data: Buffer) => read(data.toString()));
    server.once("close", (code) => fail(new Error(`serve ended with ${code}: ${notes}`)));
  });
  const { url } = JSON.parse(line) as { url: string };
  return { url, ended, pid: server.pid ?? 0, kill: () => server.kill("SIGTERM"), notes: () => notes };
}

/** Sends a request on a connection of an agent, or on one of its own. */
const ask = (url: string, method: string, agent?: Agent): Promise<{ status: number; text: string }> =>
  new Promise((answer, fail) => {
    httpRequest(url, { method, agent: agent ?? false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.once("error", fail).once("end", () => answer({ status: response.statusCode ?? 0, text }));
    })
      .once("error", fail)
      .end(method === "POST" ? body : undefined);
  });
const get = (url: string) => ask(url, "GET");
const predict = (url: string, agent?: Agent) => ask(`${url}/predict`, "POST", agent);

const workersOf = (pid: number): number[] =>
  execFileSync("pgrep", ["-P", String(pid)], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map(Number);

/** A sum on the page of metrics. */
async function metric(url: string, name: string): Promise<number> {
  const { text } = await get(`${url}/metrics`);
  return text
    .split("\n")
    .filter((line) => line.startsWith(name))
    .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}
const answered = (url: string): Promise<number> =>
  metric(url, 'churnkit_requests_total{route="/predict",status="200"}');

beforeAll(async () => {
  const registry = storeRegistry(filesStore(join(folder, "registry")), { name: "churn" });
  await registry.register(await sampleArtifact({ networks: 0 }));
  await registry.register(await sampleArtifact({ networks: 1 }));
  await registry.promote(1, "champion");
});
afterEach(() => child?.kill("SIGKILL"));

it("goes on when a worker is killed: only its requests under way fail, and the metrics add up", async () => {
  const options = ["--workers", "2", "--capture", "captured.jsonl", "--monitor-state", "state.json"];
  const { url, pid, ended, kill, notes } = await serve(...options, "--watch", "0");
  const connections = 8;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  await Promise.all(Array.from({ length: 100 }, () => predict(url, agent)));
  expect(await answered(url)).toBe(100);
  const before = workersOf(pid);
  expect(before).toHaveLength(2);

  let ok = 0;
  let over = false;
  const failures: number[] = [];
  const client = async (): Promise<void> => {
    while (!over) {
      try {
        if ((await predict(url, agent)).status === 200) ok++;
        else failures.push(performance.now());
      } catch {
        failures.push(performance.now());
      }
    }
  };
  const clients = Promise.all(Array.from({ length: connections }, client));
  await pause(300);
  const known = await answered(url);
  const killedAt = performance.now();
  process.kill(before[0] ?? 0, "SIGKILL");
  expect((await get(`${url}/live`)).status).toBe(200);
  await expect.poll(() => metric(url, "churnkit_workers"), { timeout: 10_000 }).toBe(2);
  expect(await answered(url)).toBeGreaterThanOrEqual(known);
  await expect.poll(async () => (await get(`${url}/ready`)).status).toBe(200);
  await pause(200);
  over = true;
  await clients;
  expect(ok).toBeGreaterThan(100);
  expect(failures.length).toBeLessThanOrEqual(connections);
  expect(failures.every((at) => at - killedAt < 2000)).toBe(true);
  expect(workersOf(pid).filter((worker) => !before.includes(worker))).toHaveLength(1);
  expect(await metric(url, "churnkit_worker_restarts_total")).toBe(1);
  expect(notes()).toMatch(/worker 1 ended \(SIGKILL\)|worker 2 ended \(SIGKILL\)/);

  const settled = await answered(url);
  await Promise.all(Array.from({ length: 100 }, () => predict(url)));
  expect(await answered(url)).toBe(settled + 100);
  // The histogram has what the counter has.
  expect(await metric(url, 'churnkit_request_duration_seconds_count{route="/predict"}')).toBe(settled + 100);

  const workers = workersOf(pid);
  kill();
  expect(await ended).toBe(0);
  expect(workers.filter((worker) => existsSync(`/proc/${worker}`))).toEqual([]);
  const lines = readFileSync(join(folder, "captured.jsonl"), "utf8").trim().split("\n");
  const ids = new Set(lines.map((line) => (JSON.parse(line) as { predictionId: string }).predictionId));
  // One process writes: each line is whole. The killed worker took with it what it had not sent.
  expect(ids.size).toBe(lines.length);
  expect(lines.length).toBeGreaterThanOrEqual(200 + known - 100);
  expect(lines.length).toBeLessThanOrEqual(200 + ok + connections);
  expect(JSON.parse(readFileSync(join(folder, "state.json"), "utf8"))).toBeTypeOf("object");
  agent.destroy();
}, 60_000);

it("counts quotas over all workers, and all of them follow a promotion that one has seen", async () => {
  const { url, ended, kill, notes } = await serve("--workers", "2", "--rate-limit", "60/h", "--watch", "1");
  const versions: string[] = [];
  let refused = 0;
  const score = async (): Promise<void> => {
    const { status, text } = await predict(url);
    if (status === 200) versions.push((JSON.parse(text) as { model_version: string }).model_version);
    else refused++;
  };
  const many = (count: number) => Promise.all(Array.from({ length: count }, score));
  await many(10);
  execFileSync(process.execPath, [cli, "registry", "promote", "2"], { cwd: folder });
  const before = () => versions.filter((version) => version === "1.0.0").length;
  await expect.poll(() => score().then(() => versions.at(-1)), { timeout: 10_000, interval: 500 }).not.toBe("1.0.0");
  await pause(500);
  const former = before();
  await many(80);
  expect([before(), new Set(versions).size]).toEqual([former, 2]);
  // Whichever worker answers, and with a connection for each request.
  expect([versions.length, refused > 0]).toEqual([60, true]);
  expect(notes().match(/churn 1\.1\.0 is on duty, after 1\.0\.0/g)).toHaveLength(1);
  kill();
  expect(await ended).toBe(0);
}, 60_000);

it("says once what keeps its workers from starting", () => {
  const run = (...args: readonly string[]) => {
    try {
      execFileSync(process.execPath, [cli, "serve", ...args], { cwd: folder, stdio: "pipe", encoding: "utf8" });
      return { status: 0, stderr: "" };
    } catch (error) {
      return error as { status: number; stderr: string };
    }
  };
  const missing = run("nowhere", "--workers", "2", "--port", "0");
  expect([missing.status, missing.stderr.match(/^churnkit: /gm)?.length]).toEqual([2, 1]);
  expect(run("--on-demand", "models", "--workers", "auto").stderr).toContain("--on-demand is for one process");
}, 60_000);
