import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { ChurnkitError } from "../base/errors.js";

/** A running moto server, which stands for the services of AWS that the rehearsal does not have itself. */
export interface Moto {
  /** The `emulator` of a rehearsal. */
  readonly url: string;
  /** The `botocore` of a rehearsal. */
  readonly botocore: string;
  readonly close: () => Promise<void>;
}

/** Rejects with what the command said on stderr at the end of the message. */
const run = promisify(execFile);
const version = "5.2.5";
/** Milliseconds until it must answer. */
const patience = 60_000;

/**
 * The server ends with the process that started it, however that ends: its stdin then comes to an end. moto compares and writes in two
 * steps, so a thread is only changed where it waits: conditional writes would both succeed otherwise. moto's interpreter of state machines
 * calls moto itself, so it is told the port that the server was given.
 */
const serverScript = `
import os, sys, threading
sys.setswitchinterval(10)
def until_parent_ends():
    sys.stdin.buffer.read()
    os._exit(0)
threading.Thread(target=until_parent_ends, daemon=True).start()
import botocore, werkzeug.serving
from moto.server import main
print("Models in " + os.path.join(os.path.dirname(botocore.__file__), "data"), file=sys.stderr, flush=True)
make_server = werkzeug.serving.make_server
def make_known_server(*args, **options):
    server = make_server(*args, **options)
    os.environ["MOTO_PORT"] = str(server.port)
    return server
werkzeug.serving.make_server = make_known_server
main(["-H", "127.0.0.1", "-p", "0"])
`;

/** Where moto is. */
interface MotoOptions {
  /** Folder of a Python environment of its own, which is made at the first time. Default `.cache/moto`. */
  readonly venv?: string | undefined;
  /** A Python that has moto already, such as `python3`; nothing is installed then. */
  readonly python?: string | undefined;
}

/**
 * Starts a moto server on this machine, the emulator of S3, SNS, SQS and others for a rehearsal. At the first time it installs moto
 * into a Python environment of its own, which takes a minute and needs `python3` with `venv`.
 *
 * @throws ChurnkitError PEER_MISSING where Python or moto cannot be had; SERVICE_FAILED if it does not start.
 * @example
 * ```ts no-run
 * import { rehearse, startMoto } from "churnkit/rehearsal";
 *
 * const moto = await startMoto();
 * const rehearsal = await rehearse({ emulator: moto.url, botocore: moto.botocore });
 * await rehearsal.close();
 * await moto.close();
 * ```
 */
export async function startMoto({ venv = ".cache/moto", python }: MotoOptions = {}): Promise<Moto> {
  const server = spawn(python ?? (await installed(resolve(venv))), ["-c", serverScript], {
    stdio: ["pipe", "ignore", "pipe"],
    env: { ...process.env, AWS_ACCESS_KEY_ID: "testing", AWS_SECRET_ACCESS_KEY: "testing" },
  });
  // A server that is gone is noticed by its end.
  server.stdin.on("error", () => undefined);
  const ended = new Promise<void>((done) => server.once("close", () => done()).once("error", () => done()));
  const place = await announced(server.stderr, ended).catch((error: unknown) => {
    server.kill("SIGKILL");
    throw error;
  });
  server.stderr.resume();
  // Neither the server nor its output keeps this process alive.
  server.unref();
  for (const stream of [server.stdin, server.stderr]) (stream as { unref?: () => void }).unref?.();
  return {
    ...place,
    async close() {
      // Its end is waited for again.
      server.ref();
      server.kill("SIGKILL");
      await ended;
    },
  };
}

/** Makes the environment, whole or not at all, and returns its Python. */
async function installed(folder: string): Promise<string> {
  const python = join(folder, "bin/python");
  const isThere = (): boolean => existsSync(join(folder, "bin/moto_server"));
  if (isThere()) return python;
  const half = `${folder}.${process.pid}`;
  try {
    await mkdir(resolve(folder, ".."), { recursive: true });
    await run("python3", ["-m", "venv", half]);
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    await run(join(half, "bin/python"), [...pip, `moto[server,all]==${version}`]);
    await rename(half, folder);
  } catch (cause) {
    await rm(half, { recursive: true, force: true });
    const reason = cause instanceof Error ? (cause.message.trim().split("\n").at(-1) ?? "") : String(cause);
    if (!isThere())
      throw new ChurnkitError(
        "PEER_MISSING",
        `The rehearsal needs the emulator moto, which could not be installed into ${folder}: ${reason}. Install Python 3 with venv, and try again.`,
        { cause },
      );
  }
  return python;
}

/** What the server says on stderr: its address, and where botocore keeps its models. */
async function announced(stderr: NodeJS.ReadableStream, ended: Promise<void>): Promise<Pick<Moto, "url" | "botocore">> {
  let said = "";
  const found = new Promise<Pick<Moto, "url" | "botocore">>((done) => {
    stderr.on("data", (data: Buffer) => {
      said = (said + data.toString()).slice(-4000);
      const [, botocore] = /Models in (.+)/.exec(said) ?? [];
      const [, url] = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(said) ?? [];
      if (url !== undefined && botocore !== undefined) done({ url, botocore });
    });
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((done) => (timer = setTimeout(done, patience)));
  const place = await Promise.race([found, ended, late]).finally(() => clearTimeout(timer));
  if (typeof place === "object") return place;
  const last = said.trim().split("\n").at(-1);
  const isMissing = last === undefined || last === "" || last.startsWith("ModuleNotFoundError");
  throw new ChurnkitError(
    isMissing ? "PEER_MISSING" : "SERVICE_FAILED",
    `moto did not start: ${last === undefined || last === "" ? "there is no such Python" : last}. Install it: pip install 'moto[server,all]'`,
  );
}
