import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { answers, pythonVenv, watch } from "./venv.js";

const venv = pythonVenv("aws-venv", "moto-5.2.5", ["moto[server,all]==5.2.5"]);

/**
 * The server ends with the process that started it: its stdin then comes to an end. moto compares If-Match and writes in two
 * steps: on a busy machine its threads are switched between them, and two conditional writes both succeed, as AWS's never
 * do. With so long an interval a thread is switched at its own input and output only. moto's interpreter of state machines calls
 * moto itself, so it is told the port that the server was given.
 */
const serverScript = `
import os, sys, threading
sys.setswitchinterval(10)
def until_parent_ends():
    sys.stdin.buffer.read()
    os._exit(0)
threading.Thread(target=until_parent_ends, daemon=True).start()
import werkzeug.serving
make_server = werkzeug.serving.make_server
def make_known_server(*args, **options):
    server = make_server(*args, **options)
    os.environ["MOTO_PORT"] = str(server.port)
    return server
werkzeug.serving.make_server = make_known_server
from moto.server import main
main(sys.argv[1:])
`;

/**
 * Is there a Python environment with moto and botocore? Sets it up first where that can be done. Where it cannot, one
 * visible line says what is skipped; in CI that is a failure.
 *
 * Use: `const ready = await awsPython("S3 store against moto"); describe.skipIf(!ready)(...)`.
 */
export const awsPython = venv.ready;

/** The folder of botocore's service models inside the environment; call {@link awsPython} first. */
export function botocoreData(): string {
  const version = readdirSync(resolve(venv.folder, "lib")).find((name) => name.startsWith("python")) ?? "";
  return resolve(venv.folder, "lib", version, "site-packages/botocore/data");
}

/** A running moto server. */
export interface Moto {
  /** `http://127.0.0.1:PORT`, the `endpoint` of every AWS client. */
  readonly url: string;
  /** Forgets everything that was made. */
  reset(): Promise<void>;
}

/** What an AWS client needs to talk to moto, beside a service's own options. */
export const motoClient = (
  url: string,
): { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } } => ({
  endpoint: url,
  region: "us-east-1",
  credentials: { accessKeyId: "testing", secretAccessKey: "testing" },
});

let started: Promise<Moto> | undefined;

/**
 * The moto server of this process, the same for every test file that runs in it: started at the first call, ended with the
 * process. Call it in `beforeAll` with 60 s or more.
 */
export const sharedMoto = (): Promise<Moto> => (started ??= startMoto());

/** Starts moto on a free port of the loopback and waits until it answers. */
async function startMoto(): Promise<Moto> {
  await venv.setUp();
  const server = spawn(venv.python, ["-c", serverScript, "-H", "127.0.0.1", "-p", "0"], {
    stdio: ["pipe", "ignore", "pipe"],
    env: {
      ...process.env,
      AWS_ACCESS_KEY_ID: "testing",
      AWS_SECRET_ACCESS_KEY: "testing",
      PYTHONDONTWRITEBYTECODE: "",
    },
  });
  const { said, ended } = watch(server);
  // Werkzeug says which port it was given.
  const limit = performance.now() + 60_000;
  for (let url: string | undefined; ; await sleep(50)) {
    url ??= /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(said())?.[1];
    if (url !== undefined && (await answers(`${url}/moto-api/data.json`))) return { url, reset: () => reset(url) };
    if (ended() || performance.now() > limit) {
      server.kill("SIGKILL");
      throw new Error(`moto did not start: ${said().slice(-2000)}`);
    }
  }
}

async function reset(url: string): Promise<void> {
  const response = await fetch(`${url}/moto-api/reset`, { method: "POST" });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`moto refused to reset: ${response.status}`);
}
