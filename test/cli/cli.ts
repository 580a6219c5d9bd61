import { spawn, type ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect } from "vitest";
import { ensureBuilt } from "../helpers/built.js";

const script = resolve(import.meta.dirname, "../../dist/cli.js");

await ensureBuilt();

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Starts the built command line, as a user's shell does. */
export function startCli(args: readonly string[], cwd: string, nodeOptions: readonly string[] = []): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [...nodeOptions, script, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  return { child, ended: new Promise((done) => child.on("close", (code) => done({ code, out, err }))) };
}

/** Runs the built command line in a folder until it ends. */
export const cli = (cwd: string, ...args: readonly string[]): Promise<Ended> => startCli(args, cwd).ended;

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

export const header = "id,tenure,plan,Churn";

/** Data rows of customers without a header: short tenures leave more often. */
export function rows(count: number, first = 0): string[] {
  return Array.from({ length: count }, (_, i) => {
    const id = first + i;
    const tenure = (id * 7919) % 72;
    const chance = (Math.imul(id + 1, 0x9e3779b1) >>> 8) % 100;
    return `${id},${tenure},${"abc"[(id * 31) % 3] ?? ""},${chance < (tenure < 24 ? 60 : 15) ? "Yes" : "No"}`;
  });
}

/** Writes lines, or bytes as they are, to a file in a folder; returns its name. */
export function put(folder: string, name: string, content: readonly string[] | Uint8Array): string {
  writeFileSync(join(folder, name), content instanceof Uint8Array ? content : `${content.join("\n")}\n`);
  return name;
}

/** The options that train the quickest model on {@link rows}. */
export const quick = ["--target", "Churn", "--positive", "Yes", "--id", "id", "--learner", "logistic"] as const;
