import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const cache = resolve(import.meta.dirname, "../../.cache");
const venv = resolve(cache, "mlflow-venv");
const python = resolve(venv, "bin/python");
/** What the server itself needs; the whole of MLflow brings a gigabyte of science beside it. */
const packages = [
  "mlflow-skinny==3.17.2",
  "Flask<4",
  "Flask-CORS<7",
  "Flask-WTF<2",
  "SQLAlchemy<3",
  "alembic<2",
  "uvicorn<1",
  "aiohttp<4",
  "numpy<3",
  "pandas<4",
];
const stamp = resolve(cache, "mlflow-venv.3.17.2.stamp");

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

/** The server and the processes it starts end with the process that started it: its stdin then comes to an end. */
const serverScript = `
import os, signal, sys, threading
def until_parent_ends():
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)
threading.Thread(target=until_parent_ends, daemon=True).start()
from mlflow.cli import cli
cli(sys.argv[1:])
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

/** Makes `.cache/mlflow-venv` where it is not there yet: one process at a time, the others wait for it. */
async function setUp(): Promise<void> {
  if (existsSync(stamp)) return;
  mkdirSync(cache, { recursive: true });
  await (making ??= run("python3", ["-c", setUpScript, venv, stamp, ...packages]));
}

/**
 * Is there a Python environment with MLflow? Sets it up first where that can be done. Where it cannot, one visible line
 * says what is skipped; in CI that is a failure.
 *
 * Use: `const ready = await mlflowPython("registry in MLflow"); describe.skipIf(!ready)(...)`.
 */
export async function mlflowPython(purpose: string): Promise<boolean> {
  try {
    await setUp();
    return true;
  } catch (error) {
    if (demanded) throw error;
    const why = error instanceof Error ? error.message.trim().split("\n").at(-1) : String(error);
    console.warn(`skipped: ${purpose} (needs Python with ${packages[0] ?? ""}: ${why ?? "unknown"})`);
    return false;
  }
}

/** A running MLflow server. */
export interface Mlflow {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a server with an empty database on a free port of the loopback. Call it in `beforeAll` with 120 s or more. */
export async function startMlflow(): Promise<Mlflow> {
  await setUp();
  const folder = mkdtempSync(join(tmpdir(), "churnkit-mlflow-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const store = ["--backend-store-uri", `sqlite:///${join(folder, "mlflow.db")}`, "--artifacts-destination", join(folder, "artifacts"), "--serve-artifacts"];
  const server = spawn(python, ["-c", serverScript, "server", "--host", "127.0.0.1", "--port", String(port), "--workers", "1", ...store], {
    cwd: folder,
    detached: true,
    stdio: ["pipe", "ignore", "pipe"],
    env: { ...process.env, MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false", MLFLOW_DISABLE_TELEMETRY: "true", PYTHONDONTWRITEBYTECODE: "" },
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
    if (!ended && server.pid !== undefined) process.kill(-server.pid, "SIGKILL");
    await closed;
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  const limit = performance.now() + 110_000;
  while (!(await answers(url))) {
    if (ended || performance.now() > limit) {
      await stop();
      throw new Error(`MLflow did not start: ${said.slice(-2000)}`);
    }
    await sleep(100);
  }
  return { url, stop };
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(`${url}/health`).catch(() => undefined);
  await response?.body?.cancel();
  return response?.ok === true;
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.on("error", fail);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => done(port));
    });
  });
}
