import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { withFileLock } from "../../src/io/store/files/file-lock.js";

const root = resolve(import.meta.dirname, "../..");
const lock = join(tmpdir(), `churnkit-build-${createHash("sha256").update(root).digest("hex").slice(0, 12)}.lock`);

/** Builds where dist is absent or older than the sources; several test files may ask at once. */
export async function ensureBuilt(): Promise<void> {
  const build = (): Buffer =>
    execFileSync(process.execPath, ["scripts/ensure-built.mjs"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  await withFileLock(lock, build, { waitMs: 180_000 });
}
