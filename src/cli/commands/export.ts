import type { Command } from "commander";
import { writeFile } from "node:fs/promises";
import { ChurnkitError } from "../../base/errors.js";
import { toJavaScript } from "../../export/index.js";
import { loadBundle } from "../../model/bundle/index.js";
import { example } from "../help.js";
import { print } from "../output.js";

interface Options {
  js?: string;
  int8?: boolean;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command("export <bundle>")
    .description("write a model in a form that scores without churnkit")
    .option("--js <file>", "a JavaScript module without imports")
    .option("--int8", "with --js: round the weights of networks to 8 bits")
    .option("--json", "print one line of JSON")
    .addHelpText("after", example("churnkit export model --js scorer.mjs"))
    .action(run);
}

async function run(bundle: string, options: Options): Promise<void> {
  const { js, int8 } = options;
  if (js === undefined) throw new ChurnkitError("OPTION_INVALID", "Name a file to write: --js scorer.mjs.");
  const { artifact } = await loadBundle(bundle);
  const files = [{ format: "js", file: js, content: toJavaScript(artifact, { int8: int8 ?? false }) }];
  for (const { file, content } of files) await writeFile(file, content);
  const written = files.map(({ format, file, content }) => ({ format, file, bytes: Buffer.byteLength(content) }));
  const lines = written.map(({ file, bytes }) => `wrote ${file} (${Math.ceil(bytes / 1000)} KB)`);
  print(options.json, { exported: written }, lines.join("\n"));
}
