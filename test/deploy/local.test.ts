import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { localDeployer } from "../../src/deploy/local.js";
import { saveBundle } from "../../src/model/bundle/save.js";
import { deployerConformance } from "../conformance/deployer.js";
import { sampleArtifact, sampleRecords } from "../helpers/artifact.js";
import { start } from "../helpers/child.js";
import { newFolder } from "../helpers/folder.js";

const folder = newFolder();
const bundles: readonly [string, string] = [join(folder, "first"), join(folder, "second.tar.gz")];
const broken = join(folder, "broken");
const [record] = sampleRecords(1);

beforeAll(async () => {
  for (const [i, path] of bundles.entries()) await saveBundle(await sampleArtifact({ networks: 0, seed: i + 1 }), path);
  await saveBundle(await sampleArtifact({ networks: 0 }), broken);
  writeFileSync(join(broken, "contract.json"), "{}");
});

deployerConformance(
  "local processes",
  () => localDeployer({ drain: 100 }),
  () => ({ bundles, broken, record }),
);

/** Waits until nothing answers at an address any more. */
async function silent(url: string, within: number): Promise<boolean> {
  for (const begin = performance.now(); performance.now() - begin < within;) {
    const answered = await fetch(`${url}/health`).then(
      async (response) => (await response.text()) !== "",
      () => false,
    );
    if (!answered) return true;
    await new Promise((later) => setTimeout(later, 50));
  }
  return false;
}

describe("localDeployer", () => {
  /** A stand-in for the command line that does something else than serving. */
  const fake = (name: string, code: string): string => {
    const path = join(folder, `${name}.mjs`);
    writeFileSync(path, code);
    return path;
  };
  const deployWith = (script: string, timeout = 20_000) =>
    localDeployer({ cli: script, timeout }).deploy({ name: "churn", version: "1", bundle: bundles[0] });
  /** Serves /health with this version at a free port. */
  const healthy = (version: string, extra = ""): string => `
    import { createServer } from "node:http";
    ${extra}
    const server = createServer((request, response) => response.end(JSON.stringify({ status: "ok", model_version: ${JSON.stringify(version)} })));
    server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ url: "http://127.0.0.1:" + server.address().port })));
    process.stdin.on("end", () => process.exit()).resume();`;

  it.each([
    ["never says anything", "setInterval(() => {}, 1000)", /did not become healthy within 500 ms/],
    [
      "never ends its line",
      'process.stdout.write("{"); setInterval(() => {}, 1000)',
      /did not become healthy within 500 ms/,
    ],
    [
      "says something else",
      'console.log("hello"); setInterval(() => {}, 1000)',
      /it printed "hello" instead of its address/,
    ],
    ["says null", 'console.log("null"); setInterval(() => {}, 1000)', /instead of its address/],
    ["says no url", `console.log('{"url": "here"}'); setInterval(() => {}, 1000)`, /instead of its address/],
    ["talks without end", 'setInterval(() => process.stdout.write("x".repeat(1000)), 1)', /instead of its address/],
    ["ends", 'console.error("one\\n  two"); process.exit(3)', /it ended with code 3: one two\)/],
    ["is killed", 'process.kill(process.pid, "SIGKILL")', /it ended with SIGKILL/],
    ["serves another version", healthy("2"), /\/health answered 200 .*"model_version":"2"/],
    ["answers nothing", `console.log('{"url": "http://127.0.0.1:1"}'); setInterval(() => {}, 1000)`, /fetch failed/],
    [
      "accepts and says nothing",
      'import { createServer } from "node:net"; const s = createServer(() => {}).listen(0, "127.0.0.1", () => console.log(JSON.stringify({ url: "http://127.0.0.1:" + s.address().port })))',
      /did not become healthy within 500 ms/,
    ],
  ])("says why when the process %s", async (name, code, reason) => {
    const quick = /500 ms/.test(String(reason));
    const failing = deployWith(fake(name.replaceAll(" ", "-"), code), quick ? 500 : 20_000);
    await expect(failing).rejects.toMatchObject({
      code: "DEPLOY_FAILED",
      message: expect.stringMatching(reason) as unknown,
    });
    await expect(failing).rejects.toMatchObject({ message: expect.not.stringContaining("\n") as unknown });
  });

  it("says why when there is no command line", async () => {
    await expect(deployWith(join(folder, "nowhere.mjs"))).rejects.toMatchObject({ code: "DEPLOY_FAILED" });
  });

  it("leaves no process behind that failed", async () => {
    const pid = join(folder, "pid");
    const silentOne = fake(
      "silent",
      `import { readFileSync, writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(pid)}, String(process.pid)); setInterval(() => {}, 1000);`,
    );
    await expect(deployWith(silentOne, 1500)).rejects.toMatchObject({ code: "DEPLOY_FAILED" });
    expect(() => process.kill(Number(readFileSync(pid, "utf8")), 0)).toThrow(/ESRCH/);
  });

  it("lets the deployment that was asked for last win, however long the others take", async () => {
    const slowFirst = fake(
      "slow-first",
      `
      const version = process.argv.find((word) => word.startsWith("--model-version=")).slice(16);
      if (version === "1") await new Promise((later) => setTimeout(later, 700));
      ${healthy("").replace('model_version: ""', "model_version: version")}`,
    );
    const deployer = localDeployer({ cli: slowFirst });
    const both = ["1", "2"].map((version) => deployer.deploy({ name: "churn", version, bundle: "any" }));
    await Promise.all(both);
    expect((await deployer.current("churn"))?.version).toBe("2");
    await deployer.remove("churn");
  });

  it("reads on when a process talks much, so that nothing piles up in it", async () => {
    const talk =
      'let said = 0; const talk = () => { process.stdout.write("x".repeat(100_000)); process.stderr.write("y".repeat(100_000)); if (++said < 50) setTimeout(talk, 1); }; setTimeout(talk, 300);';
    const talker = fake(
      "talker",
      healthy("1", talk).replace(
        'status: "ok"',
        'status: "ok", said, waiting: process.stdout.writableLength + process.stderr.writableLength',
      ),
    );
    const deployer = localDeployer({ cli: talker });
    const { url } = await deployer.deploy({ name: "churn", version: "1", bundle: "any" });
    const state = async () =>
      (await (await fetch(url, { signal: AbortSignal.timeout(2000) })).json()) as { said: number; waiting: number };
    await vi.waitFor(async () => expect(await state()).toMatchObject({ said: 50, waiting: 0 }), {
      timeout: 5000,
      interval: 50,
    });
    await deployer.remove("churn");
  });

  it("kills a process that does not end by itself", async () => {
    const stubborn = fake("stubborn", `${healthy("1").replace("process.exit()", "0")} process.on("SIGTERM", () => 0);`);
    const deployer = localDeployer({ cli: stubborn, grace: 300 });
    const { url } = await deployer.deploy({ name: "churn", version: "1", bundle: "any" });
    await deployer.remove("churn");
    await expect(fetch(url)).rejects.toThrow();
  });

  it("does not call a process on duty that died", async () => {
    const dying = fake("dying", healthy("1", "setTimeout(() => process.exit(1), 400);"));
    const deployer = localDeployer({ cli: dying });
    const { url } = await deployer.deploy({ name: "churn", version: "1", bundle: "any" });
    expect(await silent(url, 5000)).toBe(true);
    await new Promise((later) => setTimeout(later, 100));
    expect(await deployer.current("churn")).toBeUndefined();
  });

  it("serves the former model for a while after the switch, then ends it", async () => {
    const deployer = localDeployer({ drain: 1500 });
    const { url: former } = await deployer.deploy({ name: "churn", version: "1", bundle: bundles[0] });
    await deployer.deploy({ name: "churn", version: "2", bundle: bundles[1] });
    await new Promise((later) => setTimeout(later, 500));
    expect((await fetch(`${former}/health`)).status).toBe(200);
    expect(await silent(former, 5000)).toBe(true);
    await deployer.remove("churn");
  });

  it("ends those that still drain with the endpoint", async () => {
    const deployer = localDeployer({ drain: 60_000 });
    const { url: former } = await deployer.deploy({ name: "churn", version: "1", bundle: bundles[0] });
    await deployer.deploy({ name: "churn", version: "2", bundle: bundles[1] });
    await deployer.remove("churn");
    await expect(fetch(`${former}/health`)).rejects.toThrow();
  });

  it("leaves no listener on the process, however many there are", () => {
    const count = (): number => process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
    const before = count();
    for (let i = 0; i < 50; i++) localDeployer();
    expect(count()).toBe(before);
  });

  it.each([{ timeout: 0 }, { timeout: NaN }, { drain: -1 }, { drain: Infinity }, { grace: 0.5 }])(
    "refuses the options %j",
    (options) => {
      expect(() => localDeployer(options)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
    },
  );

  describe("the program that deploys", () => {
    /** Runs the program, of the built package, until it has deployed. */
    const deployed = async (then: string) => {
      const { child, ended } = start(join(import.meta.dirname, "parent.mjs"), [bundles[0], then]);
      const line = new Promise<string>((read) => child.stdout?.once("data", (data: Buffer) => read(data.toString())));
      const text = await Promise.race([
        line,
        ended.then(({ err }) => Promise.reject(new Error(`the program ended: ${err}`))),
      ]);
      return { child, ended, urls: JSON.parse(text) as [string, string] };
    };

    it("takes its endpoints with it when it is killed", async () => {
      const { child, ended, urls } = await deployed("stay");
      for (const url of urls) expect((await fetch(`${url}/health`)).status).toBe(200);
      child.kill("SIGKILL");
      await ended;
      for (const url of urls) expect(await silent(url, 2000)).toBe(true);
    });

    it.each([
      ["ends when it is done, and its endpoints with it", "end", 0],
      ["takes its endpoints with it when it fails", "throw", 1],
    ])("%s", async (_, then, code) => {
      const { ended, urls } = await deployed(then);
      expect((await ended).code).toBe(code);
      for (const url of urls) expect(await silent(url, 2000)).toBe(true);
    });
  });
});
