import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, expect, it } from "vitest";
import { train } from "../../src/model/training/index.js";
import { logistic, saveBundle } from "../../src/model/index.js";
import { ensureBuilt } from "../helpers/built.js";
import { customerFeatures, customers } from "../helpers/customers.js";
import { newFolder } from "../helpers/folder.js";
import { newRoot, records, start } from "./root.js";

const bundle = newFolder();
const model = await train(customerFeatures, customers(300), { learner: logistic({ l2: 1 }), baseline: false });

beforeAll(async () => {
  await ensureBuilt();
  await saveBundle(model, join(bundle, "model"));
}, 200_000);

const started: ReturnType<typeof start>[] = [];
afterEach(() => started.splice(0).forEach(({ child }) => child.kill("SIGKILL")));

async function serve(root: string, env: Readonly<Record<string, string>> = {}) {
  const server = start(root, ["serve"], {
    SAGEMAKER_BIND_TO_PORT: "0",
    SAGEMAKER_SAFE_PORT_RANGE: "9000-9999",
    ...env,
  });
  started.push(server);
  const [, port = ""] = await server.said(/serving .* at http:\/\/0\.0\.0\.0:(\d+)/);
  const send = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${path}`, init);
  return { ...server, send };
}
const posted = (body: unknown, type = "application/json"): RequestInit => ({
  method: "POST",
  headers: { "content-type": type },
  body: typeof body === "string" ? body : JSON.stringify(body),
});

it("answers pings and invocations with the model's score, and ends at SIGTERM after the requests under way", async () => {
  const root = newRoot({});
  cpSync(join(bundle, "model"), join(root, "model"), { recursive: true });
  const { send, child, ended } = await serve(root);
  expect((await send("/ping")).status).toBe(200);
  const { churn, ...record } = records[0] as unknown as Record<string, unknown>;
  void churn;
  const answer = await send("/invocations", posted(record));
  expect(answer.status).toBe(200);
  const { probability } = model.scorer.scoreRecord(record);
  expect(await answer.text()).toContain(String(probability));
  // More than the usual 4 MiB of a server, as SageMaker allows.
  expect((await send("/invocations", posted(" ".repeat(5 * 2 ** 20) + JSON.stringify(record)))).status).toBe(200);
  child.kill("SIGTERM");
  expect(await ended).toMatchObject({ code: 0 });
});

it("prints what its monitors see as metrics of CloudWatch, where it is asked to", async () => {
  const root = newRoot({});
  cpSync(join(bundle, "model"), join(root, "model"), { recursive: true });
  const { send, child, ended } = await serve(root, { CHURNKIT_METRICS: "emf", CHURNKIT_NAMESPACE: "Churn/Test" });
  expect((await send("/invocations", posted({ records: records.slice(0, 200) }))).status).toBe(200);
  child.kill("SIGTERM");
  const { code, out } = await ended;
  expect(code).toBe(0);
  const lines = out.split("\n").filter((line) => line.startsWith('{"_aws"'));
  expect(lines.join()).toContain('"Namespace":"Churn/Test"');
  // Drift comes at the end of an hour; what a minute tells is that the request was monitored.
  expect(lines.join()).toContain('"outcome":"sampled","MonitoredRequests":1');
});

it("loads and unloads models on demand, from folders below the root alone", async () => {
  const root = newRoot({});
  const url = join(root, "models/abc/model");
  mkdirSync(join(root, "models/abc"), { recursive: true });
  cpSync(join(bundle, "model"), url, { recursive: true });
  const { send } = await serve(root, { SAGEMAKER_MULTI_MODEL: "true" });
  expect((await send("/ping")).status).toBe(200);
  expect((await send("/models/churn/invoke", posted(records[0]))).status).toBe(404);
  expect((await send("/models", posted({ model_name: "churn", url: join(bundle, "model") }))).status).toBe(400);
  expect((await send("/models", posted({ model_name: "churn", url }))).status).toBe(200);
  expect((await send("/models/churn/invoke", posted(records[0]))).status).toBe(200);
  expect((await send("/models/churn", { method: "DELETE" })).status).toBe(200);
});

it.each([
  ["no model", {}, /no bundle at .*model/],
  ["metrics of another form", { CHURNKIT_METRICS: "statsd" }, /CHURNKIT_METRICS is "statsd"/],
  ["a port that is no number", { SAGEMAKER_BIND_TO_PORT: "http" }, /SAGEMAKER_BIND_TO_PORT is "http"/],
])("does not start with %s, and says so", async (_, env, reason) => {
  const root = newRoot({});
  if (Object.keys(env).length > 0) cpSync(join(bundle, "model"), join(root, "model"), { recursive: true });
  const { code, err } = await start(root, ["serve"], { SAGEMAKER_BIND_TO_PORT: "0", ...env }).ended;
  expect(code).toBe(1);
  expect(err).toMatch(reason);
});
