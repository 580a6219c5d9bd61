import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  localDeployer,
  localRouter,
  runRollout,
  type LocalRouter,
  type RolloutPlan,
} from "../../../src/deploy/index.js";
import { memoryStore } from "../../../src/io/store/memory-store.js";
import type { Artifact } from "../../../src/model/artifact.js";
import { saveBundle } from "../../../src/model/bundle/save.js";
import { compile } from "../../../src/model/scoring/compile.js";
import { createHandler, listen, type Middleware, type NodeServer } from "../../../src/serving/index.js";
import { trafficConformance } from "../../conformance/traffic.js";
import { sampleArtifact, sampleRecords } from "../../helpers/artifact.js";
import { newFolder } from "../../helpers/folder.js";

const folder = newFolder();
const records = sampleRecords(2000);
let artifact: Artifact;
const servers: NodeServer[] = [];
const routers: LocalRouter[] = [];

beforeAll(async () => {
  artifact = await sampleArtifact({ networks: 0 });
});
afterEach(async () => {
  await Promise.all(routers.splice(0).map((router) => router.close()));
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** Serves the model as a version, with something around it. */
async function serve(version: string, ...middleware: Middleware[]): Promise<{ version: string; url: string }> {
  const scorer = await compile(artifact);
  const handler = createHandler({ scorer, name: "churn", version, source: "local" }, { middleware });
  const server = await listen(handler, { port: 0 });
  servers.push(server);
  return { version, url: server.url };
}

async function route(first: { version: string; url: string }): Promise<LocalRouter> {
  const router = await localRouter(first, { by: "customer" });
  routers.push(router);
  return router;
}

interface Answer {
  readonly status: number;
  readonly version: string | undefined;
  readonly customer: number;
}

async function ask(url: string, customer: number): Promise<Answer> {
  const record = { ...records[customer % records.length], customer: `C-${customer}` };
  const body = JSON.stringify(record);
  let response = await fetch(`${url}/predict`, { method: "POST", body });
  // A server on a loaded machine sheds load, and asks to come again; every client does.
  for (let tries = 0; response.status === 503 && tries < 10; tries++) {
    await response.arrayBuffer();
    await new Promise((later) => setTimeout(later, 200));
    response = await fetch(`${url}/predict`, { method: "POST", body });
  }
  const answer = (await response.json()) as { model_version?: string };
  return { status: response.status, version: answer.model_version, customer };
}

/** Clients that ask all the time, until they are told to end. */
function load(url: string, clients = 8): { end: () => Promise<Answer[]> } {
  let on = true;
  const answers: Answer[] = [];
  const asking = Array.from({ length: clients }, async (_, client) => {
    for (let i = 0; on; i++) answers.push(await ask(url, client + clients * i));
  });
  return {
    async end() {
      on = false;
      await Promise.all(asking);
      return answers;
    },
  };
}

trafficConformance("router on this machine", async () => {
  const stable = await serve("1");
  const candidate = await serve("2");
  const router = await route(stable);
  const { traffic } = router.rollout(candidate);
  return {
    traffic,
    stable: "1",
    candidate: "2",
    edit: (shares) => router.rollout(candidate).traffic.set(shares["2"] ?? 0),
    break: () => servers.at(-1)?.close(),
    async answered() {
      const answers = await Promise.all(Array.from({ length: 80 }, (_, i) => ask(router.url, i)));
      const share = answers.filter(({ version }) => version === "2").length / answers.length;
      return { "1": 1 - share, "2": share };
    },
  };
});

const guards = [
  { kind: "errorRate", above: 0.01 },
  { kind: "scoreDrift", above: 0.25 },
] as const;
const plan: RolloutPlan = {
  strategy: { kind: "canary", steps: [0.25, 1], bake: 400 },
  guards: [...guards, { kind: "latency", statistic: "average", ratioAbove: 2.5 }],
  minRequests: 100,
  longestStep: 60_000,
};

/** Every 50th request fails. */
const failing = (): Middleware => {
  let requests = 0;
  return (next) => async (request) => {
    const answer = await next(request);
    return request.method === "POST" && ++requests % 50 === 0 ? { ...answer, status: 500, body: "{}" } : answer;
  };
};
const slow: Middleware = (next) => async (request) => {
  if (request.method === "POST") await new Promise((later) => setTimeout(later, 300));
  return next(request);
};
/** Halves the distance of each probability to 1. */
const shifting: Middleware = (next) => async (request) => {
  const answer = await next(request);
  if (request.method !== "POST" || answer.status !== 200) return answer;
  const body = JSON.parse(answer.body as string) as { probability: number };
  return { ...answer, body: JSON.stringify({ ...body, probability: 1 - (1 - body.probability) / 3 }) };
};

describe("a rollout on this machine, under load", () => {
  it.each([
    ["fails 2 % of its requests", failing(), "error rate"],
    ["takes 300 ms longer", slow, "average latency"],
    ["gives other scores", shifting, "score drift"],
  ])("takes a candidate back that %s", async (_, middleware, reason) => {
    const router = await route(await serve("1"));
    const { traffic, readings } = router.rollout(await serve("2", middleware));
    const clients = load(router.url);
    const quarantined: string[] = [];
    const state = await runRollout({
      plan,
      candidate: "2",
      stable: "1",
      traffic,
      readings,
      store: memoryStore(),
      key: "rollout",
      every: 100,
      quarantine: async (version) => Promise.resolve(quarantined.push(version)),
    });
    const before = (await clients.end()).filter(({ version }) => version === "1");
    expect(state).toMatchObject({ phase: "ended", end: { winner: "stable", because: "guard" } });
    expect(state.reason).toContain(reason);
    expect(quarantined).toEqual(["2"]);
    expect(await traffic.read()).toEqual({ "1": 1 });
    expect(before.length).toBeGreaterThan(100);
    expect(before.filter(({ status }) => status !== 200)).toEqual([]);
    for (let i = 0; i < 20; i++) expect(await ask(router.url, i)).toMatchObject({ status: 200, version: "1" });
  });

  describe("with processes of their own", () => {
    const deployer = localDeployer({ drain: 0 });
    afterAll(() => Promise.all(["churn-1", "churn-2"].map((name) => deployer.remove(name))));

    it("brings a good candidate on duty without a failed request", async () => {
      const bundle = join(folder, "model");
      await saveBundle(artifact, bundle);
      const [stable, candidate] = await Promise.all(
        ["1", "2"].map((version) => deployer.deploy({ name: `churn-${version}`, version, bundle })),
      );
      if (stable === undefined || candidate === undefined) throw new Error("nothing was deployed");
      const router = await route(stable);
      const clients = load(router.url);
      const state = await runRollout({
        ...router.rollout(candidate),
        // Another load on this machine must not fail a good candidate.
        plan: { ...plan, guards: [...guards, { kind: "latency", statistic: "average", above: 3000 }] },
        candidate: "2",
        stable: "1",
        store: memoryStore(),
        key: "rollout",
        every: 100,
      });
      await deployer.remove("churn-1");
      await new Promise((later) => setTimeout(later, 200));
      const answers = await clients.end();
      expect(state).toMatchObject({ phase: "ended", end: { winner: "candidate", because: "promoted" } });
      expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
      expect(answers.at(-1)?.version).toBe("2");
    });
  });
});

describe("localRouter", () => {
  it("keeps a customer with the version, and takes only from the stable one as the share grows", async () => {
    const router = await route(await serve("1"));
    const { traffic } = router.rollout(await serve("2"));
    const at = async (share: number): Promise<Set<number>> => {
      await traffic.set(share);
      const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => ask(router.url, i)));
      return new Set(answers.filter(({ version }) => version === "2").map(({ customer }) => customer));
    };
    const [small, again, large] = [await at(0.2), await at(0.2), await at(0.6)];
    expect(again).toEqual(small);
    expect(large.size).toBeGreaterThan(small.size);
    expect([...small].filter((customer) => !large.has(customer))).toEqual([]);
  });

  it("lets the stable version answer for a candidate that is gone, and counts that as its error", async () => {
    const router = await route(await serve("1"));
    const { traffic, readings } = router.rollout(await serve("2"));
    await traffic.set(1);
    await servers.at(-1)?.close();
    expect(await ask(router.url, 1)).toMatchObject({ status: 200, version: "1" });
    expect((await readings.read(0, Date.now()))["2"]).toMatchObject({ requests: 1, errors: 1 });
  });

  it("sends copies to a candidate in the shadow, and measures them", async () => {
    const router = await route(await serve("1"));
    const { traffic, readings } = router.rollout(await serve("2", failing()));
    await traffic.mirror?.();
    for (let i = 0; i < 100; i++) expect(await ask(router.url, i)).toMatchObject({ status: 200, version: "1" });
    await traffic.end("stable");
    const read = await readings.read(0, Date.now());
    expect(read["2"]).toMatchObject({ requests: 100, errors: 2 });
    expect(read["1"]).toMatchObject({ requests: 100, errors: 0 });
  });

  it("passes the rest through: other paths, headers, errors, and its own when nobody answers", async () => {
    const router = await route(await serve("1"));
    expect(await (await fetch(`${router.url}/health`)).json()).toMatchObject({ model_version: "1" });
    expect((await fetch(`${router.url}/metrics`)).status).toBe(404);
    const refused = await fetch(`${router.url}/predict`, { method: "POST", body: "{" });
    expect([refused.status, refused.headers.get("content-type")]).toEqual([400, expect.stringContaining("json")]);
    const named = await fetch(`${router.url}/predict`, {
      method: "POST",
      headers: { "x-prediction-id": "p-1" },
      body: JSON.stringify(records[0]),
    });
    expect(await named.json()).toMatchObject({ prediction_id: "p-1" });
    await servers.at(-1)?.close();
    const gone = await fetch(`${router.url}/predict`, { method: "POST", body: "{}" });
    expect([gone.status, await gone.json()]).toMatchObject([502, { error: { code: "SERVICE_FAILED" } }]);
    expect((await fetch(`${router.url}/predict`, { method: "POST", body: "x".repeat(9 * 2 ** 20) })).status).toBe(413);
  });
});
