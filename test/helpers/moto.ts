import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const cache = resolve(import.meta.dirname, "../../.cache");
const venv = resolve(cache, "aws-venv");
const python = resolve(venv, "bin/python");
const packages = ["moto[server,all]==5.2.5"];
const stamp = resolve(cache, "aws-venv.moto-5.2.5.stamp");

/** In CI nothing is skipped. */
const demanded = (process.env["CI"] ?? "") !== "";

/** flock is released by the kernel when its holder dies, so a killed set-up never blocks the next one. */
const setUpScript = `
import fcntl, os, subprocess, sys
venv, stamp, *packages = sys.argv[1:]
python = os.path.join(venv, "bin", "python")
with open(venv + ".lock", "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    if not os.path.exists(stamp):
        if not os.path.exists(python):
            subprocess.check_call([sys.executable, "-m", "venv", venv])
        subprocess.check_call([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages])
        open(stamp, "w").close()
`;

/** The server ends with the process that started it: its stdin then comes to an end. */
const serverScript = `
import os, sys, threading
def until_parent_ends():
    sys.stdin.buffer.read()
    os._exit(0)
threading.Thread(target=until_parent_ends, daemon=True).start()
from moto.server import main
main(sys.argv[1:])
`;

function run(command: string, args: readonly string[]): Promise<void> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    child.stderr.on("data", (data: Buffer) => (errors = (errors + data.toString()).slice(-2000)));
    child.on("error", fail);
    child.on("close", (code) => (code === 0 ? done() : fail(new Error(errors || `${command} ended with code ${code ?? "none"}`))));
  });
}

let making: Promise<void> | undefined;

/** Makes `.cache/aws-venv` where it is not there yet: one process at a time, the others wait for it. */
async function setUp(): Promise<void> {
  if (existsSync(stamp)) return;
  mkdirSync(cache, { recursive: true });
  await (making ??= run("python3", ["-c", setUpScript, venv, stamp, ...packages]));
}

/**
 * Is there a Python environment with moto and botocore? Sets it up first where that can be done. Where it cannot, one
 * visible line says what is skipped; in CI that is a failure.
 *
 * Use: `const ready = await awsPython("S3 store against moto"); describe.skipIf(!ready)(...)`.
 */
export async function awsPython(purpose: string): Promise<boolean> {
  try {
    await setUp();
    return true;
  } catch (error) {
    if (demanded) throw error;
    const why = error instanceof Error ? error.message.trim().split("\n").at(-1) : String(error);
    console.warn(`skipped: ${purpose} (needs Python with ${packages.join(", ")}: ${why ?? "unknown"})`);
    return false;
  }
}

/** The folder of botocore's service models inside the environment; call {@link awsPython} first. */
export function botocoreData(): string {
  const version = readdirSync(resolve(venv, "lib")).find((name) => name.startsWith("python")) ?? "";
  return resolve(venv, "lib", version, "site-packages/botocore/data");
}

/** A running moto server. */
export interface Moto {
  /** `http://127.0.0.1:PORT`, the `endpoint` of every AWS client. */
  readonly url: string;
  /** Forgets everything that was made. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** What an AWS client needs to talk to moto, beside a service's own options. */
export const motoClient = (url: string): { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } } => ({
  endpoint: url,
  region: "us-east-1",
  credentials: { accessKeyId: "testing", secretAccessKey: "testing" },
});

/** Starts moto on a free port of the loopback and waits until it answers. Call it in `beforeAll` with 60 s or more. */
export async function startMoto(): Promise<Moto> {
  await setUp();
  const server = spawn(python, ["-c", serverScript, "-H", "127.0.0.1", "-p", "0"], {
    stdio: ["pipe", "ignore", "pipe"],
    env: { ...process.env, AWS_ACCESS_KEY_ID: "testing", AWS_SECRET_ACCESS_KEY: "testing", PYTHONDONTWRITEBYTECODE: "" },
  });
  let said = "";
  let ended = false;
  server.stderr.on("data", (data: Buffer) => (said = (said + data.toString()).slice(-20_000)));
  const closed = new Promise<void>((done) =>
    server.on("close", () => {
      ended = true;
      done();
    }),
  );
  const stop = async (): Promise<void> => {
    server.kill("SIGKILL");
    await closed;
  };
  // Werkzeug says which port it was given.
  const limit = performance.now() + 60_000;
  for (let url: string | undefined; ; await sleep(50)) {
    url ??= /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(said)?.[1];
    if (url !== undefined && (await answers(url))) return { url, stop, reset: () => reset(url) };
    if (ended || performance.now() > limit) {
      await stop();
      throw new Error(`moto did not start: ${said.slice(-2000)}`);
    }
  }
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(`${url}/moto-api/data.json`).catch(() => undefined);
  await response?.body?.cancel();
  return response?.ok === true;
}

async function reset(url: string): Promise<void> {
  const response = await fetch(`${url}/moto-api/reset`, { method: "POST" });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`moto refused to reset: ${response.status}`);
}
