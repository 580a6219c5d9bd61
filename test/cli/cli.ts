import { spawn, type ChildProcess } from "node:child_process";
import { resolve } from "node:path";
import { expect } from "vitest";
import { endWith, run } from "../../src/cli/program.js";
import { ensureBuilt } from "../helpers/built.js";
import { captured } from "../helpers/run-verb.js";

export { header, put, quick, rows } from "./customers.js";

/** The built command line. */
export const script = resolve(import.meta.dirname, "../../dist/cli.js");

await ensureBuilt();

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Starts the built command line, as a user's shell does. */
export function startCli(
  args: readonly string[],
  cwd: string,
  nodeOptions: readonly string[] = [],
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [...nodeOptions, script, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  return { child, ended: new Promise((done) => child.on("close", (code) => done({ code, out, err }))) };
}

/** Runs the built command line in a folder until it ends. */
export const cli = (cwd: string, ...args: readonly string[]): Promise<Ended> => startCli(args, cwd).ended;

/**
 * Runs the same command line in a folder, but from the sources and in this process: a process for each run costs more than most
 * runs. One at a time.
 */
export async function cliHere(cwd: string, ...args: readonly string[]): Promise<Ended> {
  const home = process.cwd();
  process.chdir(cwd);
  try {
    const { code, ...written } = await captured(() => run(args).catch(endWith));
    return { ...written, code: Number(code ?? 0) };
  } finally {
    process.chdir(home);
  }
}

/** The one line of JSON that `--json` prints; nothing else may be on stdout. */
export function json(ended: Ended): Record<string, unknown> {
  expect(ended.out, ended.err).toMatch(/^\{.*\}\n$/);
  return JSON.parse(ended.out) as Record<string, unknown>;
}

/** The last line of stderr: the error. There is no stack trace, and nothing is on stdout. */
export function errorLine({ out, err }: Ended): string {
  expect(out).toBe("");
  expect(err).not.toMatch(/^\s+at /m);
  const lines = err.trimEnd().split("\n");
  const [last = ""] = lines.slice(-1);
  expect(last).toMatch(/^churnkit: /);
  expect(lines.filter((line) => line.startsWith("churnkit: "))).toHaveLength(1);
  return last;
}
