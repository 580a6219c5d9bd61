import type { Command } from "commander";
import { splitByRowNumbers } from "../../data/split.js";
import { readTable } from "../../data/read/read-file.js";
import { loadBundle } from "../../model/bundle/load.js";
import { evaluate } from "../../model/evaluate/evaluate.js";
import { metricNames, metrics } from "../../model/evaluate/metrics.js";
import { noteRejected } from "../input.js";
import { metricFields } from "../metric-fields.js";
import { columns, print, shown } from "../output.js";
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
    .option("--delimiter <character>", "what separates cells; default by the file's name and header")
    .option("--json", "print one line of JSON")
    .action(run);
}

async function run(bundle: string, file: string, options: Options): Promise<void> {
  const { scorer } = await loadBundle(bundle);
  const read = await readTable(scorer.contract, file, {
    target: "required",
    ...(options.delimiter === undefined ? {} : { delimiter: options.delimiter }),
  });
  noteRejected(read);
  const table = options.rows === undefined ? read : splitByRowNumbers(read, await readRows(options.rows)).inside;
  const evaluation = evaluate({ scorer }, table);
  const lines = metricNames.map((name) => {
    const { value, low, high } = evaluation.values[name];
    return [metrics[name].label, shown(value), low === undefined ? "" : `${shown(low)} to ${shown(high)}`];
  });
  print(
    options.json,
    metricFields(evaluation),
    `${evaluation.rows} rows, threshold ${shown(evaluation.threshold)}\n\n${columns([["metric", "value", "95 % interval"], ...lines])}`,
  );
}
