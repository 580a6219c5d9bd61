import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { withFileLock } from "../../src/io/store/files/file-lock.js";
import { isLeftover, ownedName, ownerState } from "../../src/io/owner.js";
import { newFolder } from "../helpers/folder.js";

/** The name that a process which has ended would have given. */
function nameOfDead(): string {
  const { pid } = spawnSync(process.execPath, ["-e", "0"]);
  return ownedName().replace(/-\d+-/, `-${pid}-`);
}

describe("withFileLock", () => {
  it("runs one after the other and leaves no lock", async () => {
    const lock = join(newFolder(), "deep/lock");
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 10 }, () =>
        withFileLock(lock, () => {
          most = Math.max(most, ++inside);
          expect(readdirSync(dirname(lock))).toContain("lock");
          inside--;
        }),
      ),
    );
    expect(most).toBe(1);
    expect(existsSync(lock)).toBe(false);
  });

  it("releases the lock when the work throws", async () => {
    const lock = join(newFolder(), "lock");
    await expect(
      withFileLock(lock, () => {
        throw new Error("broke");
      }),
    ).rejects.toThrow("broke");
    expect(existsSync(lock)).toBe(false);
  });

  it("takes over the lock of a dead process at once", async () => {
    const lock = join(newFolder(), "lock");
    symlinkSync(nameOfDead(), lock);
    const begun = performance.now();
    expect(await withFileLock(lock, () => "done")).toBe("done");
    expect(performance.now() - begun).toBeLessThan(500);
  });

  it("takes over a lock whose holder's process id now belongs to another process", async () => {
    const lock = join(newFolder(), "lock");
    if (ownedName().split("-")[2] === "0") return; // no /proc: start times cannot be told
    writeFileSync(lock, ownedName().replace(/^(\w+-\d+)-\d+/, "$1-1"));
    expect(await withFileLock(lock, () => "done")).toBe("done");
  });

  it("never takes the lock of a living process, and says who holds it", async () => {
    const lock = join(newFolder(), "lock");
    const holder = ownedName();
    writeFileSync(lock, holder);
    const failed = withFileLock(lock, () => "stolen", { waitMs: 100 });
    await expect(failed).rejects.toMatchObject({ code: "IO_FAILED" });
    await expect(failed).rejects.toThrow(holder);
    expect(readFileSync(lock, "latin1")).toBe(holder);
  });
});

describe("owner names", () => {
  it("tell living, dead and foreign processes apart", () => {
    expect(ownerState(ownedName())).toBe("alive");
    expect(ownerState(nameOfDead())).toBe("dead");
    expect(ownerState(ownedName().replace(/^\w+/, "00000000"))).toBe("elsewhere");
    expect(ownerState("something else")).toBe("unknown");
    expect(ownedName()).not.toBe(ownedName());
  });

  it("let only leftovers be removed", () => {
    expect(isLeftover(`.m.staging-${nameOfDead()}`, 0)).toBe(true);
    expect(isLeftover(`.m.staging-${ownedName()}`, 1e12)).toBe(false);
    expect(isLeftover(".m.staging-by-hand", 1e12)).toBe(false);
  });
});
