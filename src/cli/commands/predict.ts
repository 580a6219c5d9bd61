import type { Command } from "commander";
import { csvLine } from "../../data/table/write-csv.js";
import { readTable } from "../../data/read/read-file.js";
import { recordOf } from "../../data/table/record-of.js";
import type { Table } from "../../data/table/table.js";
import { writeFileAtomic } from "../../io/atomic.js";
import { loadBundle } from "../../model/bundle/load.js";
import type { Scorer } from "../../model/compile.js";
import { noteRejected } from "../input.js";
import { exit, note } from "../output.js";

interface Options {
  out?: string;
  strict?: boolean;
  delimiter?: string;
}

export function register(program: Command): void {
  program
    .command("predict <bundle> <file>")
    .description("score a file: one line for each input row, in order")
    .option("--out <file>", "where the scores go; standard output without it")
    .option("--delimiter <character>", "what separates cells; default by the file's name and header")
    .option("--strict", "exit 1 when a row was set aside")
    .action(run);
}

async function run(bundle: string, file: string, options: Options): Promise<void> {
  const { scorer } = await loadBundle(bundle);
  const table = await readTable(scorer.contract, file, {
    target: "ignore",
    ragged: "reject-row",
    ...(options.delimiter === undefined ? {} : { delimiter: options.delimiter }),
  });
  noteRejected(table);
  const text = scoreLines(scorer, table).join("");
  if (options.out === undefined) process.stdout.write(text);
  else {
    await writeFileAtomic(options.out, text);
    note(`scored ${table.rows} rows, set aside ${table.rejected.length}, wrote ${options.out}`);
  }
  if (options.strict && table.rejected.length > 0) process.exitCode = exit.checkFailed;
}

/** The header and one line for each input row, in the order of the file. */
function scoreLines(scorer: Scorer, table: Table): string[] {
  const ids = table.contract.columns.filter(({ role, name }) => role === "id" && table.columns.has(name)).map(({ name }) => name);
  const lines: string[] = new Array<string>(table.rows + table.rejected.length);
  const probabilities = scorer.score(table);
  const { classes = [], positive = "1" } = scorer.contract.target ?? {};
  const negative = classes.find((label) => label !== positive) ?? "0";
  table.rowNumbers.forEach((row, i) => {
    const record = recordOf(table, i);
    const probability = probabilities[i] ?? 0;
    const label = probability >= scorer.decision.threshold ? positive : negative;
    lines[row] = csvLine([...ids.map((id) => record[id]), probability, label, ""]);
  });
  for (const { row, issues } of table.rejected) {
    lines[row] = csvLine([...ids.map(() => ""), "", "", issues.map(({ message }) => message).join(" ")]);
  }
  return [csvLine([...ids, "probability", "label", "error"]), ...lines];
}
