import { PassThrough } from "node:stream";
import { afterEach, expect, it, vi } from "vitest";
import { confirmed } from "../../src/cli/output.js";

afterEach(() => vi.restoreAllMocks());

/** Asks a terminal at which somebody types; `end` is what Ctrl-D sends. */
async function asked(typed: string, isTTY = true): Promise<{ readonly answer: boolean; readonly said: string }> {
  const [input, output] = [Object.assign(new PassThrough(), { isTTY }), Object.assign(new PassThrough(), { isTTY })];
  vi.spyOn(process, "stdin", "get").mockReturnValue(input as unknown as typeof process.stdin);
  vi.spyOn(process, "stderr", "get").mockReturnValue(output as unknown as typeof process.stderr);
  const answer = confirmed("Remove it?");
  if (typed === "end") input.end();
  else input.write(`${typed}\n`);
  return { answer: await answer, said: String(output.read() ?? "") };
}

it("takes yes for yes at a terminal, and everything else for no", async () => {
  for (const yes of ["y", "Y", "yes", " yes "]) expect((await asked(yes)).answer, yes).toBe(true);
  for (const no of ["", "n", "no", "yesterday", "end"]) expect((await asked(no)).answer, no).toBe(false);
  expect((await asked("y")).said).toContain("Remove it? [y/N] ");
});

it("asks nobody where there is no terminal", async () =>
  expect(await asked("y", false)).toEqual({ answer: false, said: "" }));
