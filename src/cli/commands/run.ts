import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { ChurnkitError } from "../../base/errors.js";
import { parsePipeline, pipelineMermaid, runPipeline } from "../../jobs/index.js";
import { example } from "../help.js";
import { readJson } from "../json-file.js";
import { columns, note, print } from "../output.js";
import { modelIn, openRegistry, openStore, registryPlaces } from "../places.js";
import { tagOption } from "../registry-options.js";

interface Options {
  store: string;
  input?: Readonly<Record<string, string>>;
  registry?: string;
  model?: string;
  mermaid?: boolean;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command("run <pipeline>")
    .description("run a pipeline of jobs from a JSON file; reuses what an earlier run has made")
    .option("--store <place>", "where artifacts are kept: a folder or s3://bucket/prefix", "out/store")
    .option("--input <name=file>", "a file for an input of the pipeline; can be repeated", tagOption)
    .option("--registry <place>", `where the job register puts models: ${registryPlaces}`)
    .option("--model <name>", "the model's name in the registry; default: the only one there, or churn")
    .option("--mermaid", "print the pipeline as a Mermaid flowchart and run nothing")
    .option("--json", "print what was run as one line of JSON")
    .addHelpText("after", example("churnkit run pipeline.json --input customers=customers.csv --registry registry"))
    .action(run);
}

async function run(file: string, options: Options): Promise<void> {
  const { store, registry, model, mermaid, json } = options;
  const pipeline = await readJson(file, "The pipeline");
  if (mermaid) {
    process.stdout.write(pipelineMermaid(parsePipeline(pipeline)));
    return;
  }
  const inputs: Record<string, Uint8Array> = {};
  for (const [name, path] of Object.entries(options.input ?? {})) inputs[name] = await bytesOf(path);
  const done = await runPipeline(pipeline, {
    store: await openStore(store),
    inputs,
    registry: registry === undefined ? undefined : await openRegistry(registry, model ?? modelIn(registry)),
    onStep: ({ id, status, seconds }) =>
      note(`${id}: ${status}${status === "ran" ? ` in ${seconds.toFixed(1)} s` : ""}`),
  });
  const rows = Object.entries(done.artifacts).map(([name, { kind, sha256 }]) => [name, kind, `objects/${sha256}`]);
  print(json, done, columns([["artifact", "kind", `in ${store}`], ...rows]));
}

async function bytesOf(path: string): Promise<Uint8Array> {
  return readFile(path).catch((cause: unknown) => {
    throw new ChurnkitError("INPUT_NOT_FOUND", `The input ${path} cannot be read. Check the path.`, {
      where: { file: path },
      cause,
    });
  });
}
