import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { transformSync } from "esbuild";
import { root } from "./snippets.js";

/** Type-checks files below a folder as one program with the project's own settings; what is wrong, by file. */
export async function typeErrors(folder: string, files: readonly string[]): Promise<Map<string, string[]>> {
  const config = join(folder, "tsconfig.json");
  const settings = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: { moduleDetection: "force" },
    files: [...files, join(import.meta.dirname, "ambient.d.ts")],
    include: [],
  };
  writeFileSync(config, JSON.stringify(settings));
  const errors = new Map<string, string[]>();
  let last: string[] = [];
  for (const line of (await diagnostics(config)).split("\n").filter((line) => line !== "")) {
    const [, path, number = "", message = line] = /^(.+)\((\d+),\d+\): error (.*)$/.exec(line) ?? [];
    // What is indented goes on with the error before it.
    if (path === undefined && line.startsWith(" ")) {
      last.push(`${last.pop() ?? ""}\n${line}`);
      continue;
    }
    const place = path === undefined ? "" : resolve(root, path);
    last = errors.get(place) ?? [];
    errors.set(place, last);
    last.push(path === undefined ? message : `line ${number}: ${message}`);
  }
  return errors;
}

/** What the compiler prints. */
const diagnostics = (config: string): Promise<string> =>
  new Promise((done) => {
    const tsc = join(root, "node_modules/.bin/tsc");
    execFile(tsc, ["-p", config, "--pretty", "false"], { cwd: root }, (error, stdout, stderr) => {
      done(stdout === "" && error !== null ? `${error.message}${stderr}` : stdout);
    });
  });

/** The JavaScript of a snippet. */
export function toJavaScript(code: string): string {
  const tsconfigRaw = { compilerOptions: { verbatimModuleSyntax: true } };
  return transformSync(code, { loader: "ts", format: "esm", target: "es2022", tsconfigRaw }).code;
}
