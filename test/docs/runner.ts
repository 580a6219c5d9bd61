import { fork, type ChildProcess } from "node:child_process";
import { join } from "node:path";

/** A snippet that is ready to run. */
export interface Script {
  readonly name: string;
  /** The JavaScript file. */
  readonly script: string;
  /** The folder it runs in. */
  readonly folder: string;
}

const patience = 120_000;

/** Runs scripts in so many processes at a time, each process one after the other. Gives what went wrong, by name. */
export async function runScripts(
  scripts: readonly Script[],
  processes: number,
): Promise<Map<string, string | undefined>> {
  const outcomes = new Map<string, string | undefined>();
  const waiting = [...scripts];
  await Promise.all(Array.from({ length: processes }, () => drain(waiting, outcomes)));
  return outcomes;
}

async function drain(waiting: Script[], outcomes: Map<string, string | undefined>): Promise<void> {
  let child: ChildProcess | undefined;
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    child ??= fork(join(import.meta.dirname, "run-snippets.mjs"), {
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      execArgv: [],
    });
    const error = await runOne(child, next);
    outcomes.set(next.name, error);
    if (error === undefined) continue;
    // What a failed snippet left behind must not disturb the next one.
    child.kill("SIGKILL");
    child = undefined;
  }
  child?.kill("SIGKILL");
}

function runOne(child: ChildProcess, script: Script): Promise<string | undefined> {
  return new Promise((resolve) => {
    const end = (error: string | undefined): void => {
      clearTimeout(timer);
      child.off("message", onMessage).off("exit", onExit);
      resolve(error);
    };
    const onMessage = (message: unknown): void => end((message as { error?: string }).error);
    const onExit = (code: number | null): void => end(`the process ended with code ${code ?? "none"}`);
    const timer = setTimeout(() => end(`it did not end within ${patience / 1000} s`), patience);
    child.on("message", onMessage).on("exit", onExit);
    child.send(script);
  });
}
