import { InvalidArgumentError, Option, type Command } from "commander";
import { loadBundle } from "../../model/bundle/load.js";
import { filesStore } from "../../io/files-store.js";
import { createHandler, type Handler } from "../../serving/handler.js";
import { loadForService, type LoadedModel } from "../../serving/load-for-service.js";
import { prometheusMetrics } from "../../serving/metrics.js";
import { listen } from "../../serving/node-server.js";
import { withSink } from "../../serving/with-sink.js";
import { exit, note, print } from "../output.js";
import { reference } from "../registry-options.js";
import { openRegistry, registryPlaces } from "../places.js";

interface Options {
  port: number;
  host: string;
  name?: string;
  modelVersion?: string;
  store?: string;
  model: string;
  copies?: string;
  monitor?: number;
  capture?: string;
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
    .option("--store <place>", `serve a version of a registry, which <bundle> then names: ${registryPlaces}`)
    .option("--model <name>", "the model's name in that registry", "churn")
    .option("--copies <dir>", "keep copies of what is served here, to start from while the registry is down")
    .option("--monitor <share>", "watch this share of the requests, above 0 and up to 1; figures go to /metrics", shareOption)
    .option("--capture <file>", "keep the watched predictions here, for `churnkit monitor`; all of them without --monitor")
    .option("--json", "print the address as one line of JSON")
    // For a process that starts this one and holds its standard input: whatever ends that process ends this one.
    .addOption(new Option("--stop-with-stdin", "end when standard input does").hideHelp())
    .action(run);
}

async function run(bundle: string, options: Options): Promise<void> {
  const loaded = options.store === undefined ? await fromBundle(bundle) : await fromRegistry(options.store, bundle, options);
  const model = { ...loaded, name: options.name ?? loaded.name, version: options.modelVersion ?? loaded.version };
  const { name, version } = model;
  const onError = (error: unknown): void => note(`churnkit: a request failed: ${reasonOf(error)}`);
  const { handler, close } = await watchedHandler(model, options, onError);
  const server = await listen(handler, { port: options.port, host: options.host });
  const stop = (): void => void server.close().then(close).catch(onError).then(() => process.exit(exit.done));
  // Before the address is printed: whoever reads it may want to end this at once. A second signal ends it the hard way.
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  if (options.stopWithStdin) process.stdin.once("end", stop).once("error", stop).resume();
  print(options.json, { url: server.url, port: server.port, name, version }, `serving ${name} ${version} at ${server.url} (Ctrl-C ends it)`);
}

/** The handler, with the monitors behind it where they are asked for. */
async function watchedHandler(
  model: LoadedModel,
  { monitor, capture }: Options,
  onError: (error: unknown) => void,
): Promise<{ readonly handler: Handler; readonly close: () => Promise<void> }> {
  const metrics = prometheusMetrics(model.version);
  if (monitor === undefined && capture === undefined) return { handler: createHandler(model, { metrics, onError }), close: () => Promise.resolve() };
  const [{ createMonitor, monitorBaselineOf, monitorExplainer }, { captureToFile }, { withMonitor }, { prometheusSink }] = await Promise.all([
    import("../../drift/index.js"),
    import("../../serving/capture-file.js"),
    import("../../serving/monitor.js"),
    import("../../io/prometheus-sink.js"),
  ]);
  const baseline = monitorBaselineOf(model.artefact);
  const sink = prometheusSink();
  const watched = withMonitor(
    createHandler(model, { metrics: withSink(metrics, sink), onError }),
    createMonitor(baseline, { explainer: await monitorExplainer(model.artefact, baseline) }),
    { sample: monitor ?? 1, sink, labels: { model: model.name }, onError, ...(capture === undefined ? {} : { capture: captureToFile(capture) }) },
  );
  return { handler: watched, close: () => watched.close() };
}

async function fromBundle(path: string): Promise<LoadedModel> {
  const { artefact, scorer, manifest } = await loadBundle(path);
  return { artefact, scorer, name: scorer.contract.name, version: manifest.contentHash.slice(0, 12), source: "local" };
}

async function fromRegistry(store: string, version: string, { model, copies }: Options): Promise<LoadedModel> {
  const onProblem = (error: unknown): void => note(`churnkit: ${reasonOf(error)}`);
  return loadForService(await openRegistry(store, model), reference(version), { onProblem, ...(copies === undefined ? {} : { copies: filesStore(copies) }) });
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

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
