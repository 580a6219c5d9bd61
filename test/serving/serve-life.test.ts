import { execFile, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { syntheticCustomers } from "../../src/data/synthetic.js";
import { budget } from "../helpers/budget.js";
import { newFolder } from "../helpers/folder.js";

const cli = resolve(import.meta.dirname, "../../dist/cli.js");
const folder = newFolder();
const run = async (...args: readonly string[]): Promise<string> =>
  (await promisify(execFile)(process.execPath, [cli, ...args], { cwd: folder })).stdout;

const customers = syntheticCustomers({ rows: 40, seed: 9 }).records.map((record) =>
  JSON.stringify({ ...record, churn: undefined }),
);
let key: string;
let child: ReturnType<typeof spawn> | undefined;
let url: string;
let notes = "";

beforeAll(async () => {
  for (const seed of ["1", "2"]) {
    await run("sample", "customers.csv", "--rows", "500", "--seed", seed, "--force");
    await run("train", "customers.csv", "--target", "churn", "--learner", "logistic", "--out", `model-${seed}`);
    await run("registry", "register", `model-${seed}`, "--model", "churn");
  }
  await run("registry", "promote", "1");
  // A machine that is busy with other tests must not look like an overload.
  writeFileSync(join(folder, "serve.json"), JSON.stringify({ maxDelay: 30_000 }));
  const made = JSON.parse(await run("keys", "create", "test", "--json")) as { key: string };
  key = made.key;
  const server = spawn(
    process.execPath,
    [
      cli,
      "serve",
      "churn@champion",
      "--keys",
      "keys.json",
      "--config",
      "serve.json",
      "--watch",
      "0.1",
      "--port",
      "0",
      "--json",
      "--copies",
      "copies",
    ],
    { cwd: folder, stdio: ["ignore", "pipe", "pipe"] },
  );
  child = server;
  server.stderr.on("data", (data: Buffer) => (notes += data.toString()));
  const line = await new Promise<string>((read, fail) => {
    server.stdout.once("data", (data: Buffer) => read(data.toString()));
    server.once("exit", () => fail(new Error(`serve ended: ${notes}`)));
  });
  url = (JSON.parse(line) as { url: string }).url;
}, 120_000);
afterAll(() => child?.kill("SIGKILL"));

const agent = new Agent({ keepAlive: true, maxSockets: 8 });
const post = (body: string, headers: Record<string, string>) =>
  new Promise<{ status: number; text: string }>((answer, fail) => {
    httpRequest(`${url}/predict`, { method: "POST", agent, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.on("end", () => answer({ status: response.statusCode ?? 0, text })).on("error", fail);
    })
      .on("error", fail)
      .end(body);
  });

it("from training to serving, no request fails while a second version is promoted and rolled back", async () => {
  const [customer = ""] = customers;
  expect((await post(customer, {})).status).toBe(401);
  const requests = budget(1_000);
  const statuses = new Map<number, number>();
  const answers = new Map<string, Set<number>>();
  let sent = 0;
  let over = false;
  const client = async (): Promise<void> => {
    // Traffic goes on until both changes are made, however fast it is.
    while (sent < requests || !over) {
      const place = sent++ % customers.length;
      const { status, text } = await post(customers[place] ?? "", { "x-api-key": key });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const { model_version: version, probability } = JSON.parse(text) as {
        model_version: string;
        probability: number;
      };
      const id = `${version} ${place}`;
      answers.set(id, (answers.get(id) ?? new Set()).add(probability));
    }
  };
  const onDuty = async (version: string): Promise<void> => {
    for (;;) {
      const health = (await (await fetch(`${url}/health`)).json()) as { model_version: string };
      if (health.model_version === version) return;
      await new Promise((later) => setTimeout(later, 20));
    }
  };
  const changes = async (): Promise<void> => {
    await run("registry", "promote", "2");
    await onDuty("1.1.0");
    await run("registry", "rollback");
    await onDuty("1.0.0");
    over = true;
  };
  await Promise.all([changes(), ...Array.from({ length: 8 }, client)]);
  expect([...statuses.keys()]).toEqual([200]);
  expect(statuses.get(200)).toBeGreaterThanOrEqual(requests);
  const versions = new Set([...answers.keys()].map((id) => id.split(" ")[0]));
  expect([...versions].sort()).toEqual(["1.0.0", "1.1.0"]);
  // A version has one answer for a customer, whatever happens around it.
  expect([...answers.values()].every(({ size }) => size === 1)).toBe(true);
  expect(notes).toContain("churn 1.1.0 is on duty, after 1.0.0");
  expect(notes).toContain("churn 1.0.0 is on duty, after 1.1.0");
}, 120_000);
