import { spawn } from "node:child_process";
import { copyFileSync, existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { expect, it } from "vitest";
import { newFolder } from "../helpers/folder.js";
import { expectSameScores, madeInNode, skipped } from "./same-scores.js";

const root = resolve(import.meta.dirname, "../..");
const workerd = join(root, "node_modules/.bin/workerd");

const config = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .scores)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const scores :Workerd.Worker = (
  modules = [
    (name = "worker.mjs", esModule = embed "worker.mjs"),
    (name = "kernel.wasm", wasm = embed "kernel.wasm"),
  ],
  compatibilityDate = "2025-01-01",
);
`;

it("a bundle made in Node loads and scores the same in workerd", async ({ skip }) => {
  if (!existsSync(workerd)) {
    skipped("scoring in workerd (its npm package has no binary here)");
    return skip();
  }
  const { archive, records, expected } = await madeInNode();
  const folder = newFolder();
  await build({
    entryPoints: [join(import.meta.dirname, "workerd-entry.ts")],
    outfile: join(folder, "worker.mjs"),
    bundle: true,
    platform: "browser",
    conditions: ["workerd"],
    format: "esm",
    external: ["*.wasm"],
    logLevel: "error",
  });
  copyFileSync(join(root, "src/kernels/build/kernel.wasm"), join(folder, "kernel.wasm"));
  writeFileSync(join(folder, "config.capnp"), config);
  const server = spawn(workerd, ["serve", "config.capnp", "--control-fd=3"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  try {
    const port = await portOf(server);
    const body = new FormData();
    body.set("archive", new Blob([archive]));
    body.set("records", JSON.stringify(records));
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body });
    const text = await response.text();
    expect(response.status, text).toBe(200);
    expectSameScores(JSON.parse(text) as (number | null)[], expected);
  } finally {
    server.kill("SIGKILL");
  }
}, 60_000);

/** The port that workerd says it listens on, in a line of JSON on its control descriptor. */
function portOf(server: ReturnType<typeof spawn>): Promise<number> {
  return new Promise((done, fail) => {
    let errors = "";
    server.stderr?.on("data", (data: Buffer) => (errors += data.toString()));
    server.stdio[3]?.on("data", (data: Buffer) => {
      const message = JSON.parse(data.toString().split("\n")[0] ?? "{}") as { event?: string; port?: number };
      if (message.event === "listen" && message.port !== undefined) done(message.port);
    });
    server.on("exit", (code) => fail(new Error(`workerd ended with ${code}: ${errors}`)));
    server.on("error", fail);
  });
}
