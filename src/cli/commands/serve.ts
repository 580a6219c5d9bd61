import { InvalidArgumentError, Option, type Command } from "commander";
import { loadBundle } from "../../model/bundle/index.js";
import { filesStore } from "../../io/store/index.js";
import { loadForService, type LoadedModel } from "../../serving/models/index.js";
import { listen } from "../../serving/hosts/index.js";
import { example } from "../help.js";
import { exit, note, print, reasonOf } from "../output.js";
import { reference } from "../registry-options.js";
import { defaultModel, modelIn, openRegistry, registryPlaces } from "../places.js";
import { watchedHandler } from "../watched-handler.js";

interface Options {
  port: number;
  host: string;
  name?: string;
  modelVersion?: string;
  store?: string;
  model?: string;
  copies?: string;
  monitor?: number;
  capture?: string;
  monitorState?: string;
  json?: boolean;
  stopWithStdin?: boolean;
}

export function register(program: Command): void {
  program
    .command("serve <bundle>")
    .description("serve a model over HTTP: POST /predict and /batch-predict, GET /health, /metrics and /model-info")
    .option("--port <number>", "the port to listen on; 0 picks a free one", portOption, 8080)
    .option("--host <address>", "the address to listen on; 0.0.0.0 accepts requests from other machines", "127.0.0.1")
    .option("--name <name>", "the model's name in answers; default: the contract's")
    .option("--model-version <version>", "the model's version in answers; default: the bundle's hash, shortened")
    .option(
      "--store <place>",
      `serve from this registry, where <bundle> is a version, an alias or a stage: ${registryPlaces}`,
    )
    .option("--model <name>", `the model's name in that registry; ${defaultModel}`)
    .option("--copies <dir>", "keep copies of the served models here, to start from when the registry is down")
    .option(
      "--monitor <share>",
      "monitor this share of the requests, above 0 and up to 1; figures go to /metrics",
      shareOption,
    )
    .option(
      "--capture <file>",
      "append the monitored predictions to this file, for `churnkit monitor`; without --monitor, all of them",
    )
    .option("--monitor-state <file>", "save the monitors' counts here, and resume from them after a restart")
    .option("--json", "print the address as one line of JSON")
    // For a process that starts this one and holds its standard input: when that process ends, this one ends too.
    .addOption(new Option("--stop-with-stdin", "end when standard input does").hideHelp())
    .addHelpText("after", example("churnkit serve model --port 8080 --capture captured.jsonl"))
    .action(run);
}

async function run(bundle: string, options: Options): Promise<void> {
  const loaded =
    options.store === undefined ? await fromBundle(bundle) : await fromRegistry(options.store, bundle, options);
  const model = { ...loaded, name: options.name ?? loaded.name, version: options.modelVersion ?? loaded.version };
  const { name, version } = model;
  const onError = (error: unknown): void => note(`churnkit: a request failed: ${reasonOf(error)}`);
  const { handler, close } = await watchedHandler(model, options, onError);
  const server = await listen(handler, { port: options.port, host: options.host });
  const stop = (): void => {
    server
      .close()
      .then(close)
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

async function fromRegistry(store: string, version: string, { model, copies }: Options): Promise<LoadedModel> {
  const onProblem = (error: unknown): void => note(`churnkit: ${reasonOf(error)}`);
  return loadForService(await openRegistry(store, model ?? modelIn(store)), reference(version), {
    onProblem,
    ...(copies === undefined ? {} : { copies: filesStore(copies) }),
  });
}

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
