import { InvalidArgumentError, Option, type Command } from "commander";
import { loadBundle } from "../../model/bundle/load.js";
import { createHandler } from "../../serving/handler.js";
import { prometheusMetrics } from "../../serving/metrics.js";
import { listen } from "../../serving/node-server.js";
import { exit, note, print } from "../output.js";

interface Options {
  port: number;
  host: string;
  name?: string;
  modelVersion?: string;
  json?: boolean;
  stopWithStdin?: boolean;
}

export function register(program: Command): void {
  program
    .command("serve <bundle>")
    .description("answer POST /predict, POST /batch-predict, GET /health, GET /metrics, GET /model-info")
    .option("--port <number>", "0 picks a free one", portOption, 8080)
    .option("--host <address>", "0.0.0.0 to be reached from other machines", "127.0.0.1")
    .option("--name <name>", "the model's name in answers; default the contract's")
    .option("--model-version <version>", "the model's version in answers; default from the bundle's hash")
    .option("--json", "print the address as one line of JSON")
    // For a process that starts this one and holds its standard input: whatever ends that process ends this one.
    .addOption(new Option("--stop-with-stdin", "end when standard input does").hideHelp())
    .action(run);
}

async function run(bundle: string, options: Options): Promise<void> {
  const { scorer, manifest } = await loadBundle(bundle);
  const name = options.name ?? scorer.contract.name;
  const version = options.modelVersion ?? manifest.contentHash.slice(0, 12);
  const onError = (error: unknown): void => note(`churnkit: a request failed: ${error instanceof Error ? error.message : String(error)}`);
  const handler = createHandler({ scorer, name, version, source: "local" }, { metrics: prometheusMetrics(version), onError });
  const server = await listen(handler, { port: options.port, host: options.host });
  const stop = (): void => void server.close().then(() => process.exit(exit.done));
  // Before the address is printed: whoever reads it may want to end this at once. A second signal ends it the hard way.
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  if (options.stopWithStdin) process.stdin.once("end", stop).once("error", stop).resume();
  print(options.json, { url: server.url, port: server.port, name, version }, `serving ${name} ${version} at ${server.url} (Ctrl-C ends it)`);
}

function portOption(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) throw new InvalidArgumentError("It must be a whole number from 0 to 65535.");
  return port;
}
