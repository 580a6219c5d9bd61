import { readFile } from "node:fs/promises";
import { InvalidArgumentError, Option, type Command } from "commander";
import { ChurnkitError } from "../../base/errors.js";
import { ioFailed } from "../../io/io-error.js";
import type { LoadedModel, Models } from "../../serving/models/index.js";
import { listen, listenGrpc, type Certificate, type ClusterWorker } from "../../serving/hosts/index.js";
import { example } from "../help.js";
import { countOption } from "../input.js";
import { exit, fail, note, reasonOf } from "../output.js";
import { rateOf, withConfig, type ServeConfig } from "../serve-config.js";
import { exposuresAt, servedModels, variantOf } from "../serve-models.js";
import { stopOnSignal, tell } from "../serve-process.js";
import { protectionOf, warnIfOpen } from "../serve-protection.js";
import { isWatched, watchedHandler, type WatchedHandler } from "../watched-handler.js";

interface Options extends ServeConfig {
  port: number;
  host: string;
  tlsPort: number;
  config?: string;
  json?: boolean;
  stopWithStdin?: boolean;
}

export function register(program: Command): void {
  program
    .command("serve [model...]")
    .description(
      "serve bundles, or versions of a registry such as churn@champion, over HTTP; GET /docs lists and tries all",
    )
    .addOption(
      new Option("--port <number>", "port; 0 picks a free one").argParser(portOption).default(8080).env("PORT"),
    )
    .option("--host <address>", "address; 0.0.0.0 for requests from other machines", "127.0.0.1")
    .option("--grpc-port <number>", "also serve the Open Inference Protocol over gRPC here", portOption)
    .option("--tls-cert <file>", "certificate chain, PEM: also serve HTTPS, and gRPC with TLS; needs --tls-key")
    .option("--tls-key <file>", "its private key, PEM")
    .option("--tls-port <number>", "port of HTTPS", portOption, 8443)
    .option("--name <name>", "the model's name in answers; default: the contract's")
    .option("--model-version <version>", "the model's version in answers; default: a hash")
    .option("--registry, --store <place>", "registry; <model> is then name@alias, or an alias, version or stage")
    .option("--model <name>", "the model's name in that registry")
    .option("--copies <dir>", "copies of models, to start from without the registry")
    .option("--on-demand <dir>", "begin without a model; POST /models loads bundles in this folder")
    .option("--watch <seconds>", "how often to look for another version; 0: never", secondsOption, 10)
    .option("--variant <ref=share>", "a version with a share of the requests; repeatable", variantOption)
    .option("--split-by <column>", "the column that decides who gets which variant")
    .option("--exposures <place>", "log who met which variant: a file, or s3://bucket/prefix")
    .option("--shadow <ref>", "a version to compare, on the requests that were answered")
    .option("--monitor <share>", "monitor this share of the requests, up to 1", shareOption)
    .option("--capture <file>", "append the monitored predictions to this file")
    .option("--monitor-state <file>", "keep the monitors' counts here over a restart")
    .option("--keys <file>", "API keys; default: the variable CHURNKIT_KEYS")
    .option("--rate-limit <rate>", "requests of each key or address, such as 100/s", rateOption)
    .option("--max-in-flight <number>", "most requests under way; default: 1000", countOption)
    .option("--max-connections <number>", "most connections at once", countOption)
    .option("--workers <number>", "processes that share the port; auto: one for each core", workersOption)
    .option("--cors <origins>", "web origins that may call, with commas; * for all", originsOption)
    .option("--log", "write a line of JSON for each request")
    .option("--config <file>", "these options and more as JSON")
    .option("--json", "print the address as one line of JSON")
    // For a process that starts this one and holds its standard input: when that process ends, this one ends too.
    .addOption(new Option("--stop-with-stdin", "end when standard input does").hideHelp())
    .addHelpText(
      "after",
      example(
        "churnkit serve model --port 8080 --capture captured.jsonl\n  churnkit serve churn@champion --store registry --watch 5",
      ),
    )
    .action(run);
}

async function run(words: readonly string[], given: Options, command: Command): Promise<void> {
  const options = await withConfig(given.config, given, command);
  try {
    if (options.workers === undefined) return await serve(words, options);
    const { isWorker, serveByWorkers, shareOfWorker } = await import("../serve-workers.js");
    if (!isWorker()) return await serveByWorkers(words, options);
    const { clusterWorker } = await import("../../serving/hosts/index.js");
    await serve(words, shareOfWorker(options), clusterWorker());
  } catch (error) {
    // A port that is open already, or a worker's channel, would keep this process.
    process.exit(fail(error));
  }
}

/** Serves from this process, alone or as one of several workers. */
async function serve(words: readonly string[], options: Options, worker?: ClusterWorker): Promise<void> {
  const onError = (error: unknown): void => note(`churnkit: a request failed: ${reasonOf(error)}`);
  const handled: { watch?: (model: LoadedModel) => void } = {};
  // A file has one writer: a worker hands its exposures to the primary.
  const exposures = worker === undefined ? await exposuresAt(options.exposures, onError) : undefined;
  const served = await servedModels(words, options, {
    onChange(model, said) {
      handled.watch?.(model);
      // The primary says it once for all workers.
      if (worker === undefined) note(said);
      else worker.changed(said);
    },
    onExposure: options.exposures === undefined ? undefined : (worker?.exposed ?? exposures?.add),
  });
  const { models } = served;
  const { name, version, scorer } = models.find() ?? {};
  if (worker === undefined) warnIfOpen(options);
  const { middleware, cache, close: closeProtection } = await protectionOf(options, scorer?.contract, worker?.counted);
  const handling = { middleware, cache, maxBatch: options.maxBatch, onError };
  const { handler, watch, close }: WatchedHandler =
    worker === undefined
      ? await watchedHandler(models, options, handling)
      : {
          ...worker.handler(models, handling, isWatched(options) ? (options.monitor ?? 1) : undefined),
          watch: () => undefined,
        };
  handled.watch = watch;
  const { port, host: address, maxBodyBytes, requestTimeout, maxConnections } = options;
  const settings = {
    host: address,
    maxConnections,
    ...(maxBodyBytes === undefined ? {} : { maxBodyBytes }),
    ...(requestTimeout === undefined ? {} : { requestTimeout }),
  };
  const tls = await certificateOf(options);
  const server = await listen(handler, { ...settings, port });
  const secure = tls && (await listen(handler, { ...settings, port: options.tlsPort, tls }));
  const grpc =
    options.grpcPort === undefined
      ? undefined
      : await listenGrpc(handler, { port: options.grpcPort, host: address, maxBodyBytes, tls });
  let stopping: Promise<void> | undefined;
  const stop = (): void => {
    served.close();
    stopping ??= Promise.all([server.close(), secure?.close(), grpc?.close()])
      .then(close)
      .then(() => exposures?.close())
      .then(closeProtection)
      .catch(onError)
      .finally(() => process.exit(exit.done));
  };
  const told = {
    result: {
      url: server.url,
      port: server.port,
      ...(secure === undefined ? {} : { tlsUrl: secure.url }),
      ...(grpc === undefined ? {} : { grpcPort: grpc.port }),
      name,
      version,
    },
    text: `serving ${options.onDemand === undefined ? named(models) : `models of ${options.onDemand}`} at ${server.url}${secure === undefined ? "" : ` and ${secure.url}`}`,
  };
  // Before the address is printed, because its reader may want to end this process at once.
  stopOnSignal(stop, options);
  if (worker === undefined) tell(options, told);
  else worker.listens(told, { stop, refresh: served.refresh });
}

const named = (models: Models): string =>
  models
    .names()
    .map((name) => `${name} ${models.find(name)?.version ?? ""}`)
    .join(", ");

/** The certificate, its key and the authorities of clients, read once. */
async function certificateOf({ tlsCert, tlsKey, tlsClientCa }: Options): Promise<Certificate | undefined> {
  if (tlsCert === undefined && tlsKey === undefined && tlsClientCa === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined)
    throw new ChurnkitError(
      "OPTION_INVALID",
      "HTTPS needs both a certificate and its key. Give --tls-cert and --tls-key.",
    );
  const read = (path: string): Promise<Buffer> =>
    readFile(path).catch((cause: unknown) => {
      throw ioFailed("read", path, cause);
    });
  const clientCa = tlsClientCa === undefined ? undefined : await read(tlsClientCa);
  return { cert: await read(tlsCert), key: await read(tlsKey), clientCa };
}

function secondsOption(text: string): number {
  const seconds = Number(text);
  if (text.trim() === "" || !(seconds >= 0 && seconds <= 86_400))
    throw new InvalidArgumentError("It must be a number of seconds from 0 to 86400.");
  return seconds;
}

function variantOption(text: string, before: readonly string[] = []): readonly string[] {
  if (variantOf(text) === undefined) throw new InvalidArgumentError("Write it as ref=share, such as challenger=0.1.");
  return [...before, text];
}

function rateOption(text: string): string {
  if (rateOf(text) === undefined) throw new InvalidArgumentError("It must be a rate such as 100/s, 100/min or 100/h.");
  return text;
}

function workersOption(text: string): number | "auto" {
  if (text === "auto") return text;
  const workers = Number(text);
  if (!/^\d+$/.test(text) || workers < 1 || workers > 256)
    throw new InvalidArgumentError("It must be auto or a whole number from 1 to 256.");
  return workers;
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
