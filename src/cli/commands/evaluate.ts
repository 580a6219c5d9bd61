import type { Command } from "commander";
import { newLevelFindings } from "../../data/quality/columns.js";
import { readTable } from "../../data/read/read-file.js";
import { splitByRowNumbers } from "../../data/split.js";
import { writeFileAtomic } from "../../io/atomic.js";
import { loadBundle } from "../../model/bundle/load.js";
import { chanceNote } from "../../model/evaluate/chance.js";
import { profitOf } from "../../model/evaluate/curves.js";
import { evaluate } from "../../model/evaluate/evaluate.js";
import type { Evaluation } from "../../model/evaluate/evaluate-scores.js";
import { metricNames, metrics } from "../../model/evaluate/metrics.js";
import { decisionFor, decisionOptions, type DecisionOptions } from "../decision-options.js";
import { delimiterOf, delimiterOption, noteSetAside } from "../input.js";
import { metricFields } from "../metric-fields.js";
import { modelName, networkCount } from "../model-name.js";
import { columns, note, print, shown } from "../output.js";
import { readRows } from "../row-numbers.js";

interface Options extends DecisionOptions {
  rows?: string;
  delimiter?: string;
  html?: string;
  json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("evaluate <bundle> <file>")
    .description("evaluate a bundle on labelled rows")
    .option("--rows <file>", "JSON array of the 0-based data rows to evaluate on")
    .addOption(delimiterOption());
  decisionOptions(command, "default the model's own")
    .option("--html <file>", "also write a report with plots")
    .option("--json", "print one line of JSON")
    .action(run);
}

async function run(bundle: string, file: string, options: Options): Promise<void> {
  const rows = options.rows === undefined ? undefined : await readRows(options.rows);
  const { scorer, artefact } = await loadBundle(bundle);
  const read = await readTable(scorer.contract, file, { target: "required", ragged: "reject-row", ...delimiterOf(options) });
  noteSetAside(read);
  const table = rows === undefined ? read : splitByRowNumbers(read, rows).inside;
  for (const { message } of newLevelFindings(table)) note(`note: ${message}`);
  const networks = networkCount(artefact.model);
  const { learner } = artefact.provenance;
  const evaluation = evaluate({ scorer }, table, decisionFor(scorer.decision, options));
  const notes = [chanceNote(evaluation)].filter((text) => text !== undefined);
  if (options.html !== undefined) {
    const { evaluationReportHtml } = await import("../../report/index.js");
    await writeFileAtomic(options.html, await evaluationReportHtml(evaluation, { name: scorer.contract.name, rows: file, notes }));
    note(`wrote ${options.html}`);
  }
  const title = `${modelName(learner, networks)} on ${evaluation.rows} rows, threshold ${shown(evaluation.threshold)}`;
  print(
    options.json,
    { learner, networks, rejected: read.rejected.length, ...metricFields(evaluation), ...moneyFields(evaluation), notes },
    [...notes, title, metricLines(evaluation), ...moneyLines(evaluation)].join("\n\n"),
  );
}

function metricLines({ values }: Evaluation): string {
  const lines = metricNames.map((name) => {
    const { value, low, high } = values[name];
    return [metrics[name].label, shown(value), low === undefined ? "" : `${shown(low)} to ${shown(high)}`];
  });
  return columns([["metric", "value", "95 % interval"], ...lines]);
}

const moneyFields = ({ confusion, costs }: Evaluation): { readonly saved?: number } => (costs === null ? {} : { saved: profitOf(confusion, costs) });

function moneyLines({ confusion, costs }: Evaluation): string[] {
  if (costs === null) return [];
  const { falseNegatives, falsePositives } = confusion;
  return [
    `${falseNegatives} missed at ${costs.falseNegative} each and ${falsePositives} needless calls at ${costs.falsePositive} each; ` +
      `saves ${profitOf(confusion, costs)} against calling nobody`,
  ];
}
