import type { Command } from "commander";
import { newLevelFindings } from "../../data/quality/columns.js";
import { splitByRowNumbers } from "../../data/split.js";
import { readTable } from "../../data/read/read-file.js";
import { loadBundle } from "../../model/bundle/load.js";
import { evaluate } from "../../model/evaluate/evaluate.js";
import { metricNames, metrics } from "../../model/evaluate/metrics.js";
import { delimiterOf, delimiterOption, noteSetAside } from "../input.js";
import { metricFields } from "../metric-fields.js";
import { modelName, networkCount } from "../model-name.js";
import { columns, note, print, shown } from "../output.js";
import { readRows } from "../row-numbers.js";

interface Options {
  rows?: string;
  delimiter?: string;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command("evaluate <bundle> <file>")
    .description("evaluate a bundle on labelled rows")
    .option("--rows <file>", "JSON array of the 0-based data rows to evaluate on")
    .addOption(delimiterOption())
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
  const evaluation = evaluate({ scorer }, table);
  const lines = metricNames.map((name) => {
    const { value, low, high } = evaluation.values[name];
    return [metrics[name].label, shown(value), low === undefined ? "" : `${shown(low)} to ${shown(high)}`];
  });
  print(
    options.json,
    { learner, networks, rejected: read.rejected.length, ...metricFields(evaluation) },
    `${modelName(learner, networks)} on ${evaluation.rows} rows, threshold ${shown(evaluation.threshold)}\n\n${columns([["metric", "value", "95 % interval"], ...lines])}`,
  );
}
