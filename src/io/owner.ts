import { hasher } from "../base/hash.js";
import { node } from "../base/node.js";

/**
 * Names of temporary files and locks say which process made them, so that the files of a killed process can be
 * distinguished at once from those still in use: `<host>-<pid>-<start>-<random>`.
 */
const pattern = /([0-9a-f]{8})-(\d{1,10})-(\d{1,20})-[0-9a-f]{12}/;

let hostHash: string | undefined;
const host = (): string =>
  (hostHash ??= hasher().update(node().getBuiltinModule("node:os").hostname()).hex().slice(0, 8));

/**
 * Start time of a process, in the kernel's ticks, which distinguishes it from a later one with the same id; 0 if
 * unknown.
 */
function startOf(pid: number): string {
  try {
    const stat = node().getBuiltinModule("node:fs").readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "0";
  } catch {
    return "0";
  }
}

let ownStart: string | undefined;

/** Returns a new unique name with this process' identity. */
export function ownedName(): string {
  ownStart ??= startOf(process.pid);
  return `${host()}-${process.pid}-${ownStart}-${crypto.randomUUID().slice(-12)}`;
}

/**
 * Returns whether the process that made this name is alive. `elsewhere` is a process of another host, which cannot be
 * asked.
 */
export function ownerState(name: string): "alive" | "dead" | "elsewhere" | "unknown" {
  const [, madeOn, pidText, start] = pattern.exec(name) ?? [];
  if (madeOn === undefined || pidText === undefined) return "unknown";
  if (madeOn !== host()) return "elsewhere";
  const pid = Number(pidText);
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, but belongs to another user.
    if ((error as { code?: unknown }).code === "ESRCH") return "dead";
  }
  const now = startOf(pid);
  return start !== "0" && now !== "0" && now !== start ? "dead" : "alive";
}

const day = 24 * 3600 * 1000;

/**
 * Returns whether something with this name, last changed `ageMs` ago, may be removed as the leftover of a dead
 * process.
 */
export function isLeftover(name: string, ageMs: number): boolean {
  const state = ownerState(name);
  return state === "dead" || (state === "elsewhere" && ageMs > day);
}
