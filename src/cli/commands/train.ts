import { basename } from "node:path";
import type { Command } from "commander";
import { defineFeatures } from "../../data/features/index.js";
import type { QualityRule } from "../../data/contract/index.js";
import { validateTable } from "../../data/quality/index.js";
import type { Facet } from "../../monitor/bias/index.js";
import { checkFacets } from "../../monitor/baseline/index.js";
import { packArchive, toBundleFiles } from "../../model/bundle/index.js";
import {
  type AutoChoice,
  type AutoSettings,
  learnerNamed,
  learnerNames,
  train,
  type TrainedModel,
} from "../../model/training/index.js";
import { chanceNote, evaluate, flatMetrics, oneClassNote } from "../../model/evaluate/index.js";
import { trainingLog } from "../../tracking/autolog/index.js";
import type { TrackedRun } from "../../tracking/index.js";
import type { ChurnNetworkOptions } from "../../model/kinds/index.js";
import { ChurnkitError } from "../../base/errors.js";
import { durationOption, interruptible } from "../budget.js";
import { gitCommit } from "../git.js";
import { decisionOptions, thresholdRule } from "../decision-options.js";
import { example } from "../help.js";
import { holdOut, holdOutOptions, type HoldOutOptions, trainingRowsText } from "../hold-out.js";
import { columnsOption, countOption, seedOption } from "../input.js";
import { adviseOnLeaks } from "../leak-advice.js";
import { columns, exit, note, print, shown } from "../output.js";
import { trainingProgress } from "../progress.js";
import { metricFields } from "../metric-fields.js";
import { modelName, networkCount } from "../model-name.js";
import { saveModel } from "../save-model.js";
import { trackOptions, withRun } from "../trackers.js";
import { readTrainingRows, trainingOptions, type TrainingArguments } from "../training-options.js";

interface Options extends TrainingArguments, HoldOutOptions {
  learner: string;
  testRows?: string;
  single?: boolean;
  presets?: number | readonly number[];
  maxLatency?: number;
  distill?: boolean;
  epochs?: number;
  patience?: number;
  checkpoint?: string;
  facets?: readonly string[];
}

export function register(program: Command): void {
  const command = trainingOptions(
    program.command("train <file>").description("train a model on a file and save it as a bundle"),
  );
  holdOutOptions(command).option(
    "--test-rows <file>",
    "JSON array of 0-based row numbers to keep out of training and test on, instead of --test",
  );
  decisionOptions(command, "the one with the best F1 on held-out rows")
    .option("--learner <name>", `the kind of model: ${learnerNames.join(", ")} (auto makes a stack of them)`, "network")
    .option("--single", "train one network instead of an ensemble")
    .option("--epochs <number>", "maximum number of epochs of a network", countOption)
    .option(
      "--patience <number>",
      "stop a network after this many epochs without a better validation loss",
      countOption,
    )
    .option(
      "--presets <numbers>",
      "with auto: how many learners to try, whatever the time they take; for several classes also one number each, such as 7,6,7",
      presetsOption,
    )
    .option(
      "--max-latency <microseconds>",
      "with auto: the longest time for scoring one record, by a table of operations",
      countOption,
    )
    .option("--distill", "with auto: replace the stack by one network that learns its probabilities")
    .option("--facets <columns>", "columns whose groups the bias monitor compares, separated by commas", columnsOption)
    .option("--seed <number>", "seed of splits, weights and dropout", seedOption, 0)
    .option(
      "--budget <time>",
      "stop training after this time, such as 90s, 10m, 1h30m or 2d, and keep the best model so far; auto has a minute, or up to five for large tables",
      durationOption,
    )
    .option("--checkpoint <dir>", "save the state of training here, and resume from it after an interruption");
  trackOptions(command)
    .option("--json", "print one line of JSON")
    .addHelpText("after", example("churnkit train customers.csv --contract churn.contract.json --test 0.2 --out model"))
    .action(run);
}

const mostNotes = 5;

/** Where the provenance has the choices of auto: that of two classes, or that of each of several. */
interface AutoChoices {
  readonly auto: AutoChoice;
  readonly classes: readonly Pick<AutoChoices, "auto">[];
}

/** Rules that deserve a warning before training; `churnkit validate` reports the rest. */
const warned: ReadonlySet<QualityRule> = new Set(["leak", "duplicateId", "allMissing", "constant", "imbalance"]);

const run = (file: string, options: Options, command: Command): Promise<void> =>
  withRun(options, { name: `${options.learner} on ${basename(file)}`, command: "train" }, (tracked) =>
    trainFile(file, options, command, tracked),
  );

async function trainFile(
  file: string,
  options: Options,
  command: Command,
  tracked: TrackedRun | undefined,
): Promise<void> {
  const started = performance.now();
  const learner = learnerNamed(options.learner, { ...networkOptions(options), ...autoOptions(options) });
  const table = await readTrainingRows(file, options);
  const { training, test } = (await holdOut(table, options)) ?? { training: table, test: undefined };
  const facets = (options.facets ?? []).map((column): Facet => ({ column }));
  checkFacets(training, facets);
  const findings = validateTable(training).findings.filter(({ rule }) => warned.has(rule));
  for (const { message } of findings) note(`warning: ${message}`);
  adviseOnLeaks(findings, command);
  const { learners } = learner.parameters;
  if (Array.isArray(learners))
    note(`${learner.name} tries ${learners.join(", ")} in that order, and makes a stack of those that help`);
  const { budget, interrupted, release } = interruptible(options.budget);
  const model = await train(defineFeatures(table.contract), training, {
    learner,
    seed: options.seed,
    onProgress: trainingProgress(),
    budget,
    ...optional("threshold", thresholdRule(options)),
    checkpoint: options.checkpoint,
    ...optional("gitCommit", await gitCommit()),
    // The bundle that is saved, with the baseline of its monitors, is logged below.
    tracker: tracked && { observe: (begin) => trainingLog(tracked, begin, { bundle: false }) },
  });
  release();
  tellFeatures(model.notes);
  if (interrupted()) process.exitCode = exit.interrupted;
  const rows = trainingRowsText(file, options);
  const { artifact, trainingRun } = await saveModel(model, { training, test, facets, rows }, options.out);
  const seconds = Number(((performance.now() - started) / 1000).toFixed(3));
  const judged = test ? evaluate(model, test) : model.heldOut;
  if (tracked !== undefined) {
    if (test !== undefined) tracked.logMetrics(flatMetrics(judged, "test/"));
    await tracked.logArtifact("model.tar.gz", await packArchive(await toBundleFiles(artifact, { trainingRun })));
  }
  const notes = [oneClassNote(judged), chanceNote(judged), ...capNotes(model, interrupted(), options)].filter(
    (text) => text !== undefined,
  );
  const judge = (one: TrainedModel) =>
    metricFields(one === model ? judged : test ? evaluate(one, test, { bootstrap: false }) : one.heldOut);
  const networks = networkCount(model.artifact.model);
  const { learner: chosen, parameters } = model.artifact.provenance;
  const choices = learner.name === "auto" ? choicesOf(parameters, table.contract.target?.classes ?? []) : [];
  const rival = model.baseline;
  print(
    options.json,
    {
      learner: chosen,
      ...optional("auto", parameters["auto"] ?? (choices.length > 0 ? choices.map(({ choice }) => choice) : undefined)),
      networks,
      rows: training.rows,
      rejected: table.rejected.length,
      seconds,
      judgedOn: test ? "test rows" : "held-out rows",
      test: judge(model),
      caps: model.caps,
      notes,
      // Logistic regression is its own baseline.
      ...(rival || chosen === "logistic" ? { baseline: { learner: "logistic", test: judge(rival ?? model) } } : {}),
      bundle: options.out,
    },
    choices.map(({ of, choice }) => `${of}${stackText(choice)}\n\n`).join("") +
      notes.map((text) => `${text}\n\n`).join("") +
      describe(
        model,
        test ? "test rows" : "held-out rows",
        judge,
        `saved ${options.out} after ${seconds.toFixed(1)} s; ${nextStep(file, options)}`,
      ),
  );
}

/** Reports what the features leave out or narrow; of many only the first. */
function tellFeatures(notes: readonly string[]): void {
  for (const text of notes.slice(0, mostNotes)) note(`features: ${text}`);
  if (notes.length > mostNotes) note(`features: and ${notes.length - mostNotes} more like these`);
}

/** Describes the limits that were hit, and how to continue after an interruption. */
function capNotes({ caps }: TrainedModel, interrupted: boolean, { checkpoint }: Options): string[] {
  const said = caps.map(({ message }) => message);
  if (!interrupted) return said;
  const goOn =
    checkpoint === undefined
      ? "With --checkpoint DIR, training can resume after an interruption."
      : `The same command resumes from ${checkpoint}.`;
  return [...said, goOn];
}

function networkOptions({ learner, single, epochs, patience }: Options): ChurnNetworkOptions {
  const given = [single && "--single", epochs !== undefined && "--epochs", patience !== undefined && "--patience"].find(
    Boolean,
  );
  if (given && ["logistic", "forest", "boosting"].includes(learner)) {
    throw new ChurnkitError(
      "OPTION_INVALID",
      `${given} applies to networks, and --learner ${learner} trains none. Omit it, or use --learner network or auto.`,
    );
  }
  return { ...(single ? { members: 1 } : {}), ...optional("epochs", epochs), ...optional("patience", patience) };
}

function autoOptions({ learner, presets, maxLatency, distill }: Options): AutoSettings {
  const given = [presets && "--presets", maxLatency && "--max-latency", distill && "--distill"].find(Boolean);
  if (given && learner !== "auto")
    throw new ChurnkitError("OPTION_INVALID", `${given} applies to --learner auto. Omit it, or use that learner.`);
  return { ...optional("presets", presets), ...optional("maxLatency", maxLatency), ...optional("distill", distill) };
}

/** One number, or several with commas between. */
function presetsOption(text: string): number | number[] {
  const [only = 0, ...others] = text.split(",").map(countOption);
  return others.length === 0 ? only : [only, ...others];
}

/** What auto chose, for each class where there are more than two. */
function choicesOf(
  parameters: Readonly<Record<string, unknown>>,
  names: readonly string[],
): { readonly of: string; readonly choice: AutoChoice }[] {
  const { auto, classes } = parameters as Partial<AutoChoices>;
  return auto
    ? [{ of: "", choice: auto }]
    : (classes ?? []).map((own, k) => ({ of: `${names[k] ?? ""}: `, choice: own.auto }));
}

/** What auto made of its candidates, and why. */
function stackText({ members, reason, distilled, microseconds }: AutoChoice): string {
  const [first] = members;
  const named = members.map(({ learner, weight }) => `${learner} ${weight.toFixed(2)}`).join(", ");
  const made = members.length === 1 ? `chose ${first?.learner}` : `a stack of ${members.length}: ${named}`;
  const student =
    distilled &&
    `; one network was distilled from it, with a held-out log loss of ${distilled.logLoss.toFixed(5)} instead of ${distilled.choiceLogLoss.toFixed(5)} on ${distilled.rows} rows`;
  return `${made}; ${reason}; a score takes about ${microseconds} microseconds${student ?? ""}`;
}

const optional = <Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } =>
  (value === undefined ? {} : { [key]: value }) as { [K in Key]?: Value };

function describe(
  model: TrainedModel,
  judgedOn: string,
  judge: (model: TrainedModel) => ReturnType<typeof metricFields>,
  end: string,
): string {
  const { provenance, model: node, contract } = model.artifact;
  // Beside itself a baseline says nothing.
  const rival = provenance.learner === "logistic" ? undefined : model.baseline;
  const own = judge(model);
  const scores = [own, ...(rival ? [judge(rival)] : [])];
  const table = columns([
    [`on ${own.rows} ${judgedOn}`, modelName(provenance.learner, node), ...(rival ? ["logistic"] : [])],
    ...(
      ["auc", "averagePrecision", "logLoss", "brier", "calibrationError", "accuracy", "f1", "threshold"] as const
    ).map((key) => [key, ...scores.map((score) => shown(score[key]))]),
  ]);
  const which =
    node.kind === "classes"
      ? `\n\nof ${JSON.stringify(contract.target?.positive)} against the others; churnkit evaluate measures all classes`
      : "";
  return `${table}${which}\n\n${end}`;
}

/** Suggests the next command. */
const nextStep = (file: string, { out }: Options): string => `next: churnkit explain ${out} ${file}`;
