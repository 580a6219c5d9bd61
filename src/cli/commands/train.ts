import type { Command } from "commander";
import { defineFeatures } from "../../data/features/define.js";
import { splitByRowNumbers } from "../../data/split.js";
import type { Table } from "../../data/table/table.js";
import { labels } from "../../data/table/labels.js";
import type { QualityRule } from "../../data/quality/rules.js";
import { validateTable } from "../../data/quality/validate.js";
import type { Facet } from "../../drift/bias/facets.js";
import { checkFacets, monitorBaseline } from "../../drift/monitor/baseline.js";
import { watchedArtefact } from "../../drift/monitor/from-training.js";
import { withMonitorBaseline } from "../../drift/monitor/parse-baseline.js";
import type { Artefact } from "../../model/artefact.js";
import { checkBundleTarget, saveBundle } from "../../model/bundle/save.js";
import type { AutoChoice } from "../../model/auto-learner.js";
import { evaluate } from "../../model/evaluate/evaluate.js";
import { learnerNamed, learnerNames } from "../../model/learners.js";
import type { ChurnNetworkOptions } from "../../model/network/churn-network.js";
import { train, type TrainedModel } from "../../model/train.js";
import { ChurnkitError } from "../../base/errors.js";
import { gitCommit } from "../git.js";
import { columnsOption, contractOptions, countOption, readInput, seedOption, type ContractArguments } from "../input.js";
import { columns, note, print, shown } from "../output.js";
import { trainingProgress } from "../progress.js";
import { metricFields } from "../metric-fields.js";
import { modelName, networkCount } from "../model-name.js";
import { readRows } from "../row-numbers.js";

interface Options extends ContractArguments {
  out: string;
  learner: string;
  testRows?: string;
  seed: number;
  single?: boolean;
  epochs?: number;
  patience?: number;
  checkpoint?: string;
  facets?: readonly string[];
  json?: boolean;
}

export function register(program: Command): void {
  contractOptions(program.command("train <file>").description("train a model on a file and save it as a bundle"))
    .requiredOption("--out <dir>", "the bundle: a folder, or a file ending in .tar.gz")
    .option("--learner <name>", `${learnerNames.join(" | ")}`, "network")
    .option("--single", "train one network instead of an ensemble")
    .option("--epochs <number>", "the most epochs a network trains for", countOption)
    .option("--patience <number>", "epochs without a better validation loss before a network stops", countOption)
    .option("--test-rows <file>", "JSON array of 0-based data rows kept out of training, for the printed test metrics")
    .option("--facets <columns>", "columns whose groups the bias monitor compares, separated by commas", columnsOption)
    .option("--seed <number>", "seed of splits, weights and dropout", seedOption, 0)
    .option("--checkpoint <dir>", "leave the state here, and go on from it if training was interrupted")
    .option("--json", "print one line of JSON")
    .action(run);
}

/** What deserves a warning before a training: the rest is for `churnkit validate` to tell. */
const warned: ReadonlySet<QualityRule> = new Set(["leak", "duplicateId", "allMissing", "constant", "imbalance"]);

async function run(file: string, options: Options): Promise<void> {
  const started = performance.now();
  const learner = learnerNamed(options.learner, networkOptions(options));
  if (options.target === undefined && options.contract === undefined) {
    throw new ChurnkitError("OPTION_INVALID", "Say which column to predict: --target COLUMN --positive VALUE, or --contract FILE with a target.");
  }
  await checkBundleTarget(options.out);
  const testRows = options.testRows === undefined ? undefined : await readRows(options.testRows);
  const table = await readInput(file, options, { target: "required", ragged: "reject-row" });
  const { training, test } = testRows ? holdOut(table, testRows, options.testRows) : { training: table, test: undefined };
  const facets = (options.facets ?? []).map((column): Facet => ({ column }));
  checkFacets(training, facets);
  for (const { rule, message } of validateTable(training).findings) {
    if (warned.has(rule)) note(`warning: ${message}`);
  }
  const checkpoint = options.checkpoint ? (await import("../../io/files-store.js")).filesStore(options.checkpoint) : undefined;
  const model = await train(defineFeatures(table.contract), training, {
    learner,
    seed: options.seed,
    onProgress: trainingProgress(),
    ...(checkpoint ? { checkpoint } : {}),
    ...optional("gitCommit", await gitCommit()),
  });
  await saveBundle(await watched(model, training, test, facets), options.out);
  const seconds = Number(((performance.now() - started) / 1000).toFixed(3));
  const judge = (one: TrainedModel) => metricFields(test ? evaluate(one, test, { bootstrap: false }) : one.heldOut);
  const networks = networkCount(model.artefact.model);
  const { learner: chosen, parameters } = model.artefact.provenance;
  const auto = learner.name === "auto" ? (parameters["auto"] as AutoChoice) : undefined;
  const rival = model.baseline;
  print(
    options.json,
    {
      learner: chosen,
      ...optional("auto", auto),
      networks,
      rows: training.rows,
      rejected: table.rejected.length,
      seconds,
      judgedOn: test ? "test rows" : "held-out rows",
      test: judge(model),
      // Logistic regression is its own baseline.
      baseline: { learner: "logistic", test: judge(rival ?? model) },
      bundle: options.out,
    },
    (auto ? `chose ${chosen}: ${auto.reason}\n\n` : "") + describe(model, test ? "test rows" : "held-out rows", networks, judge, options.out, seconds),
  );
}

/** The bundle with its monitors' baseline: of the test rows where there are some, else out of fold. */
async function watched(model: TrainedModel, training: Table, test: Table | undefined, facets: readonly Facet[]): Promise<Artefact> {
  const { artefact } = model;
  if (test === undefined) return watchedArtefact(model, training, { facets });
  return withMonitorBaseline(artefact, await monitorBaseline({ artefact, table: test, facets }));
}

function networkOptions({ learner, single, epochs, patience }: Options): ChurnNetworkOptions {
  const given = [single && "--single", epochs !== undefined && "--epochs", patience !== undefined && "--patience"].find(Boolean);
  if (given && ["logistic", "forest", "boosting"].includes(learner)) {
    throw new ChurnkitError("OPTION_INVALID", `${given} is about networks, and --learner ${learner} trains none. Leave it out, or take --learner network or auto.`);
  }
  return { ...(single ? { members: 1 } : {}), ...optional("epochs", epochs), ...optional("patience", patience) };
}

const optional = <Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } =>
  (value === undefined ? {} : { [key]: value }) as { [K in Key]?: Value };

function describe(
  model: TrainedModel,
  judgedOn: string,
  networks: number,
  judge: (model: TrainedModel) => ReturnType<typeof metricFields>,
  out: string,
  seconds: number,
): string {
  const title = modelName(model.artefact.provenance.learner, networks);
  const models = [model, ...(model.baseline ? [model.baseline] : [])];
  const scores = models.map(judge);
  const table = columns([
    [`on ${judgedOn}`, title, ...(model.baseline ? ["logistic"] : [])],
    ...(["auc", "averagePrecision", "logLoss", "brier", "calibrationError", "accuracy", "f1", "threshold"] as const).map((key) => [
      key,
      ...scores.map((score) => shown(score[key])),
    ]),
  ]);
  return `${table}\n\nsaved ${out} after ${seconds.toFixed(1)} s; next: churnkit predict ${out} FILE --out scores.csv`;
}

/** Parts the test rows from the others; both parts must hold both classes, which is told before the training. */
function holdOut(table: Table, rows: readonly number[], file = ""): { training: Table; test: Table } {
  const { inside, outside } = splitByRowNumbers(table, rows);
  const test = { ...inside, source: `${table.source} (rows of ${file})` };
  const training = { ...outside, source: `${table.source} (rows not in ${file})` };
  for (const part of [test, training]) labels(part);
  return { training, test };
}
