import { beforeAll, describe, expect, it } from "vitest";
import { ChurnkitError } from "../../src/base/errors.js";
import { memoryStore } from "../../src/io/store/memory-store.js";
import type { ObjectStore } from "../../src/io/store/object-store.js";
import { readArtifact } from "../../src/jobs/artifacts.js";
import { defineJob, type Job } from "../../src/jobs/job.js";
import { runPipeline, type PipelineRun } from "../../src/jobs/run.js";
import { storeRegistry } from "../../src/registry/backends/store/store-registry.js";
import { everyCall, failing, typedEnd } from "../helpers/faults.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const statuses = ({ steps }: PipelineRun): string => steps.map(({ id, status }) => `${id} ${status}`).join(", ");

/** Jobs that count how often they run. */
function countedJobs(): { readonly jobs: Job[]; readonly runs: Map<string, number> } {
  const runs = new Map<string, number>();
  const ran = (name: string): void => void runs.set(name, (runs.get(name) ?? 0) + 1);
  const read = defineJob({
    name: "read",
    version: "1",
    inputs: { file: "file" },
    outputs: { number: "json" },
    params: () => null,
    run: ({ inputs }) => {
      ran("read");
      return Promise.resolve({ number: { value: Number(new TextDecoder().decode(inputs.file)) } });
    },
  });
  const add = defineJob({
    name: "add",
    version: "1",
    inputs: { number: "json", other: "json?" },
    outputs: { number: "json" },
    params: (json) => ({ by: Number(json.get("by").value ?? 1) }),
    run: ({ inputs: { number, other }, params: { by } }) => {
      ran("add");
      const sum = [number, other].reduce<number>(
        (total, each) => total + ((each as { value?: number })?.value ?? 0),
        by,
      );
      return Promise.resolve({ number: { value: sum } });
    },
  });
  const publish = defineJob({
    name: "publish",
    version: "1",
    inputs: { number: "json" },
    outputs: { key: "json" },
    params: () => null,
    effect: "registry",
    run: ({ key }) => {
      ran("publish");
      return Promise.resolve({ key });
    },
  });
  return { jobs: [read, add, publish], runs };
}

const registry = storeRegistry(memoryStore(), { name: "numbers" });
const inputs = { number: bytes("40") };
const sums = {
  inputs: { number: "file" },
  steps: [
    { id: "read", job: "read", inputs: { file: "input.number" } },
    { id: "one", job: "add", inputs: { number: "read.number" } },
    { id: "two", job: "add", params: { by: 2 }, inputs: { number: "read.number", other: "one.number" } },
    { id: "publish", job: "publish", inputs: { number: "two.number" } },
  ],
};

describe("runPipeline", () => {
  it("runs steps once, and those with effects every time", async () => {
    const { jobs, runs } = countedJobs();
    const store = memoryStore();
    const first = await runPipeline(sums, { store, jobs, inputs, registry });
    expect(statuses(first)).toBe("read ran, one ran, two ran, publish ran");
    expect(await readArtifact(store, "json", first.artifacts["two.number"])).toEqual({ value: 83 });
    const second = await runPipeline(sums, { store, jobs, inputs, registry });
    expect(statuses(second)).toBe("read cached, one cached, two cached, publish ran");
    expect(second.artifacts).toEqual(first.artifacts);
    expect(Object.fromEntries(runs)).toEqual({ read: 1, add: 2, publish: 2 });
    const others = await runPipeline(sums, { store: memoryStore(), jobs, inputs, registry });
    expect(others.artifacts).toEqual(first.artifacts);
  });

  it("runs again what other params, inputs or versions ask for, and nothing before it", async () => {
    const { jobs } = countedJobs();
    const store = memoryStore();
    await runPipeline(sums, { store, jobs, inputs, registry });
    const [read, one, two, publish] = sums.steps;
    const changed = { ...sums, steps: [read, { ...one, params: { by: 5 } }, two, publish] };
    expect(statuses(await runPipeline(changed, { store, jobs, inputs, registry }))).toBe(
      "read cached, one ran, two ran, publish ran",
    );
    const newer = jobs.map((job): Job => (job.name === "read" ? { ...job, version: "2" } : job));
    // It reads the same number, so all that rests on it is what it was.
    expect(statuses(await runPipeline(sums, { store, jobs: newer, inputs, registry }))).toBe(
      "read ran, one cached, two cached, publish ran",
    );
    const other = { number: bytes("41") };
    expect(statuses(await runPipeline(sums, { store, jobs, inputs: other, registry }))).toBe(
      "read ran, one ran, two ran, publish ran",
    );
  });

  it("makes an artifact again that is gone, and refuses one that was changed", async () => {
    const { jobs } = countedJobs();
    const store = memoryStore();
    const { artifacts } = await runPipeline(sums, { store, jobs, inputs, registry });
    const key = `objects/${artifacts["one.number"]?.sha256}`;
    await store.delete(key);
    expect(statuses(await runPipeline(sums, { store, jobs, inputs, registry }))).toContain("one ran, two cached");
    await store.put(key, bytes('{"value":7}'));
    await store.delete(`objects/${artifacts["two.number"]?.sha256}`);
    await expect(runPipeline(sums, { store, jobs, inputs, registry })).rejects.toMatchObject({
      code: "ARTIFACT_CORRUPT",
      message: expect.stringContaining('step "two"') as string,
    });
  });

  it("skips a step whose condition does not hold, and all that need it", async () => {
    const { jobs } = countedJobs();
    const store = memoryStore();
    const when = (atLeast: number) => ({
      ...sums,
      steps: sums.steps.map((step) =>
        step.id === "two" ? { ...step, when: { step: "one.number", path: "value", atLeast } } : step,
      ),
    });
    expect(statuses(await runPipeline(when(41), { store, jobs, inputs, registry }))).toContain("two ran");
    const run = await runPipeline(when(42), { store, jobs, inputs, registry });
    expect(statuses(run)).toBe("read cached, one cached, two skipped, publish skipped");
    expect(run.artifacts["two.number"]).toBeUndefined();
    const both = (...atLeast: unknown[]) => ({
      ...sums,
      steps: sums.steps.map((step) =>
        step.id === "two"
          ? { ...step, when: atLeast.map((bound) => ({ step: "one.number", path: "value", atLeast: bound })) }
          : step,
      ),
    });
    const isSkippedBelow = async (...atLeast: unknown[]) =>
      statuses(await runPipeline(both(...atLeast), { store, jobs, inputs, registry })).includes("two skipped");
    expect(await isSkippedBelow(41, 40)).toBe(false);
    expect(await isSkippedBelow(41, 42)).toBe(true);
    expect(await isSkippedBelow({ step: "read.number", path: "value" })).toBe(false);
    expect(await isSkippedBelow({ step: "one.number", path: "value" })).toBe(false);
    await expect(readArtifact(store, "json", run.artifacts["two.number"])).rejects.toMatchObject({
      code: "OPTION_INVALID",
    });
    const nowhere = {
      ...sums,
      steps: [...sums.steps.slice(0, 1), { ...sums.steps[1], when: { step: "read.number", path: "a.b", atMost: 1 } }],
    };
    await expect(runPipeline(nowhere, { store, jobs, inputs, registry })).rejects.toThrow(/step "one".*read\.number/);
  });

  it("refuses before anything runs what cannot run", async () => {
    const { jobs, runs } = countedJobs();
    const store = memoryStore();
    const refused = (options: object) => runPipeline(sums, { store, jobs, inputs, registry, ...options });
    await expect(refused({ inputs: {} })).rejects.toThrow(/input number is missing/);
    await expect(refused({ inputs: { ...inputs, more: bytes("1") } })).rejects.toThrow(/no input more; it has number/);
    await expect(refused({ registry: undefined })).rejects.toThrow(/step "publish" needs a registry/);
    expect(runs.size).toBe(0);
    expect(await store.list("")).toEqual([]);
  });

  it("tries again after errors that may pass, and names the step of those that do not", async () => {
    let left = 2;
    const fails = (error: Error, times: number): Job => {
      left = times;
      return {
        ...(countedJobs().jobs[0] as Job),
        run: () => (left-- > 0 ? Promise.reject(error) : Promise.resolve({ number: { value: 1 } })),
      };
    };
    const flow = { inputs: { number: "file" }, steps: [{ ...sums.steps[0], retries: 2 }] };
    const run = (job: Job) => runPipeline(flow, { store: memoryStore(), jobs: [job], inputs });
    expect(statuses(await run(fails(new Error("the wire broke"), 2)))).toBe("read ran");
    await expect(run(fails(new Error("the wire broke"), 3))).rejects.toMatchObject({
      code: "JOB_FAILED",
      message: 'The pipeline\'s step "read" (job read) failed: the wire broke',
    });
    await expect(run(fails(new ChurnkitError("VALUE_INVALID", "No."), 1))).rejects.toMatchObject({
      code: "VALUE_INVALID",
    });
    expect(left).toBe(0);
  });
});

describe("a run that is killed", () => {
  let whole: PipelineRun["artifacts"];
  beforeAll(async () => {
    whole = (await runPipeline(sums, { store: memoryStore(), jobs: countedJobs().jobs, inputs, registry })).artifacts;
  });
  const run = (store: ObjectStore, jobs: Job[]) => runPipeline(sums, { store, jobs, inputs, registry });

  it("at any call of its store is finished by the next, which does again one step at most", async () => {
    for (let at = 1, calls = Infinity; at <= calls; at++) {
      const store = memoryStore();
      const { jobs, runs } = countedJobs();
      const dying = failing(store, at, "rejects", true);
      const error = await typedEnd(run(dying.target, jobs));
      const { artifacts } = await run(store, jobs);
      expect(artifacts, `call ${at}`).toEqual(whole);
      const total = (runs.get("read") ?? 0) + (runs.get("add") ?? 0);
      expect(total, `call ${at}`).toBeLessThanOrEqual(error === undefined ? 3 : 4);
      if (error === undefined) calls = at;
    }
  });

  it("or whose store fails once ends typed or as if nothing had been", async () => {
    await everyCall(
      () => Promise.resolve(memoryStore()),
      async (faulty, sound) => {
        const { jobs } = countedJobs();
        await typedEnd(run(faulty, jobs));
        expect((await run(sound, jobs)).artifacts).toEqual(whole);
      },
    );
  });

  it("and two at once end with the same artifacts", async () => {
    let made = 0;
    const random = defineJob({
      name: "read",
      version: "1",
      inputs: { file: "file" },
      outputs: { number: "json" },
      params: () => null,
      run: () => Promise.resolve({ number: { value: made++ } }),
    });
    const store = memoryStore();
    const flow = { inputs: { number: "file" }, steps: sums.steps.slice(0, 1) };
    const both = await Promise.all([0, 1].map(() => runPipeline(flow, { store, jobs: [random], inputs })));
    expect(made).toBe(2);
    expect(both[0]?.artifacts).toEqual(both[1]?.artifacts);
  });
});
