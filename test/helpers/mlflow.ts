import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { answers, pythonVenv, watch } from "./venv.js";

/** What the server itself needs; the whole of MLflow brings a gigabyte of science beside it. */
const venv = pythonVenv("mlflow-venv", "3.17.2", [
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
]);

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

/**
 * Is there a Python environment with MLflow? Sets it up first where that can be done. Where it cannot, one visible line
 * says what is skipped; in CI that is a failure.
 *
 * Use: `const ready = await mlflowPython("registry in MLflow"); describe.skipIf(!ready)(...)`.
 */
export const mlflowPython = venv.ready;

/** A running MLflow server. */
export interface Mlflow {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** In memory where that can be had: most of a call's time goes to waiting until the database is on disk. */
const scratch = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** Starts a server with an empty database on a free port of the loopback. Call it in `beforeAll` with 120 s or more. */
export async function startMlflow(): Promise<Mlflow> {
  await venv.setUp();
  const folder = mkdtempSync(join(scratch, "churnkit-mlflow-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const store = [
    "--backend-store-uri",
    `sqlite:///${join(folder, "mlflow.db")}`,
    "--artifacts-destination",
    join(folder, "artifacts"),
    "--serve-artifacts",
  ];
  const server = spawn(
    venv.python,
    ["-c", serverScript, "server", "--host", "127.0.0.1", "--port", String(port), "--workers", "1", ...store],
    {
      cwd: folder,
      detached: true,
      stdio: ["pipe", "ignore", "pipe"],
      env: {
        ...process.env,
        MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
        MLFLOW_DISABLE_TELEMETRY: "true",
        PYTHONDONTWRITEBYTECODE: "",
      },
    },
  );
  const { said, ended, closed } = watch(server);
  const stop = async (): Promise<void> => {
    if (!ended() && server.pid !== undefined) process.kill(-server.pid, "SIGKILL");
    await closed;
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  const limit = performance.now() + 110_000;
  while (!(await answers(`${url}/health`))) {
    if (ended() || performance.now() > limit) {
      await stop();
      throw new Error(`MLflow did not start: ${said().slice(-2000)}`);
    }
    await sleep(100);
  }
  return { url, stop };
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
