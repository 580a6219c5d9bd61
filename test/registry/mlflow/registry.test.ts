import { beforeAll, describe, expect, it } from "vitest";
import { memoryStore } from "../../../src/io/store/memory-store.js";
import type { Artifact } from "../../../src/model/artifact.js";
import { toBundleFiles } from "../../../src/model/bundle/format.js";
import { sourceOfFiles } from "../../../src/model/bundle/source.js";
import type { MlflowRegistryOptions } from "../../../src/registry/backends/mlflow/mlflow-registry.js";
import { mlflowRegistry } from "../../../src/registry/backends/mlflow/index.js";
import type { ModelRegistry } from "../../../src/registry/registry.js";
import { sampleArtifact } from "../../helpers/artifact.js";
import { hashed } from "../../helpers/files.js";
import { fakeMlflow, type FakeMlflow } from "./fake-mlflow.js";

let models: Artifact[];
beforeAll(async () => {
  const base = await sampleArtifact({ networks: 0 });
  models = [0, 1, 2, 3].map((i) => ({ ...base, decision: { threshold: i / 10, rule: "given" } }));
});
const model = (i: number): Artifact => models[i] as Artifact;

const open = (server: Pick<FakeMlflow, "fetch">, options: Partial<MlflowRegistryOptions> = {}): ModelRegistry =>
  mlflowRegistry({ name: "sample", trackingUri: "http://mlflow.test", fetch: server.fetch, ...options });
const numbers = async (registry: ModelRegistry): Promise<number[]> =>
  (await registry.list()).map(({ number }) => number);

/** What a call is about, and its body. */
type Call = { readonly method: string; readonly path: string; readonly init: RequestInit };

/** Does something around the calls to a server; the real call is made by `next`. */
const around = (
  server: FakeMlflow,
  change: (call: Call, next: () => Promise<Response>) => Promise<Response>,
): Pick<FakeMlflow, "fetch"> => ({
  fetch: (input, init = {}) =>
    change({ method: init.method ?? "GET", path: new URL(input as string).pathname, init }, () =>
      server.fetch(input, init),
    ),
});

/** Lets the first calls of two clients to a place go on only when both have come. */
function meeting(path: string): (call: Call, next: () => Promise<Response>) => Promise<Response> {
  let waiting: (() => void)[] = [];
  let met = false;
  return async (call, next) => {
    if (!met && call.path.endsWith(path)) {
      await new Promise<void>((done) => {
        waiting.push(done);
        if (waiting.length < 2) return;
        met = true;
        for (const go of waiting) go();
        waiting = [];
      });
    }
    return next();
  };
}

describe("two who register at once in MLflow", () => {
  it.each([false, true])("make one version of one model (ledger: %s)", async (ledger) => {
    const server = fakeMlflow();
    const shared = around(server, meeting("/model-versions/create"));
    const store = memoryStore();
    const options = ledger ? { ledger: store } : {};
    const settled = await Promise.allSettled(
      [open(shared, options), open(shared, options)].map((registry) => registry.register(model(0))),
    );
    const registry = open(server, options);
    expect(await numbers(registry)).toEqual([1]);
    expect([...(server.models.get("sample")?.versions.keys() ?? [])]).toEqual([1]);
    await registry.load(1);
    const failed = settled.filter(({ status }) => status === "rejected");
    if (!ledger) expect(failed).toMatchObject([{ reason: { code: "STORE_CONFLICT" } }]);
    else {
      expect(failed).toEqual([]);
      expect((await registry.verify()).problems).toEqual([]);
    }
  });

  it("number two models one after the other", async () => {
    const server = fakeMlflow();
    const store = memoryStore();
    await open(server, { ledger: store }).register(model(0));
    const shared = around(server, meeting("/model-versions/create"));
    await Promise.all([1, 2].map((i) => open(shared, { ledger: store }).register(model(i))));
    const registry = open(server, { ledger: store });
    expect((await registry.list()).map(({ semver }) => semver)).toEqual(["1.0.2", "1.0.1", "1.0.0"]);
    expect((await registry.verify()).problems).toEqual([]);
  });
});

describe("two who promote at once in MLflow", () => {
  const raced = async (
    options: Partial<MlflowRegistryOptions>,
  ): Promise<{ results: PromiseSettledResult<unknown>[]; registry: ModelRegistry }> => {
    const server = fakeMlflow();
    const registry = open(server, options);
    for (const i of [0, 1, 2]) await registry.register(model(i));
    await registry.promote(1, "champion");
    const shared = around(server, meeting("/registered-models/set-tag"));
    const results = await Promise.allSettled(
      [2, 3].map((number) => open(shared, options).promote(number, "champion", { expected: 1 })),
    );
    return { results, registry };
  };

  it("without a ledger: one of them at least hears of it", async () => {
    const { results, registry } = await raced({});
    expect(results.filter(({ status }) => status === "rejected").length).toBeGreaterThan(0);
    for (const result of results)
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "STORE_CONFLICT" });
    expect([2, 3]).toContain((await registry.get("champion")).number);
  });

  it("with a ledger: one is promoted, the other refused, and the history says so", async () => {
    const { results, registry } = await raced({ ledger: memoryStore() });
    const promoted = results.map((result) =>
      result.status === "fulfilled" ? (result.value as { promoted: boolean }).promoted : String(result.reason),
    );
    expect(promoted.sort()).toEqual([false, true]);
    const [last, before] = await registry.history({ limit: 2 });
    expect([last?.action, before?.action].sort()).toEqual(["promote", "refuse"]);
    expect((await registry.verify()).problems).toEqual([]);
  });
});

describe("files of versions in MLflow", () => {
  const big = async (): Promise<{ files: Map<string, Uint8Array>; server: FakeMlflow }> => {
    const server = fakeMlflow();
    const files = await toBundleFiles(await sampleArtifact({ networks: 1 }));
    await open(server).register(files);
    return { files, server };
  };

  it.each(["with ranges", "without ranges"])("are taken up again where a download breaks off, %s", async (ranges) => {
    const { files, server } = await big();
    const broken = new Set<string>();
    const shaky = around(server, async ({ method, path }, next) => {
      const isFile = method === "GET" && path.includes("/bundle/");
      const real =
        isFile && ranges === "without ranges" ? await server.fetch(`http://mlflow.test${path}`) : await next();
      if (!isFile || broken.has(path)) return real;
      broken.add(path);
      const bytes = new Uint8Array(await real.arrayBuffer());
      const half = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(bytes.slice(0, bytes.length >> 1)),
        pull: (controller) => controller.error(new TypeError("terminated")),
      });
      return new Response(half, { headers: real.headers });
    });
    expect(hashed(await open(shaky).download(1))).toEqual(hashed(files));
    expect(broken.size).toBe(files.size);
  });

  it("that were changed are noticed, whichever it is", async () => {
    const { server } = await big();
    for (const [path, bytes] of [...server.artifacts]) {
      for (const changed of [bytes.map((byte, i) => (i === 5 ? byte ^ 1 : byte)), bytes.slice(0, -1), undefined]) {
        if (changed === undefined) server.artifacts.delete(path);
        else server.artifacts.set(path, changed);
        const audit = await open(server).verify();
        expect(
          audit.problems.map(({ where }) => where),
          path,
        ).toContain("version 1");
        server.artifacts.set(path, bytes);
      }
    }
    expect((await open(server).verify()).problems).toEqual([]);
  });

  it("that are wrong at their source make no version, and say so themselves", async () => {
    const server = fakeMlflow();
    const source = await sourceOfFiles(await toBundleFiles(model(0)));
    const wrong = new Error("the disk is gone");
    const failing = {
      manifest: source.manifest,
      // Read well when the bundle is looked at, and not when it is sent.
      read: (path: string) =>
        server.runs.size > 0 && path === "baseline.json" ? failingAfterAByte(wrong) : source.read(path),
    };
    await expect(open(server).register(failing)).rejects.toBe(wrong);
    expect([...server.runs.values()].map(({ status }) => status)).toEqual(["FAILED"]);
    expect(await open(server).list()).toEqual([]);
  });

  it.each([
    "mlflow-artifacts://evil.example/1/x",
    "s3://bucket/x",
    "mlflow-artifacts:/1/../../x",
    "file:///etc",
    "mlflow-artifacts:/",
  ])("are not looked for at %s", async (source) => {
    const server = fakeMlflow();
    await open(server).register(model(0));
    const asked: string[] = [];
    const moved = around(server, async ({ path }, next) => {
      asked.push(path);
      const answer = await next();
      return path.endsWith("/search")
        ? new Response((await answer.text()).replace(/"source":"[^"]*"/, `"source":"${source}"`))
        : answer;
    });
    await expect(open(moved).load(1)).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringContaining("not reachable through the server") as string,
    });
    expect(asked.filter((path) => path.includes("artifacts/"))).toEqual([]);
  });
});

async function* failingAfterAByte(error: Error): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new Uint8Array(1));
  throw error;
}

describe("what others do in MLflow", () => {
  it("is no version where churnkit registered none", async () => {
    const server = fakeMlflow();
    const registry = open(server);
    await registry.register(model(0));
    const call = (path: string, body: object): Promise<Response> =>
      server.fetch(`http://mlflow.test/api/2.0/mlflow/${path}`, { method: "POST", body: JSON.stringify(body) });
    await call("model-versions/create", { name: "sample", source: "s3://x", run_id: "", description: "somebody's" });
    await registry.register(model(1));
    expect(await numbers(registry)).toEqual([3, 1]);
    await expect(registry.get(2)).rejects.toMatchObject({ code: "REGISTRY_NOT_FOUND" });
    await call("registered-models/alias", { name: "sample", alias: "champion", version: "2" });
    await expect(registry.get("champion")).rejects.toMatchObject({ code: "REGISTRY_NOT_FOUND" });
    expect(await registry.promote(3, "champion")).toMatchObject({ promoted: true, previous: 2 });
  });

  it("is written down, with a ledger, before the next change", async () => {
    const server = fakeMlflow();
    const before = open(server);
    await before.register(model(0));
    await before.register(model(1));
    await before.promote(1, "champion");
    await before.setStatus(2, "approved");
    // A ledger is begun only now.
    const registry = open(server, { ledger: memoryStore() });
    await registry.promote(2, "champion");
    expect((await registry.history()).map(({ action, version }) => `${action} ${version}`)).toEqual([
      "promote 2",
      "promote 1",
      "register 2",
      "register 1",
    ]);
    const version = server.models.get("sample")?.versions.get(1);
    if (version) version.stage = "Archived";
    server.models.get("sample")?.aliases.set("champion", 1);
    expect((await registry.verify()).sound).toBe(false);
    await registry.annotate(1, { description: "old" });
    expect(server.models.get("sample")?.aliases.get("champion")).toBe(2);
    expect((await registry.history({ limit: 2 })).map(({ action, by }) => [action, by])).toEqual([
      ["annotate", "unknown"],
      ["stage", "unknown"],
    ]);
    expect((await registry.verify()).problems).toEqual([]);
    expect(await registry.rollback("champion")).toMatchObject({ to: 1 });
  });

  it.each(["churnkit.status_note", "churnkit.semver", "churnkit.format"])(
    "is named where it spoils the tag %s",
    async (tag) => {
      const server = fakeMlflow();
      const registry = open(server);
      await registry.register(model(0));
      server.models.get("sample")?.versions.get(1)?.tags.set(tag, "{");
      await expect(registry.get(1)).rejects.toMatchObject({
        code: "REGISTRY_CORRUPT",
        message: expect.stringMatching(/version 1|version\.json/) as string,
      });
    },
  );

  it("leaves gaps that a copy keeps", async () => {
    const registry = open(fakeMlflow());
    for (const i of [0, 1, 2]) await registry.register(model(i));
    await registry.promote(3, "champion");
    for (const number of [1, 2]) await registry.remove(number);
    await registry.register(model(3));
    await registry.remove(4);
    await registry.register(model(1));
    await registry.setStage(5, "Staging");
    const copy = open(fakeMlflow());
    await copy.restore(await registry.snapshot());
    expect(await copy.list()).toEqual(await registry.list());
    expect(await numbers(copy)).toEqual([5, 3]);
    await copy.restore(await registry.snapshot());
    expect(await numbers(copy)).toEqual([5, 3]);
  });
});
