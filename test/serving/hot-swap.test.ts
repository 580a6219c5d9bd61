import { Agent, request as httpRequest } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { ChurnkitError } from "../../src/base/errors.js";
import { memoryStore } from "../../src/io/store/memory-store.js";
import type { ObjectStore } from "../../src/io/store/object-store.js";
import { storeRegistry } from "../../src/registry/backends/store/store-registry.js";
import { createHandler } from "../../src/serving/handler.js";
import { listen, type NodeServer } from "../../src/serving/hosts/node/node-server.js";
import { modelHost, type HostedModel, type ModelHost } from "../../src/serving/models/host.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";
import { budget } from "../helpers/budget.js";

const records = sampleRecords(50);
const agent = new Agent({ keepAlive: true, maxSockets: 16 });
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function post(url: string, body: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    httpRequest(`${url}/predict`, { method: "POST", agent }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text })).on("error", reject);
    })
      .on("error", reject)
      .end(body);
  });
}

/** A registry with two good versions and a corrupt third, champion first, behind a server. */
async function served(hosted: Partial<HostedModel> = {}) {
  const real = memoryStore();
  let away = false;
  const store: ObjectStore = {
    ...real,
    get: (key) => (away ? Promise.reject(new ChurnkitError("STORE_FAILED", "away")) : real.get(key)),
  };
  const registry = storeRegistry(store, { name: "churn" });
  for (const seed of [1, 2, 3]) await registry.register(await sampleArtifact({ networks: 1, seed }));
  await registry.promote(1, "champion");
  const probabilities = new Map<string, number[]>();
  for (const number of [1, 2]) {
    const { scorer, version } = await registry.load(number);
    probabilities.set(
      version.semver,
      records.map((record) => scorer.scoreRecord(record).probability ?? NaN),
    );
  }
  const { contentHash } = await registry.get(3);
  for (const { key } of await real.list(""))
    if (key.includes(contentHash) && key.endsWith(".bin")) await real.put(key, new Uint8Array(10));
  await expect(registry.load(3)).rejects.toMatchObject({ code: "BUNDLE_CORRUPT" });
  const models: ModelHost = modelHost([{ registry, ref: "champion", ...hosted }], { every: 5 });
  await models.refresh();
  const server: NodeServer = await listen(createHandler(models), { port: 0 });
  ends.push(
    () => models.close(),
    () => server.close(),
  );

  /** Sends requests over 16 connections, and calls each step at its share of them. */
  async function load(requests: number, steps: readonly (() => unknown)[]) {
    const versions = new Map<string, number>();
    const statuses = new Map<number, number>();
    let wrong = 0;
    let sent = 0;
    const todo = [...steps];
    const client = async (): Promise<void> => {
      while (sent < requests) {
        const i = sent++;
        if (i > ((steps.length - todo.length + 1) * requests) / (steps.length + 1)) await todo.shift()?.();
        const { status, text } = await post(server.url, JSON.stringify(records[i % records.length]));
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        const { probability, model_version: version } = JSON.parse(text) as {
          probability: number;
          model_version: string;
        };
        versions.set(version, (versions.get(version) ?? 0) + 1);
        if (probabilities.get(version)?.[i % records.length] !== probability) wrong++;
      }
    };
    await Promise.all(Array.from({ length: 16 }, client));
    return { statuses: [...statuses], versions: [...versions.keys()].sort(), wrong };
  }
  return { registry, models, load, away: (is: boolean) => (away = is) };
}

describe("under load no request fails and every answer is that of its version", () => {
  it("while a second version is promoted and rolled back", async () => {
    const { registry, models, load } = await served();
    const requests = budget(1_000);
    expect(
      await load(requests, [
        () => registry.promote(2, "champion"),
        () => registry.rollback("champion"),
        () => registry.promote(1, "champion"),
      ]),
    ).toEqual({ statuses: [[200, requests]], versions: ["1.0.0", "1.1.0"], wrong: 0 });
    await models.refresh();
    expect(models.find()?.version).toBe("1.0.0");
  });

  it("while the registry is away and a corrupt version is promoted", async () => {
    const { registry, models, load, away } = await served();
    const requests = budget(500);
    const outcome = await load(requests, [
      () => away(true),
      () => away(false),
      () => registry.promote(3, "champion"),
      () => registry.promote(2, "champion"),
    ]);
    expect(outcome).toMatchObject({ statuses: [[200, requests]], wrong: 0 });
    await models.refresh();
    expect(models.find()?.version).toBe("1.1.0");
  });

  it("while a shadow throws at every record", async () => {
    const { registry } = await served();
    const ill: typeof registry = {
      ...registry,
      async load(...given) {
        const loaded = await registry.load(...given);
        if (loaded.version.number !== 2) return loaded;
        const scoreRecords = (): never => {
          throw new Error("ill");
        };
        return { ...loaded, scorer: { ...loaded.scorer, scoreRecords } };
      },
    };
    const { models, load } = await served({ registry: ill, shadow: 2 });
    const requests = budget(300);
    expect(await load(requests, [])).toEqual({ statuses: [[200, requests]], versions: ["1.0.0"], wrong: 0 });
    expect(models.shadow()).toMatchObject({ records: 0, version: "1.1.0" });
    expect(models.shadow()?.errors).toBeGreaterThan(0);
  });
});
