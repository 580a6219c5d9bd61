import { readFile } from "node:fs/promises";
import { InvalidArgumentError, Option, type Command } from "commander";
import { ChurnkitError } from "../../base/errors.js";
import { ioFailed } from "../../io/io-error.js";
import type { LoadedModel, Models } from "../../serving/models/index.js";
import { listen, listenGrpc, type Certificate } from "../../serving/hosts/index.js";
import { example } from "../help.js";
import { countOption } from "../input.js";
import { exit, note, print, reasonOf } from "../output.js";
import { rateOf, withConfig, type ServeConfig } from "../serve-config.js";
import { exposuresAt, servedModels, variantOf } from "../serve-models.js";
import { protectionOf } from "../serve-protection.js";
import { watchedHandler } from "../watched-handler.js";

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
    .option("--store <place>", "registry; <model> is then name@alias, or an alias, version or stage")
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
  const onError = (error: unknown): void => note(`churnkit: a request failed: ${reasonOf(error)}`);
  const handled: { watch?: (model: LoadedModel) => void } = {};
  const exposures = await exposuresAt(options.exposures, onError);
  const { models, close: closeModels } = await servedModels(words, options, {
    onChange: (model) => handled.watch?.(model),
    onExposure: exposures?.add,
  });
  const { name, version, scorer } = models.find() ?? {};
  const { middleware, cache, close: closeProtection } = await protectionOf(options, scorer?.contract);
  const { handler, watch, close } = await watchedHandler(models, options, {
    middleware,
    cache,
    maxBatch: options.maxBatch,
    onError,
  });
  handled.watch = watch;
  const { port, host: address, maxBodyBytes, requestTimeout } = options;
  const settings = {
    host: address,
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
  const stop = (): void => {
    closeModels();
    Promise.all([server.close(), secure?.close(), grpc?.close()])
      .then(close)
      .then(() => exposures?.close())
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
    {
      url: server.url,
      port: server.port,
      ...(secure === undefined ? {} : { tlsUrl: secure.url }),
      ...(grpc === undefined ? {} : { grpcPort: grpc.port }),
      name,
      version,
    },
    `serving ${options.onDemand === undefined ? named(models) : `models of ${options.onDemand}`} at ${server.url}${secure === undefined ? "" : ` and ${secure.url}`} (Ctrl-C ends it)`,
  );
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
