import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { csvLine } from "../../src/data/table/csv-line.js";
import { syntheticContract, syntheticCustomers } from "../../src/data/synthetic.js";
import { newFolder } from "../helpers/folder.js";

const script = resolve(import.meta.dirname, "../../dist/churnkit-container.js");

export const contract = JSON.stringify(syntheticContract);
export const { records } = syntheticCustomers({ rows: 600, seed: 3 });

export const csv = (rows: readonly object[]): string =>
  [Object.keys(records[0] ?? {}), ...rows.map(Object.values)].map((row) => csvLine(row as string[])).join("");
export const jsonLines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

/** A folder in place of /opt/ml with these files; a value that is no text is written as JSON. */
export function newRoot(files: Readonly<Record<string, unknown>>): string {
  const root = newFolder();
  put(root, files);
  return root;
}

export function put(root: string, files: Readonly<Record<string, unknown>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    const isBytes = typeof content === "string" || content instanceof Uint8Array;
    writeFileSync(join(root, path), isBytes ? content : JSON.stringify(content));
  }
}

export const read = (root: string, path: string): string => readFileSync(join(root, path), "utf8");
export const json = <T = Record<string, never>>(root: string, path: string): T => JSON.parse(read(root, path)) as T;

/** The files below a folder by their paths; none if it is absent. */
export function filesOf(folder: string): Map<string, Buffer> {
  let entries;
  try {
    entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch {
    return new Map();
  }
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(files.sort().map((file) => [relative(folder, file), readFileSync(file)]));
}

/** Starts the image's entry. */
export function start(root: string, words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child: ChildProcess = spawn(process.execPath, [script, ...words], {
    env: { ...process.env, CHURNKIT_ROOT: root, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (err += text));
  return {
    child,
    /** Waits until stdout has this. */
    said: (wanted: RegExp): Promise<RegExpExecArray> =>
      new Promise((found, failed) => {
        const look = (): void => {
          const match = wanted.exec(out);
          if (match) found(match);
        };
        child.stdout?.on("data", look);
        child.once("close", () => failed(new Error(`It ended before it said ${String(wanted)}: ${out} ${err}`)));
        look();
      }),
    ended: new Promise<{ code: number | null; out: string; err: string }>((done) =>
      child.on("close", (code) => done({ code, out, err })),
    ),
  };
}

export const run = (root: string, ...words: readonly string[]) => start(root, words).ended;
