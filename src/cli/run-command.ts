import { spawn } from "node:child_process";
import type { RetrainingRunContext } from "../monitor/retraining/index.js";

/** Outcome of a command. */
interface CommandEnd {
  readonly status: "succeeded" | "failed";
  readonly detail: string;
}

const endings = ["SIGTERM", "SIGINT", "SIGHUP"] as const;
const hasGroups = process.platform !== "win32";

/**
 * Runs a command in the shell. Its output goes to stderr, so that stdout remains this program's. When the run is
 * aborted or this process has to end, the command ends with everything that it started; otherwise it could run at the
 * same time as the next command.
 */
export function runCommand(command: string, { runId, triggers, signal }: RetrainingRunContext): Promise<CommandEnd> {
  return new Promise((resolve) => {
    const env = { ...process.env, CHURNKIT_RUN_ID: runId, CHURNKIT_TRIGGERS: triggers.join(",") };
    // A separate process group, so that a signal reaches the shell's children too.
    const child = spawn(command, {
      shell: true,
      stdio: ["ignore", process.stderr, process.stderr],
      detached: hasGroups,
      env,
    });
    const end = (): void => {
      try {
        if (hasGroups && child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
        else child.kill();
      } catch {
        // It has ended by itself.
      }
    };
    const done = (status: CommandEnd["status"], detail: string): void => {
      signal.removeEventListener("abort", end);
      for (const name of endings) process.removeListener(name, end);
      resolve({ status, detail });
    };
    signal.addEventListener("abort", end, { once: true });
    // Only once: a second signal kills this process.
    for (const name of endings) process.once(name, end);
    if (signal.aborted) end();
    child.once("error", ({ message }) => done("failed", message));
    child.once("exit", (code, killed) => {
      const why: unknown = signal.reason;
      const because = signal.aborted && why instanceof Error ? `, since ${why.message}` : "";
      if (code === 0) done("succeeded", "");
      else done("failed", `the command ended with ${killed ?? `exit code ${code}`}${because}`);
    });
  });
}
