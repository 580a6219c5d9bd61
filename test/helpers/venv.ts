import { execFile, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { machineCache } from "./machine-cache.js";

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

/** Rejects with what the command said on stderr at the end of the message. */
export const run = promisify(execFile);

/** A Python environment in which a service runs. */
export interface Venv {
  readonly folder: string;
  readonly python: string;
  /** Makes it where it is not there yet: one process at a time, the others wait for it. */
  readonly setUp: () => Promise<void>;
  /**
   * Is it there? Sets it up first where that can be done. Where it cannot, one visible line says what is skipped; in CI that
   * is a failure.
   */
  readonly ready: (purpose: string) => Promise<boolean>;
}

/** The environment `<name>-<version>` of the machine's cache; `version` stands for these packages. */
export function pythonVenv(name: string, version: string, packages: readonly string[]): Venv {
  const folder = resolve(machineCache, `${name}-${version}`);
  const stamp = `${folder}.stamp`;
  let making: Promise<unknown> | undefined;
  async function setUp(): Promise<void> {
    if (existsSync(stamp)) return;
    mkdirSync(machineCache, { recursive: true });
    await (making ??= run("python3", ["-c", setUpScript, folder, stamp, ...packages]));
  }
  return {
    folder,
    python: resolve(folder, "bin/python"),
    setUp,
    async ready(purpose) {
      try {
        await setUp();
        return true;
      } catch (error) {
        if (demanded) throw error;
        const why = error instanceof Error ? error.message.trim().split("\n").at(-1) : String(error);
        console.warn(`skipped: ${purpose} (needs Python with ${packages[0] ?? ""}: ${why ?? "unknown"})`);
        return false;
      }
    },
  };
}

/** What a server's process has said of late, and its end. */
export interface Watched {
  readonly said: () => string;
  readonly ended: () => boolean;
  readonly closed: Promise<void>;
}

/** Listens to a server's stderr, and for its end. */
export function watch(server: ChildProcess): Watched {
  let said = "";
  let ended = false;
  server.stderr?.on("data", (data: Buffer) => (said = (said + data.toString()).slice(-20_000)));
  const closed = new Promise<void>((done) =>
    server.on("close", () => {
      ended = true;
      done();
    }),
  );
  return { said: () => said, ended: () => ended, closed };
}

/** Does a server answer a GET with success? */
export async function answers(url: string): Promise<boolean> {
  const response = await fetch(url).catch(() => undefined);
  await response?.body?.cancel();
  return response?.ok === true;
}
