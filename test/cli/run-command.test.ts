import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCommand } from "../../src/cli/run-command.js";
import { newFolder } from "../helpers/folder.js";

const folder = newFolder();
const context = (signal = new AbortController().signal) => ({
  runId: "r1",
  triggers: ["psi", "manual"] as const,
  signal,
});

/** A command whose shell starts a process that would go on for a minute, and notes its id. */
function lasting(name: string): { readonly command: string; readonly pid: () => Promise<number> } {
  const script = join(folder, `${name}.cjs`);
  const note = join(folder, `${name}.pid`);
  writeFileSync(
    script,
    `require("node:fs").writeFileSync(${JSON.stringify(note)}, String(process.pid)); setTimeout(() => {}, 60000);`,
  );
  const pid = async (): Promise<number> => {
    for (let i = 0; i < 500 && !(existsSync(note) && readFileSync(note, "utf8") !== ""); i++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    return Number(readFileSync(note, "utf8"));
  };
  // Something behind it, or the shell would become the process itself.
  return { command: `"${process.execPath}" "${script}"; echo done`, pid };
}

async function ended(pid: number): Promise<boolean> {
  for (let i = 0; i < 250; i++) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

describe.skipIf(process.platform === "win32")("runCommand", () => {
  it("says how it ended", async () => {
    expect(await runCommand('test "$CHURNKIT_RUN_ID $CHURNKIT_TRIGGERS" = "r1 psi,manual"', context())).toEqual({
      status: "succeeded",
      detail: "",
    });
    expect(await runCommand("exit 3", context())).toEqual({
      status: "failed",
      detail: "the command ended with exit code 3",
    });
  });

  it("ends all that the command started when the run is aborted", async () => {
    const { command, pid } = lasting("aborted");
    const aborter = new AbortController();
    const run = runCommand(command, context(aborter.signal));
    const id = await pid();
    aborter.abort(new Error("ada stopped all retraining"));
    expect(await run).toEqual({
      status: "failed",
      detail: "the command ended with SIGTERM, since ada stopped all retraining",
    });
    expect(await ended(id)).toBe(true);
  });

  it("ends it when this process is told to end, and listens no longer after", async () => {
    const { command, pid } = lasting("told");
    const before = process.listenerCount("SIGHUP");
    const run = runCommand(command, context());
    const id = await pid();
    process.emit("SIGHUP");
    expect((await run).status).toBe("failed");
    expect(await ended(id)).toBe(true);
    expect(process.listenerCount("SIGHUP")).toBe(before);
  });
});
