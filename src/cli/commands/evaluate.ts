import { basename } from "node:path";
import { counted } from "../../base/counted.js";
import type { Command } from "commander";
import { newLevelFindings } from "../../data/quality/index.js";
import type { Table } from "../../data/table/index.js";
import { writeFileAtomic } from "../../io/atomic.js";
import type { Artifact } from "../../model/artifact.js";
import { loadBundle } from "../../model/bundle/index.js";
import {
  chanceNote,
  type ClassEvaluation,
  profitOf,
  evaluate,
  type Evaluation,
  flatMetrics,
  metricNames,
  metrics,
  oneClassNote,
} from "../../model/evaluate/index.js";
import { compile } from "../../model/scoring/index.js";
import { seenRows, trainingFactsOf, type SeenRows } from "../../model/training/index.js";
import type { TrackedRun } from "../../tracking/index.js";
import { decisionFor, decisionOptions, type DecisionOptions } from "../decision-options.js";
import { type EvaluatedRowsOptions, evaluatedRowsOptions, rowsToEvaluate } from "../evaluated-rows.js";
import { example } from "../help.js";
import { metricFields } from "../metric-fields.js";
import { modelName, networkCount } from "../model-name.js";
import { columns, note, print, shown } from "../output.js";
import { trackOptions, withRun, type TrackOptions } from "../trackers.js";

interface Options extends DecisionOptions, TrackOptions, EvaluatedRowsOptions {
  html?: string;
  json?: boolean;
}

export function register(program: Command): void {
  const command = evaluatedRowsOptions(
    program.command("evaluate <bundle> <file>").description("evaluate a bundle on labeled rows"),
  );
  decisionOptions(command, "the model's own").option("--html <file>", "also write a report with plots");
  trackOptions(command)
    .option("--json", "print one line of JSON")
    .addHelpText("after", example("churnkit evaluate model customers.csv --unseen --html evaluation.html"))
    .action(run);
}

const run = (bundle: string, file: string, options: Options): Promise<void> =>
  withRun(options, { name: `evaluation on ${basename(file)}`, command: "evaluate" }, (tracked) =>
    evaluateFile(bundle, file, options, tracked),
  );

async function evaluateFile(
  bundle: string,
  file: string,
  options: Options,
  tracked: TrackedRun | undefined,
): Promise<void> {
  const { scorer, artifact } = await loadBundle(bundle);
  const { table, rejected } = await rowsToEvaluate(artifact, file, options);
  const trainedOn = seenRows(trainingFactsOf(artifact), scorer.contract, table);
  for (const { message } of newLevelFindings(table)) note(`note: ${message}`);
  const networks = networkCount(artifact.model);
  const { learner } = artifact.provenance;
  const evaluation = evaluate({ scorer }, table, decisionFor(scorer.decision, options));
  const { classes } = evaluation;
  const notes = [oneClassNote(evaluation), chanceNote(evaluation), seenNote(trainedOn)].filter(
    (text) => text !== undefined,
  );
  if (tracked !== undefined) await track(tracked, { bundle, file, learner, name: scorer.contract.name, evaluation });
  if (options.html !== undefined) {
    const { evaluationReportHtml } = await import("../../report/index.js");
    await writeFileAtomic(
      options.html,
      await evaluationReportHtml(evaluation, {
        name: scorer.contract.name,
        rows: file,
        notes,
        uncalibrated: await uncalibrated(artifact, table),
      }),
    );
    note(`wrote ${options.html}`);
  }
  const title = `${modelName(learner, artifact.model)} on ${counted(evaluation.rows, "row")}, threshold ${shown(evaluation.threshold)}${
    classes ? `; first "${scorer.contract.target?.positive}" against the others` : ""
  }`;
  print(
    options.json,
    {
      learner,
      networks,
      rejected,
      ...metricFields(evaluation),
      ...moneyFields(evaluation),
      ...(classes && { classes }),
      trainedOn,
      notes,
    },
    [...notes, title, metricLines(evaluation), ...moneyLines(evaluation), ...classLines(classes)].join("\n\n"),
  );
}

/** What a model of more than two classes says of each. */
function classLines(evaluation: ClassEvaluation | undefined): string[] {
  if (evaluation === undefined) return [];
  const { classes, accuracy, logLoss, macroF1 } = evaluation;
  const rows = classes.map(({ label, rows: count, auc, precision, recall, f1 }) => [
    label,
    String(count),
    ...[auc, precision, recall, f1].map((value) => (value === null ? "-" : shown(value))),
  ]);
  const between = ({ value, low, high }: typeof accuracy): string =>
    `${shown(value ?? NaN)} (${shown(low ?? NaN)} to ${shown(high ?? NaN)})`;
  return [
    columns([["class", "rows", "ROC AUC", "precision", "recall", "F1"], ...rows]),
    `all classes, by the most probable one: accuracy ${between(accuracy)}, log loss ${between(logLoss)}, macro F1 ${shown(macroF1)}`,
  ];
}

/** The reliability curve without the bundle's calibration; undefined if it has none. */
async function uncalibrated(artifact: Artifact, table: Table): Promise<Evaluation["reliability"] | undefined> {
  if (artifact.calibration.kind === "identity") return undefined;
  const scorer = await compile({ ...artifact, calibration: { kind: "identity" } });
  return evaluate({ scorer }, table, { bootstrap: false }).reliability;
}

/** Logs the figures, the page and the plots. */
async function track(
  run: TrackedRun,
  {
    bundle,
    file,
    learner,
    name,
    evaluation,
  }: {
    readonly bundle: string;
    readonly file: string;
    readonly learner: string;
    readonly name: string;
    readonly evaluation: Evaluation;
  },
): Promise<void> {
  const { evaluationFiles } = await import("../../report/model-sections.js");
  run.logParameters({ bundle: basename(bundle), file: basename(file), learner });
  run.logMetrics(flatMetrics(evaluation));
  const page = { title: `Evaluation of ${name}`, rows: basename(file) };
  for await (const one of evaluationFiles([{ name: learner, evaluation }], page))
    await run.logArtifact(one.name, one.content);
}

function seenNote({ verdict, seen, checked }: SeenRows): string | undefined {
  if (verdict !== "seen") return undefined;
  return `the model was trained on ${seen} of ${checked} of these rows, so the figures are too optimistic; --unseen leaves those rows out`;
}

function metricLines({ values }: Evaluation): string {
  const named = metricNames.filter((name) => metrics[name].needs !== "costs" || values[name].value !== null);
  const lines = named.map((name) => {
    const { value, low, high } = values[name];
    return [metrics[name].label, shown(value), low === undefined ? "" : `${shown(low)} to ${shown(high)}`];
  });
  return columns([["metric", "value", "95 % interval"], ...lines]);
}

const moneyFields = ({ confusion, costs }: Evaluation): { readonly saved?: number } =>
  costs === null ? {} : { saved: profitOf(confusion, costs) };

function moneyLines({ confusion, costs }: Evaluation): string[] {
  if (costs === null) return [];
  const { falseNegatives, falsePositives } = confusion;
  return [
    `${falseNegatives} missed at ${costs.falseNegative} each and ${falsePositives} needless calls at ${costs.falsePositive} each; ` +
      `saves ${profitOf(confusion, costs)} compared with calling nobody`,
  ];
}
