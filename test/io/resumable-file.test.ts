import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ChurnkitError } from "../../src/base/errors.js";
import { uniform } from "../../src/base/random.js";
import { openResumable, type ResumableFile } from "../../src/io/resumable-file.js";
import { budget } from "../helpers/budget.js";
import { newFolder } from "../helpers/folder.js";

const origins = { input: "1" };
/** Each is enough for an entry of the journal. */
const pieces = ["a", "b", "c"].map((letter) => Buffer.alloc(5 * 1024 * 1024, letter));

/** Leaves a file as a killed process of another machine does. */
async function killed(path: string): Promise<void> {
  const file = await openResumable(path, origins, { resume: false });
  await file.append(pieces[0] as Buffer, { pieces: 1 });
  await file.close(true);
  const journal = `${path}.partial.json`;
  const entry = JSON.parse(readFileSync(journal, "utf8")) as object;
  writeFileSync(journal, JSON.stringify({ ...entry, run: "00000000-1-1-000000000000" }));
}

describe("a file that can be continued", () => {
  it.each([
    { what: "that begin", begun: false, resume: true },
    { what: "that continue", begun: true, resume: true },
    { what: "of which one continues and the other begins anew", begun: true, resume: false },
    { what: "that begin anew", begun: false, resume: false },
  ])("has the bytes of one of two runs $what at once, never of both", async ({ begun, resume }) => {
    for (let round = 0; round < budget(6); round++) {
      const random = uniform(round);
      const folder = newFolder();
      const path = join(folder, "scores.csv");
      if (begun) await killed(path);
      const finished: Buffer[] = [];
      /** A run in steps, after each of which the other may go on. */
      async function* run(made: readonly Buffer[], again: boolean): AsyncGenerator<void> {
        const file: ResumableFile = await openResumable(path, origins, { resume: again });
        try {
          yield;
          for (let i = file.done?.["pieces"] ?? 0; i < made.length; i++) {
            await file.append(made[i] as Buffer, { pieces: i + 1 });
            yield;
          }
          await file.finish();
        } catch (error) {
          await file.close(true);
          throw error;
        }
        finished.push(Buffer.concat(made));
      }
      // Runs that continue make the same bytes; one that begins anew may have other options.
      const other = resume ? pieces : pieces.map((piece) => Buffer.from(piece.subarray(1)).fill("z"));
      const waiting = [run(pieces, true), run(other, resume)];
      while (waiting.length > 0) {
        const at = Math.floor(random() * waiting.length);
        const done = await waiting[at]?.next().then(
          (step) => step.done === true,
          (error: unknown) => {
            expect((error as ChurnkitError).code).toBe("IO_FAILED");
            expect((error as Error).message).toMatch(/scores\.csv.*another run.*(wait|again)/is);
            return true;
          },
        );
        if (done) waiting.splice(at, 1);
      }
      expect(finished.length).toBeGreaterThan(0);
      expect(finished.some((whole) => whole.equals(readFileSync(path)))).toBe(true);
      expect(readdirSync(folder)).toEqual(["scores.csv"]);
    }
  });

  it("is continued after a kill, and removed where nothing is to be kept", async () => {
    const path = join(newFolder(), "scores.csv");
    await killed(path);
    const next = await openResumable(path, origins, { resume: true });
    expect(next.done).toEqual({ pieces: 1 });
    await next.append(pieces[1] as Buffer, { pieces: 2 });
    await next.finish();
    expect(readFileSync(path).equals(Buffer.concat(pieces.slice(0, 2)))).toBe(true);
    const last = await openResumable(path, origins, { resume: true });
    expect(last.done).toBeUndefined();
    await last.close(false);
    expect(existsSync(`${path}.partial`)).toBe(false);
  });
});
