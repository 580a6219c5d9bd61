import { InvalidArgumentError, Option, type Command } from "commander";
import { loadBundle } from "../../model/bundle/index.js";
import { filesStore } from "../../io/store/index.js";
import { loadForService, type LoadedModel } from "../../serving/models/index.js";
import { listen } from "../../serving/hosts/index.js";
import { example } from "../help.js";
import { countOption } from "../input.js";
import { exit, note, print, reasonOf } from "../output.js";
import { reference } from "../registry-options.js";
import { modelIn, openRegistry } from "../places.js";
import { rateOf, withConfig, type ServeConfig } from "../serve-config.js";
import { protectionOf } from "../serve-protection.js";
import { watchedHandler } from "../watched-handler.js";

interface Options extends ServeConfig {
  port: number;
  host: string;
  config?: string;
  json?: boolean;
  stopWithStdin?: boolean;
}

export function register(program: Command): void {
  program
    .command("serve <bundle>")
    .description(
      "serve a model over HTTP: POST /predict and /batch-predict, GET /health and /metrics; GET /docs lists and tries all",
    )
    .option("--port <number>", "port; 0 picks a free one", portOption, 8080)
    .option("--host <address>", "address; 0.0.0.0 for requests from other machines", "127.0.0.1")
    .option("--name <name>", "the model's name in answers; default: the contract's")
    .option("--model-version <version>", "the model's version in answers; default: a hash")
    .option("--store <place>", "registry; <bundle> is then a version, alias or stage")
    .option("--model <name>", "the model's name in that registry")
    .option("--copies <dir>", "copies of models, to start from without the registry")
    .option("--monitor <share>", "monitor this share of the requests, up to 1", shareOption)
    .option("--capture <file>", "append the monitored predictions to this file")
    .option("--monitor-state <file>", "keep the monitors' counts here over a restart")
    .option("--keys <file>", "API keys; default: the variable CHURNKIT_KEYS")
    .option("--rate-limit <rate>", "requests of each key or address, such as 100/s", rateOption)
    .option("--max-in-flight <number>", "most requests under way; default: 1000", countOption)
    .option("--cors <origins>", "web origins that may call, with commas; * for all", originsOption)
    .option("--log", "write a line of JSON for each request")
    .option("--config <file>", "these options and more as JSON")
    .option("--json", "print the address as one line of JSON")
    // For a process that starts this one and holds its standard input: when that process ends, this one ends too.
    .addOption(new Option("--stop-with-stdin", "end when standard input does").hideHelp())
    .addHelpText("after", example("churnkit serve model --port 8080 --capture captured.jsonl"))
    .action(run);
}

async function run(bundle: string, given: Options, command: Command): Promise<void> {
  const options = await withConfig(given.config, given, command);
  const loaded =
    options.store === undefined ? await fromBundle(bundle) : await fromRegistry(options.store, bundle, options);
  const model = { ...loaded, name: options.name ?? loaded.name, version: options.modelVersion ?? loaded.version };
  const { name, version } = model;
  const onError = (error: unknown): void => note(`churnkit: a request failed: ${reasonOf(error)}`);
  const { middleware, cache, close: closeProtection } = await protectionOf(options, model.scorer.contract);
  const { handler, close } = await watchedHandler(model, options, {
    middleware,
    cache,
    maxBatch: options.maxBatch,
    onError,
  });
  const { port, host, maxBodyBytes } = options;
  const server = await listen(handler, { port, host, ...(maxBodyBytes === undefined ? {} : { maxBodyBytes }) });
  const stop = (): void => {
    server
      .close()
      .then(close)
      .then(closeProtection)
      .catch(onError)
      .finally(() => process.exit(exit.done));
  };
  // Before the address is printed, because its reader may want to end this process at once. A second signal kills it.
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  if (options.stopWithStdin) process.stdin.once("end", stop).once("error", stop).resume();
  print(
    options.json,
    { url: server.url, port: server.port, name, version },
    `serving ${name} ${version} at ${server.url} (Ctrl-C ends it)`,
  );
}

async function fromBundle(path: string): Promise<LoadedModel> {
  const { artifact, scorer, manifest } = await loadBundle(path);
  return { artifact, scorer, name: scorer.contract.name, version: manifest.contentHash.slice(0, 12), source: "local" };
}

async function fromRegistry(store: string, version: string, { model, copies }: ServeConfig): Promise<LoadedModel> {
  const onProblem = (error: unknown): void => note(`churnkit: ${reasonOf(error)}`);
  return loadForService(await openRegistry(store, model ?? modelIn(store)), reference(version), {
    onProblem,
    ...(copies === undefined ? {} : { copies: filesStore(copies) }),
  });
}

function rateOption(text: string): string {
  if (rateOf(text) === undefined) throw new InvalidArgumentError("It must be a rate such as 100/s, 100/min or 100/h.");
  return text;
}

const originsOption = (text: string): string[] => text.split(",").map((origin) => origin.trim());

function shareOption(text: string): number {
  const share = Number(text);
  if (!(share > 0 && share <= 1)) throw new InvalidArgumentError("It must be a number above 0 and up to 1.");
  return share;
}

function portOption(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) throw new InvalidArgumentError("It must be a whole number from 0 to 65535.");
  return port;
}
