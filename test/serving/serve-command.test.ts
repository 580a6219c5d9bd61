import { execFileSync, spawn } from "node:child_process";
import { get } from "node:https";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { filesStore } from "../../src/io/store/files/files-store.js";
import { saveBundle } from "../../src/model/bundle/save.js";
import { compile } from "../../src/model/scoring/compile.js";
import { storeRegistry } from "../../src/registry/backends/store/store-registry.js";
import { listen } from "../../src/serving/hosts/node/node-server.js";
import { json } from "../../src/serving/http.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";
import { newFolder } from "../helpers/folder.js";
import { pause, postText, rawConnection } from "./raw.js";

const cli = resolve(import.meta.dirname, "../../dist/cli.js");
const ends = new Set<() => void>();

/** Runs `churnkit serve` of the built package. */
function serve(...args: readonly string[]) {
  const child = spawn(process.execPath, [cli, "serve", ...args], { stdio: ["pipe", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stderr.on("data", (data: Buffer) => (err += data.toString()));
  const line = new Promise<string>((read) => {
    child.stdout.on("data", (data: Buffer) => {
      out += data.toString();
      if (out.includes("\n")) read(out.slice(0, out.indexOf("\n")));
    });
  });
  const ended = new Promise<{ code: number | null; out: string; err: string }>((done) => {
    child.once("close", (code) => done({ code, out, err }));
  });
  ends.add(() => child.kill("SIGKILL"));
  const ready = Promise.race([line, ended.then(({ err: why }) => Promise.reject(new Error(`serve ended: ${why}`)))]);
  ready.catch(() => undefined);
  return { child, ended, ready };
}

describe("churnkit serve", () => {
  let folder: string;
  let bundle: string;
  beforeAll(async () => {
    folder = newFolder();
    bundle = join(folder, "model");
    await saveBundle(await sampleArtifact({ networks: 1 }), bundle);
  });
  afterEach(() => {
    for (const end of ends) end();
    ends.clear();
  });

  it("serves what an alias of a registry points to, and its copy when the registry is gone", async () => {
    const [store, copies] = [join(folder, "registry"), join(folder, "copies")];
    const registry = storeRegistry(filesStore(store), { name: "churn" });
    await registry.register(await sampleArtifact({ networks: 0 }));
    await registry.promote(1, "champion");
    const args = ["champion", "--store", store, "--copies", copies, "--port", "0", "--json"];
    const health = async (): Promise<unknown> => {
      const { child, ended, ready } = serve(...args);
      const { url } = JSON.parse(await ready) as { url: string };
      const answer: unknown = await (await fetch(`${url}/health`)).json();
      child.kill("SIGTERM");
      await ended;
      return answer;
    };
    expect(await health()).toMatchObject({ model_name: "churn", model_version: "1.0.0", model_source: "registry" });
    writeFileSync(join(store, "churn", "index.json"), "torn");
    expect(await health()).toMatchObject({ model_name: "churn", model_version: "1.0.0", model_source: "local-copy" });
  });

  it("asks for keys that are rotated while it runs, limits, logs and caches, by options and a configuration", async () => {
    const [keys, config] = [join(folder, "keys.json"), join(folder, "serve.json")];
    const make = (name: string, scope: string): string =>
      execFileSync(process.execPath, [cli, "keys", "create", name, "--scope", scope, "--file", keys], {
        encoding: "utf8",
      }).trim();
    const old = make("old", "predict");
    expect(old).toMatch(/^ck_[\w-]{32}$/);
    expect([statSync(keys).mode & 0o777, readFileSync(keys, "utf8").includes(old)]).toEqual([0o600, false]);
    writeFileSync(
      config,
      JSON.stringify({ port: 1, host: "127.0.0.1", rateLimit: "1/h", maxInFlight: 50, log: true, cache: true }),
    );
    const options = ["--config", config, "--keys", keys, "--rate-limit", "500/h", "--cors", "https://a.example.com"];
    const { child, ended, ready } = serve(bundle, "--port", "0", "--json", ...options);
    const { url } = JSON.parse(await ready) as { url: string };
    const ask = (key: string): Promise<Response> =>
      fetch(`${url}/predict`, {
        method: "POST",
        headers: { "x-api-key": key, origin: "https://a.example.com", "x-request-id": "r1" },
        body: JSON.stringify(sampleRecords(1)[0]),
      });
    const first = await ask(old);
    expect(first.status).toBe(200);
    expect([first.headers.get("access-control-allow-origin"), first.headers.get("x-request-id")]).toEqual([
      "https://a.example.com",
      "r1",
    ]);
    expect(first.headers.get("ratelimit-policy")).toBe('"default";q=500;w=3600');
    const second = await ask(old);
    const scoreIn = async (response: Response): Promise<unknown> =>
      ((await response.json()) as { probability: number }).probability;
    expect(await scoreIn(second)).toBe(await scoreIn(first));
    expect((await fetch(`${url}/metrics`, { headers: { "x-api-key": old } })).status).toBe(403);
    const next = make("next", "predict,metrics");
    await expect.poll(async () => (await ask(next)).status, { timeout: 10_000 }).toBe(200);
    execFileSync(process.execPath, [cli, "keys", "revoke", "old", "--file", keys]);
    await expect.poll(async () => (await ask(old)).status, { timeout: 10_000 }).toBe(401);
    writeFileSync(keys, "{");
    await pause(1500);
    expect((await ask(next)).status).toBe(200);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    child.kill("SIGTERM");
    const { out, err } = await ended;
    expect(err).toMatch(/the former keys stay: .*keys\.json/);
    const lines = out.trim().split("\n").slice(1);
    expect(lines.map((line) => JSON.parse(line) as unknown)[0]).toMatchObject({
      req: { id: "r1" },
      res: { statusCode: 200 },
      key: "old",
    });
    expect(out).not.toContain(next);
  });

  it.each([
    ['{"rateLimits":"1/s"}', "rateLimits"],
    ['{"rateLimit":"1"}', "$.rateLimit"],
    ['{"cache":{"size":1}}', "size"],
    ["[]", "an object"],
  ])("refuses the configuration %s", async (text, named) => {
    const config = join(folder, "wrong.json");
    writeFileSync(config, text);
    const { ended, ready } = serve(bundle, "--port", "0", "--config", config);
    await expect(ready).rejects.toThrow(named);
    expect((await ended).code).toBe(2);
  });

  it("warns where others can reach it and need no key", async () => {
    const warning = async (...args: string[]): Promise<string> => {
      const { child, ended, ready } = serve(bundle, "--port", "0", ...args);
      await ready;
      child.kill("SIGTERM");
      return (await ended).err;
    };
    const keys = join(folder, "no-keys.json");
    writeFileSync(keys, '{"version":1,"keys":[]}');
    expect(await warning("--host", "0.0.0.0")).toContain("--keys");
    expect(await warning("--host", "0.0.0.0", "--keys", keys)).toBe("");
    expect(await warning()).toBe("");
  });

  it("serves several models by name, with a variant and a shadow, and follows a folder", async () => {
    const store = join(folder, "several");
    const registry = storeRegistry(filesStore(store), { name: "churn" });
    for (const seed of [1, 2, 3]) await registry.register(await sampleArtifact({ networks: 0, seed }));
    await registry.promote(1, "champion");
    await registry.promote(2, "challenger");
    const words = ["churn@champion", "churn@3"];
    const traffic = ["--variant", "challenger=1", "--split-by", "plan", "--shadow", "3"];
    // Two models of one name cannot be told apart.
    const twice = await serve(...words, "--store", store, "--port", "0").ended;
    expect([twice.code, twice.err]).toEqual([2, expect.stringContaining("Two models are named churn") as string]);
    const { ready, ended, child } = serve("churn@champion", ...traffic, "--store", store, "--port", "0", "--json");
    const { url } = JSON.parse(await ready) as { url: string };
    const body = JSON.stringify(sampleRecords(1)[0]);
    const answer: unknown = await (await fetch(`${url}/predict`, { method: "POST", body })).json();
    expect(answer).toMatchObject({ model_version: "1.1.0", model_variant: "challenger" });
    expect(await (await fetch(`${url}/models`)).json()).toMatchObject({
      models: [{ model_name: "churn", variants: [{ ref: "champion" }, { ref: "challenger", weight: 1 }] }],
    });
    child.kill("SIGTERM");
    await ended;

    const [one, two] = [join(folder, "one"), join(folder, "two")];
    await saveBundle(await sampleArtifact({ networks: 0, seed: 1 }), one);
    await saveBundle(await sampleArtifact({ networks: 0, seed: 2 }), two);
    const both = serve(one, two, "--watch", "0.05", "--monitor", "1", "--port", "0", "--json");
    const { url: at } = JSON.parse(await both.ready) as { url: string };
    const versionOf = async (name: string): Promise<unknown> =>
      ((await (await fetch(`${at}/models/${name}`)).json()) as { model_version: string }).model_version;
    const [before, other] = [await versionOf("one"), await versionOf("two")];
    expect(before).not.toBe(other);
    await saveBundle(await sampleArtifact({ networks: 0, seed: 2 }), one);
    while ((await versionOf("one")) !== other) await new Promise((later) => setTimeout(later, 20));
    both.child.kill("SIGTERM");
    expect((await both.ended).err).toContain(`one ${String(other)} is on duty, after ${String(before)}`);
  });

  it("watches itself, captures, and goes on from its state after a restart", async () => {
    const [captured, state] = [join(folder, "captured.jsonl"), join(folder, "state.json")];
    const errorsAfter = async (requests: number): Promise<string> => {
      const { child, ended, ready } = serve(
        bundle,
        "--port",
        "0",
        "--json",
        "--monitor",
        "1",
        "--capture",
        captured,
        "--monitor-state",
        state,
      );
      const { url } = JSON.parse(await ready) as { url: string };
      for (let i = 0; i < requests; i++)
        await (await fetch(`${url}/predict`, { method: "POST", body: JSON.stringify(sampleRecords(1)[0]) })).text();
      child.kill("SIGTERM");
      return (await ended).err;
    };
    const rowsKept = (): number => {
      const { periods } = JSON.parse(readFileSync(state, "utf8")) as { periods: { tally: { rows: number } }[] };
      return periods.reduce((sum, { tally }) => sum + tally.rows, 0);
    };
    expect(await errorsAfter(3)).not.toContain("start over");
    expect(rowsKept()).toBe(3);
    expect(readFileSync(captured, "utf8").trimEnd().split("\n")).toHaveLength(3);
    expect(await errorsAfter(2)).not.toContain("start over");
    expect(rowsKept()).toBe(5);
    writeFileSync(state, "{torn");
    expect(await errorsAfter(1)).toContain("the monitors start over");
    expect(rowsKept()).toBe(1);
  });

  it("takes its port from the environment, and speaks HTTPS as well with a certificate", async () => {
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    const made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost";
    execFileSync("openssl", [...made.split(" "), "-keyout", key, "-out", cert], { stdio: "ignore" });
    process.env["PORT"] = "0";
    const { child, ended, ready } = serve(bundle, "--tls-cert", cert, "--tls-key", key, "--tls-port", "0", "--json");
    delete process.env["PORT"];
    const { port, tlsUrl } = JSON.parse(await ready) as { port: number; tlsUrl: string };
    expect(port).not.toBe(8080);
    const status = await new Promise((resolve, reject) => {
      get(
        `${tlsUrl}/live`,
        { ca: readFileSync(cert), servername: "localhost", checkServerIdentity: () => undefined },
        (answer) => resolve(answer.resume().statusCode),
      ).once("error", reject);
    });
    expect(status).toBe(200);
    child.kill("SIGTERM");
    expect((await ended).code).toBe(0);
    const half = serve(bundle, "--port", "0", "--tls-cert", cert);
    expect(await half.ended).toMatchObject({ code: 2, err: expect.stringContaining("--tls-key") as string });
  });

  it("begins without a model, and loads those of a folder on demand", async () => {
    const { child, ended, ready } = serve("--on-demand", folder, "--port", "0", "--json");
    const { url } = JSON.parse(await ready) as { url: string };
    const send = async (path: string, body: unknown): Promise<number> =>
      (await fetch(`${url}${path}`, { method: "POST", body: JSON.stringify(body) })).status;
    expect(await send("/predict", sampleRecords(1)[0])).toBe(503);
    expect(await send("/models", { model_name: "a", url: "/etc" })).toBe(400);
    expect(await send("/models", { model_name: "a", url: bundle })).toBe(200);
    expect(await send("/models/a/predict", sampleRecords(1)[0])).toBe(200);
    child.kill("SIGTERM");
    expect((await ended).code).toBe(0);
    const both = serve(bundle, "--on-demand", folder, "--port", "0");
    expect(await both.ended).toMatchObject({ code: 2, err: expect.stringContaining("--on-demand") as string });
    const none = serve("--port", "0");
    expect(await none.ended).toMatchObject({ code: 2, err: expect.stringContaining("Name a model") as string });
  });

  it("prints its address as one line of JSON, serves the bundle's scores, and ends on SIGTERM within a second", async () => {
    const { child, ended, ready } = serve(bundle, "--port", "0", "--grpc-port", "0", "--json");
    const { url, port, grpcPort, name, version } = JSON.parse(await ready) as {
      url: string;
      port: number;
      grpcPort: number;
      name: string;
      version: string;
    };
    expect(url).toBe(`http://127.0.0.1:${port}`);
    expect(name).toBe("sample");
    expect(version).toMatch(/^[0-9a-f]{12}$/);
    const [record] = sampleRecords(1);
    const answer = (await (
      await fetch(`${url}/predict`, { method: "POST", body: JSON.stringify(record) })
    ).json()) as Record<string, unknown>;
    const { probability, label } = (await compile(await sampleArtifact({ networks: 1 }))).scoreRecord(record);
    expect(answer).toMatchObject({ probability, prediction: label, model_version: version, model_source: "local" });
    const explained = await fetch(`${url}/predict?explain=2`, { method: "POST", body: JSON.stringify(record) });
    expect(((await explained.json()) as { reasons: unknown[] }).reasons).toHaveLength(2);
    expect((await rawConnection(grpcPort)).error()).toBeUndefined();
    // One connection has served a request, one has sent nothing, as browsers open them.
    const used = await rawConnection(port, postText("/predict", "{}"));
    await used.until((text) => text.endsWith("}"));
    await rawConnection(port);
    const begin = performance.now();
    child.kill("SIGTERM");
    const { code, out, err } = await ended;
    expect(performance.now() - begin).toBeLessThan(1000);
    expect(code).toBe(0);
    expect(out.split("\n")).toHaveLength(2);
    expect(err).toBe("");
  });

  it("ends on SIGINT as well, even one sent the moment the address is there", async () => {
    const { child, ended, ready } = serve(bundle, "--port=0", "--name=my model", "--model-version=v 1");
    expect(await ready).toMatch(/^serving my model v 1 at http:\/\/127\.0\.0\.1:\d+ /);
    child.kill("SIGINT");
    expect((await ended).code).toBe(0);
  });

  it("finishes a request under way before it ends", async () => {
    const { child, ended, ready } = serve(bundle, "--port=0", "--json");
    const { port } = JSON.parse(await ready) as { port: number };
    const request = postText("/predict", JSON.stringify(sampleRecords(1)[0]));
    const under = await rawConnection(port, request.slice(0, -5));
    // The answer to another request tells that the server has read the first one's head.
    await fetch(`http://127.0.0.1:${port}/health`).then((response) => response.text());
    child.kill("SIGTERM");
    await new Promise((later) => setTimeout(later, 200));
    under.socket.write(request.slice(-5));
    expect(await under.ended).toMatch(/^HTTP\/1\.1 200 /);
    expect((await ended).code).toBe(0);
  });

  it("ends with its standard input where it is told to, and only there", async () => {
    const bound = serve(bundle, "--port=0", "--json", "--stop-with-stdin");
    const free = serve(bundle, "--port=0", "--json");
    const { url } = JSON.parse(await free.ready) as { url: string };
    await bound.ready;
    free.child.stdin.end();
    bound.child.stdin.end();
    expect((await bound.ended).code).toBe(0);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });

  it("exits 2 with one line where it cannot serve", async () => {
    const empty = join(folder, "empty");
    const broken = join(folder, "broken");
    mkdirSync(empty);
    await saveBundle(await sampleArtifact({ networks: 0 }), broken);
    writeFileSync(join(broken, "contract.json"), "{}");
    const text = join(folder, "model.tar.gz");
    writeFileSync(text, "not an archive");
    const busy = await listen(() => Promise.resolve(json(200, {})), { port: 0 });
    const refused = await Promise.all(
      [
        [join(folder, "missing"), "--port=0"],
        [empty, "--port=0"],
        [broken, "--port=0"],
        [text, "--port=0"],
        [bundle, `--port=${busy.port}`],
      ].map((args) => serve(...args, "--json").ended),
    );
    await busy.close();
    const codes = ["BUNDLE_NOT_FOUND", "BUNDLE_NOT_FOUND", "BUNDLE_CORRUPT", "BUNDLE_CORRUPT", "IO_FAILED"];
    refused.forEach(({ code, out, err }, i) => {
      expect(out).toBe("");
      expect(err).toMatch(new RegExp(`^churnkit: [^\\n]+ \\[${codes[i] ?? ""}\\]\\n$`));
      expect(code).toBe(2);
    });
  });

  it("ends where a second port is taken, instead of serving from the first alone", async () => {
    const busy = await listen(() => Promise.resolve(json(200, {})), { port: 0 });
    const { code, out, err } = await serve(bundle, "--port=0", `--grpc-port=${busy.port}`, "--json").ended;
    await busy.close();
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(/^churnkit: Port \d+ on [^\n]+ \[IO_FAILED\]\n$/m);
  });

  it.each(["65536", "-1", "1.5", "", "0x50", "1e3", "http"])("refuses the port %j", async (port) => {
    const { code, err } = await serve(bundle, `--port=${port}`).ended;
    expect(code).toBe(2);
    expect(err).toContain("whole number from 0 to 65535");
    expect(err).not.toMatch(/^ +at /m);
  });
});
