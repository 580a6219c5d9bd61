import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ChurnkitError } from "../../../base/errors.js";
import { ioFailed, systemCode } from "../../io-error.js";
import { ownedName, ownerState } from "../../owner.js";

/** A lock of another host, whose process cannot be checked, counts as dead after this time. */
const foreignLimitMs = 30_000;
/** A lock without a readable owner was left by a process killed between making and signing it. */
const unsignedLimitMs = 2_000;

/**
 * Runs `work` while no other process or thread holds the lock file.
 *
 * `work` is synchronous, so the lock is never held while this process does something else: a holder is either working
 * or dead. Its process id and start time identify a dead one at once, without a time-out.
 *
 * @throws ChurnkitError IO_FAILED if the lock is not free within `waitMs`.
 */
export async function withFileLock<T>(lock: string, work: () => T, options: { waitMs?: number } = {}): Promise<T> {
  const started = performance.now();
  const waitMs = options.waitMs ?? 30_000;
  const owner = ownedName();
  for (let attempt = 0; !acquire(lock, owner); attempt++) {
    if (performance.now() - started > waitMs) {
      throw new ChurnkitError(
        "IO_FAILED",
        `Cannot lock ${lock}: it is held by ${read(lock) || "an unknown process"} (host-pid-start). ` +
          "If no such process is running, remove that file.",
        { where: { file: lock } },
      );
    }
    // Delays differ by process id, so that waiters do not retry in step.
    await sleep(Math.min(1 + attempt, 15) + (process.pid % 5));
  }
  try {
    return work();
  } finally {
    release(lock, owner);
  }
}

function acquire(lock: string, owner: string): boolean {
  try {
    sign(lock, owner);
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT") {
      mkdirSync(dirname(lock), { recursive: true });
      return false;
    }
    if (code !== "EEXIST") throw ioFailed("lock", lock, error);
  }
  if (isStale(lock)) breakStale(lock);
  return false;
}

/**
 * The lock is a symbolic link whose target is its owner's name: made and signed in one step. Without links (Windows
 * without the privilege) it is a file with the name.
 */
function sign(lock: string, owner: string): void {
  try {
    symlinkSync(owner, lock);
  } catch (error) {
    if (!["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"].includes(systemCode(error))) throw error;
    writeFileSync(lock, owner, { flag: "wx" });
  }
}

function isStale(lock: string): boolean {
  const owner = read(lock);
  const state = ownerState(owner);
  if (state === "alive") return false;
  return state === "dead" || ageOf(lock) > (state === "elsewhere" ? foreignLimitMs : unsignedLimitMs);
}

/**
 * Removes a stale lock under a separate guard, so that of two processes that found it stale neither removes the
 * other's new lock.
 */
function breakStale(lock: string): void {
  const guard = `${lock}.break`;
  try {
    closeSync(openSync(guard, "wx"));
  } catch {
    if (ageOf(guard) > unsignedLimitMs) remove(guard);
    return;
  }
  try {
    if (isStale(lock)) remove(lock);
  } finally {
    remove(guard);
  }
}

function release(lock: string, owner: string): void {
  if (read(lock) === owner) remove(lock);
}

function read(path: string): string {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (systemCode(error) !== "EINVAL" && systemCode(error) !== "UNKNOWN") return "";
  }
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function ageOf(path: string): number {
  try {
    return Date.now() - lstatSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw ioFailed("remove", path, error);
  }
}
