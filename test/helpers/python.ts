import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";

const cache = resolve(import.meta.dirname, "../../.cache");
const venv = resolve(cache, "test-venv");
const python = resolve(venv, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");

/** Must Python be there? Set in CI, where nothing is skipped, or by hand. */
const demanded = (process.env["CI"] ?? "") !== "" || process.env["CHURNKIT_PYTHON_TESTS"] === "1";

const stampOf = (packages: readonly string[]): string =>
  resolve(cache, `test-venv.${createHash("sha256").update(packages.join(" ")).digest("hex").slice(0, 12)}.stamp`);

function run(command: string, args: readonly string[]): void {
  const result = spawnSync(command, args, { encoding: "utf8", timeout: 600_000 });
  if (result.status === 0) return;
  throw new Error(`${command} ${args.join(" ")} failed: ${result.error?.message ?? result.stderr.slice(-2000)}`);
}

/** One test process sets the environment up at a time; the others wait for it. */
function locked(work: () => void): void {
  const lock = resolve(cache, "test-venv.lock");
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; ; waited += 200) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (waited > 300_000) throw new Error(`${lock} is held by another process`, { cause: error });
      Atomics.wait(pause, 0, 0, 200);
    }
  }
  try {
    work();
  } finally {
    rmdirSync(lock);
  }
}

/**
 * A Python that tests compare with, in an environment of its own under `.cache/test-venv`.
 *
 * `available` is true where the environment was set up before, or where it must be (CI, or CHURNKIT_PYTHON_TESTS=1);
 * otherwise one visible line says what is skipped. Call `path()` in `beforeAll` (with a long timeout): it sets the
 * environment up first where it is not there yet.
 */
export function testPython(packages: readonly string[], purpose: string): { available: boolean; path(): string } {
  const stamp = stampOf(packages);
  const available = demanded || existsSync(stamp);
  if (!available) {
    console.warn(`skipped: ${purpose} (needs Python with ${packages.join(", ")}; CHURNKIT_PYTHON_TESTS=1 sets it up)`);
  }
  return {
    available,
    path() {
      if (existsSync(stamp)) return python;
      mkdirSync(cache, { recursive: true });
      locked(() => {
        if (existsSync(stamp)) return;
        if (!existsSync(python)) run("python3", ["-m", "venv", venv]);
        run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages]);
        writeFileSync(stamp, packages.join("\n"));
      });
      return python;
    },
  };
}
