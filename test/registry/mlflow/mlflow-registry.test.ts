import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryStore } from "../../../src/io/store/memory-store.js";
import type { Artifact } from "../../../src/model/artifact.js";
import { toBundleFiles } from "../../../src/model/bundle/format.js";
import { openBundle } from "../../../src/model/bundle/open.js";
import type { MlflowRegistryOptions } from "../../../src/registry/backends/mlflow/mlflow-registry.js";
import { mlflowRegistry } from "../../../src/registry/backends/mlflow/index.js";
import type { ModelRegistry } from "../../../src/registry/registry.js";
import { registryConformance } from "../../conformance/registry.js";
import { sampleArtifact, sampleTable } from "../../helpers/artifact.js";
import { budget } from "../../helpers/budget.js";
import { seededFaults, startFaultyProxy, type Fault } from "../../helpers/faulty-proxy.js";
import { mlflowPython, startMlflow, type Mlflow } from "../../helpers/mlflow.js";
import { trackerInMlflow } from "../../tracking/in-mlflow.js";

const ready = await mlflowPython("registry in MLflow");

interface Info {
  readonly run_id: string;
  readonly status: string;
  readonly lifecycle_stage: string;
  readonly run_name: string;
}
type Pairs = readonly { readonly key: string; readonly value: string | number }[];
interface Run {
  readonly info: Info;
  readonly data: { readonly params?: Pairs; readonly metrics?: Pairs; readonly tags: Pairs };
}
interface Version {
  readonly run_id: string;
  readonly current_stage: string;
  readonly aliases?: readonly string[];
  readonly source: string;
  readonly tags: Pairs;
}

describe.skipIf(!ready)("in MLflow", { timeout: 60_000 }, () => {
  let server: Mlflow;
  let models: Artifact[];
  beforeAll(async () => {
    server = await startMlflow();
    const base = await sampleArtifact({ networks: 0 });
    models = [0, 1, 2, 3].map((i) => ({ ...base, decision: { threshold: i / 10, rule: "given" } }));
  }, 600_000);
  afterAll(() => server.stop());

  let made = 0;
  const empty = (options: Partial<MlflowRegistryOptions> = {}): ModelRegistry =>
    mlflowRegistry({
      name: "sample",
      trackingUri: server.url,
      prefix: `team-${made++}.`,
      experiment: "conformance",
      ...options,
    });
  const model = (i: number): Artifact => models[i] as Artifact;

  registryConformance("MLflow", () => empty());
  // The ledger is no matter of the server's: fake-mlflow.test.ts shows the same with one in memory.
  if (budget(1) > 1) registryConformance("MLflow with a ledger", () => empty({ ledger: memoryStore() }));
  // A server takes seconds to start, so the tracker's tests share it.
  trackerInMlflow(() => server.url);

  /** What MLflow itself says. */
  const ask = async <T>(path: string, method = "GET", body?: object): Promise<T> => {
    const response = await fetch(`${server.url}/api/2.0/mlflow/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  const runOf = async (id: string): Promise<Run> => (await ask<{ run: Run }>(`runs/get?run_id=${id}`)).run;
  const versionOf = async (name: string, number: number): Promise<Version> =>
    (await ask<{ model_version: Version }>(`model-versions/get?name=${name}&version=${number}`)).model_version;
  const asMap = (pairs: Pairs = []): Map<string, string | number> =>
    new Map(pairs.map(({ key, value }) => [key, value]));

  it("shows a version as MLflow shows its own: run, lineage, metrics, tags, stage, alias", async () => {
    const registry = empty({ prefix: "shown.", experiment: "shown" });
    const parameters = {
      rate: 0.01,
      layers: [64, 32],
      ...Object.fromEntries(Array.from({ length: 230 }, (_, i) => [`p${i}`, i])),
    };
    const artifact: Artifact = { ...model(0), provenance: { ...model(0).provenance, parameters } };
    await registry.register(artifact, { by: "ada", tags: { team: "growth", empty: "" }, description: "first" });
    await registry.register(model(1));
    await registry.setStage(1, "Production");
    await registry.promote(1, "champion");
    const version = await versionOf("shown.sample", 1);
    expect(version).toMatchObject({ current_stage: "Production", aliases: ["champion"], description: "first" });
    expect(Object.fromEntries(asMap(version.tags))).toMatchObject({
      team: "growth",
      "churnkit.semver": "1.0.0",
      "churnkit.status": "pending",
    });
    const run = await runOf(version.run_id);
    expect(run.info).toMatchObject({ status: "FINISHED", run_name: "shown.sample 1.0.0" });
    const [params, metrics, tags] = [asMap(run.data.params), asMap(run.data.metrics), asMap(run.data.tags)];
    expect(params.size).toBe(232 + 4);
    expect([params.get("rate"), params.get("layers"), params.get("seed"), params.get("p229")]).toEqual([
      "0.01",
      "[64,32]",
      "1",
      "229",
    ]);
    expect([metrics.get("auc"), metrics.get("auc.low"), metrics.get("rows")]).toEqual([0.5, 0.4, 400]);
    expect([tags.get("mlflow.user"), tags.get("mlflow.source.git.commit"), tags.get("churnkit.data_hash")]).toEqual([
      "ada",
      "0123456789abcdef",
      artifact.provenance.dataHash,
    ]);
    expect(asMap((await runOf((await versionOf("shown.sample", 2)).run_id)).data.tags).get("churnkit.parent")).toBe(
      "1",
    );
    // Another process, without what this one remembers.
    expect(await empty({ prefix: "shown.", experiment: "shown" }).list()).toEqual(await registry.list());
  });

  it("adds a version to a run of MLflow's that is named, and leaves the run to its owner", async () => {
    const { experiment_id } = await ask<{ experiment_id: string }>("experiments/create", "POST", { name: "training" });
    const { run } = await ask<{ run: Run }>("runs/create", "POST", {
      experiment_id,
      run_name: "night 7",
      start_time: 1,
    });
    const id = run.info.run_id;
    await ask("runs/log-batch", "POST", {
      run_id: id,
      params: [
        { key: "seed", value: "other" },
        { key: "mine", value: "1" },
      ],
    });
    const registry = empty({ prefix: "runs." });
    await registry.register(model(0), { run: { runId: id } });
    await registry.register(model(1), { run: { runId: id } });
    const params = asMap((await runOf(id)).data.params);
    expect([params.get("seed"), params.get("mine"), params.get("learner")]).toEqual(["other", "1", "sample"]);
    expect((await runOf(id)).info).toMatchObject({ status: "RUNNING", run_name: "night 7" });
    await registry.remove(1);
    expect((await runOf(id)).info.lifecycle_stage).toBe("active");
    expect((await registry.load(2)).version.lineage.runId).toBe(id);
    expect((await registry.verify()).problems).toEqual([]);
  });

  it("removes a version's files and its run with it", async () => {
    const registry = empty({ prefix: "gone." });
    await registry.register(model(0));
    const { run_id, source } = await versionOf("gone.sample", 1);
    const file = `${server.url}/api/2.0/mlflow-artifacts/artifacts/${source.replace("mlflow-artifacts:/", "")}/bundle/manifest.json`;
    const status = async (): Promise<number> => {
      const response = await fetch(file);
      await response.body?.cancel();
      return response.status;
    };
    expect(await status()).toBe(200);
    await registry.remove(1);
    expect(await status()).toBe(404);
    expect((await runOf(run_id)).info.lifecycle_stage).toBe("deleted");
    await expect(versionOf("gone.sample", 1)).rejects.toThrow(/404/);
  });

  it("carries files of many parts, from one server's version to another", async () => {
    const files = await toBundleFiles(await sampleArtifact({ networks: 3 }));
    const registry = empty();
    await registry.register(files);
    const copy = empty();
    await copy.restore(await registry.snapshot());
    const { scorer } = await copy.load(1);
    expect(scorer.score(sampleTable(10))).toEqual((await openBundle(files)).scorer.score(sampleTable(10)));
  });

  it("says what MLflow says, where it refuses", async () => {
    const registry = empty({ experiment: "x".repeat(600), retries: 0 });
    await expect(registry.register(model(0))).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringMatching(/refused .*experiment.*exceeds the maximum length/i) as string,
    });
    const { experiment_id } = await ask<{ experiment_id: string }>("experiments/create", "POST", { name: "binned" });
    await ask("experiments/delete", "POST", { experiment_id });
    await expect(empty({ experiment: "binned" }).register(model(0))).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringMatching(/active/) as string,
    });
  });

  const kinds: readonly Fault[] = ["throttle", "error", "error-after", "reset", "lost", "slow", "truncated", "timeout"];

  it.each([1])(
    "loses nothing and doubles nothing behind a connection where one call in six fails (seed %i)",
    async (seed) => {
      const proxy = await startFaultyProxy(server.url, seededFaults(seed, 1 / 6, kinds));
      try {
        const shaky = empty({
          trackingUri: proxy.url,
          prefix: `shaky-${seed}.`,
          timeoutMs: 1_000,
          retries: 12,
          ledger: memoryStore(),
        });
        for (const i of [0, 1, 2])
          expect(await shaky.register(model(i))).toMatchObject({ created: true, version: { number: i + 1 } });
        for (const number of [1, 2, 3]) await shaky.promote(number, "champion");
        await shaky.setStatus(2, "approved");
        expect(await shaky.rollback("champion")).toMatchObject({ to: 2 });
        await shaky.remove(1);
        await shaky.load("champion");
        expect((await shaky.verify()).problems).toEqual([]);
        expect(proxy.applied.size).toBeGreaterThan(4);
      } finally {
        await proxy.stop();
      }
      const calm = empty({ prefix: `shaky-${seed}.` });
      expect((await calm.list()).map(({ number, status }) => [number, status])).toEqual([
        [3, "quarantined"],
        [2, "approved"],
      ]);
      expect((await calm.get("champion")).number).toBe(2);
    },
  );
});
