import { describe, expect, it } from "vitest";
import { memoryStore } from "../../src/io/store/memory-store.js";
import { mlflowTracker } from "../../src/tracking/mlflow/index.js";
import { runTrackerConformance } from "../conformance/run-tracker.js";
import { seededFaults, startFaultyProxy } from "../helpers/faulty-proxy.js";

type Pairs = readonly { readonly key: string; readonly value: unknown }[];
interface Run {
  readonly info: { readonly run_id: string; readonly run_name: string; readonly status: string };
  readonly data: { readonly params?: Pairs; readonly tags: Pairs };
  readonly inputs?: { readonly dataset_inputs?: readonly { readonly dataset: { readonly digest: string } }[] };
}

/** Tests of the tracker against a server that somebody else starts and stops. */
export function trackerInMlflow(url: () => string): void {
  let made = 0;
  const experiment = (): string => `tracker/${++made}`;

  runTrackerConformance("MLflow", () => mlflowTracker({ trackingUri: url(), experiment: experiment() }));

  const search = async (name: string): Promise<Run[]> => {
    const ask = async <T>(path: string, init?: RequestInit): Promise<T> =>
      (await (await fetch(`${url()}/api/2.0/mlflow/${path}`, init)).json()) as T;
    const found = await ask<{ experiment: { experiment_id: string } }>(
      `experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`,
    );
    const body = JSON.stringify({ experiment_ids: [found.experiment.experiment_id] });
    const headers = { "content-type": "application/json" };
    return (await ask<{ runs: Run[] }>("runs/search", { method: "POST", headers, body })).runs;
  };
  const tag = ({ data }: Run, name: string): unknown => data.tags.find(({ key }) => key === name)?.value;

  describe("runs in MLflow", () => {
    it("are what MLflow itself shows: nested, with commit, user and dataset, and no number lost", async () => {
      const name = experiment();
      const tracker = mlflowTracker({ trackingUri: url(), experiment: name });
      const parent = tracker.start({ name: "tuning", tags: { user: "ada", "git.commit": "0123abcd" } });
      const child = parent.start({ name: "trial" });
      child.logInput({ name: "customers", hash: "cd".repeat(32), context: "training" });
      child.logParameters({ depth: 3, text: "x".repeat(600) });
      await child.end("failed");
      await parent.end();
      const runs = await search(name);
      const byName = (wanted: string): Run => runs.find(({ info }) => info.run_name === wanted) as Run;
      expect(tag(byName("tuning"), "mlflow.source.git.commit")).toBe("0123abcd");
      expect(tag(byName("tuning"), "mlflow.user")).toBe("ada");
      const trial = byName("trial");
      expect(tag(trial, "mlflow.parentRunId")).toBe(byName("tuning").info.run_id);
      expect(trial.info.status).toBe("FAILED");
      expect(trial.inputs?.dataset_inputs?.map(({ dataset }) => dataset.digest)).toEqual(["cd".repeat(16)]);
      expect(trial.data.params?.find(({ key }) => key === "depth")?.value).toBe("3");
      const { link } = await tracker.get(child.id);
      expect(link).toMatch(new RegExp(`^${url()}/#/experiments/\\d+/runs/${trial.info.run_id}$`));
      expect((await tracker.get(trial.info.run_id)).id).toBe(child.id);
    });

    it("arrive whole, once and in order through a network that drops, delays and repeats", async () => {
      const name = experiment();
      const proxy = await startFaultyProxy(url(), seededFaults(11, 0.3));
      const spool = memoryStore();
      const shaky = mlflowTracker({ trackingUri: proxy.url, experiment: name, spool, timeoutMs: 300, retries: 0 });
      const run = shaky.start({ name: "shaky" });
      for (let step = 0; step < 1_300; step++) run.logMetrics({ loss: step / 7 }, { step });
      run.logParameters({ depth: 3 });
      await run.logArtifact("a/notes.txt", "hello");
      const { lost } = await run.end();
      expect(lost).toBe(0);
      // The spool knows the place by the proxy's address.
      for (let tries = 0; tries < 40 && (await shaky.sync()).waiting.length > 0; tries++);
      await proxy.stop();
      expect(proxy.applied.size).toBeGreaterThan(2);
      const sound = mlflowTracker({ trackingUri: url(), experiment: name });
      expect(await sound.list()).toMatchObject([{ id: run.id, status: "finished", parameters: { depth: "3" } }]);
      expect((await sound.history(run.id, "loss")).map(({ value }) => value)).toEqual(
        Array.from({ length: 1_300 }, (_, step) => step / 7),
      );
      expect(new TextDecoder().decode(await sound.artifact(run.id, "a/notes.txt"))).toBe("hello");
      expect((await search(name)).length).toBe(1);
    });
  });
}
