import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { groupCommit } from "../../src/io/store/files/group-commit.js";
import { newFolder } from "../helpers/folder.js";

describe("groupCommit", () => {
  /** Commits at once; returns for each whether another was made in the same turn before it. */
  async function together(count: number, prepare: (i: number) => Promise<void>): Promise<boolean[]> {
    const root = newFolder();
    const names = groupCommit(root, join(root, "lock"));
    let made = 0;
    const shared: boolean[] = [];
    await Promise.all(
      Array.from({ length: count }, async (_, i) => {
        await names.preparing(() => prepare(i));
        await names.commit(root, () => {
          shared.push(made > 0);
          if (made++ === 0) queueMicrotask(() => (made = 0));
        });
      }),
    );
    return shared;
  }

  it("makes what is ready at the same time in one turn", async () => {
    expect((await together(20, () => Promise.resolve())).filter((shared) => !shared)).toHaveLength(1);
  });

  it("waits a moment for what is about to be ready, and no longer", async () => {
    expect(await together(2, (i) => sleep(i * 5))).toEqual([false, true]);
    const begun = performance.now();
    expect(await together(2, (i) => sleep(i * 500))).toEqual([false, false]);
    expect(performance.now() - begun).toBeGreaterThan(490);
  });

  it("remembers nobody who has lost patience, nor waits on for whom there is no need to wait", async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
    const root = newFolder();
    const names = groupCommit(root, join(root, "lock"));
    const before = timers();
    const committed: Promise<void>[] = [];
    await names.preparing(() => {
      committed.push(names.commit(root, () => undefined));
      expect(timers()).toBe(before + 1);
      return Promise.resolve();
    });
    expect(timers()).toBe(before);
    await Promise.all(committed);
  });

  it("throws what a change throws at whoever asked for it, and makes the others", async () => {
    const root = newFolder();
    const names = groupCommit(root, join(root, "lock"));
    for (const name of ["a", "b", "c"]) writeFileSync(join(root, `${name}.new`), name);
    const ends = await Promise.allSettled(
      ["a", "missing", "b", "c"].map((name) =>
        names.commit(root, () => renameSync(join(root, `${name}.new`), join(root, name))),
      ),
    );
    expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
    expect(readdirSync(root).sort()).toEqual(["a", "b", "c"]);
  });

  it("tells all of a group when the lock is not to be had, and goes on with the next", async () => {
    const root = newFolder();
    const lock = join(root, "locks/lock");
    writeFileSync(dirname(lock), "in the way");
    const names = groupCommit(root, lock);
    const made: string[] = [];
    const commit = (name: string): Promise<void> => names.commit(root, () => void made.push(name));
    const ends = await Promise.allSettled(["a", "b"].map(commit));
    expect(ends.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    rmSync(dirname(lock));
    mkdirSync(dirname(lock));
    await commit("c");
    expect(made).toEqual(["c"]);
  });
});
