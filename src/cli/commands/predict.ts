import type { Command } from "commander";
import type { Contract } from "../../data/contract/contract.js";
import { newLevelFindings } from "../../data/quality/columns.js";
import { csvLine, type CsvValue } from "../../data/table/write-csv.js";
import { readTable } from "../../data/read/read-file.js";
import { recordOf, type RecordValue } from "../../data/table/record-of.js";
import type { Table } from "../../data/table/table.js";
import { writeFileAtomic } from "../../io/atomic.js";
import { loadBundle } from "../../model/bundle/load.js";
import type { Scorer } from "../../model/compile.js";
import { delimiterOf, delimiterOption, noteSetAside } from "../input.js";
import { exit, note } from "../output.js";
import { outputColumns } from "../output-columns.js";

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
    .addOption(delimiterOption())
    .option("--strict", "exit 1 when a row was set aside")
    .action(run);
}

async function run(bundle: string, file: string, options: Options): Promise<void> {
  const { scorer } = await loadBundle(bundle);
  const read = { target: "ignore", ragged: "reject-row", ...delimiterOf(options) } as const;
  const table = await readTable(scorer.contract, file, read);
  noteSetAside(table);
  for (const { message } of newLevelFindings(table)) note(`note: ${message}`);
  const ids = idsOnly(scorer.contract);
  // The ids of rows that were set aside are read again, alone, so that they can be told in the output too.
  const named = ids.columns.some(({ name }) => table.columns.has(name));
  const known = named && table.rejected.length > 0 ? await readTable(ids, file, read) : undefined;
  const text = scoreLines(scorer, table, ids, known).join("");
  if (options.out === undefined) process.stdout.write(text);
  else {
    await writeFileAtomic(options.out, text);
    note(`scored ${table.rows} rows, set aside ${table.rejected.length}, wrote ${options.out}`);
  }
  if (options.strict && table.rejected.length > 0) process.exitCode = exit.checkFailed;
}

/** A contract of the id columns alone. */
const idsOnly = ({ format, name, origin, columns }: Contract): Contract => ({
  format,
  name,
  origin,
  columns: columns.filter(({ role }) => role === "id"),
});

/** The header and one line for each input row, in the order of the file. */
function scoreLines(scorer: Scorer, table: Table, idContract: Contract, known: Table | undefined): string[] {
  const ids = idContract.columns.map(({ name }) => name).filter((name) => table.columns.has(name));
  const idsOf = (from: Table, position: number): RecordValue[] => {
    const record = recordOf({ ...from, contract: idContract }, position);
    return ids.map((id) => record[id] ?? null);
  };
  const positions = new Map<number, number>(known && Array.from(known.rowNumbers, (row, i) => [row, i]));
  const lines: string[] = new Array<string>(table.rows + table.rejected.length);
  const probabilities = scorer.score(table);
  const { classes = [], positive = "1" } = scorer.contract.target ?? {};
  const negative = classes.find((label) => label !== positive) ?? "0";
  table.rowNumbers.forEach((row, i) => {
    const probability = probabilities[i] ?? 0;
    const label = probability >= scorer.decision.threshold ? positive : negative;
    lines[row] = csvLine([...idsOf(table, i), probability, label, ""]);
  });
  for (const { row, issues } of table.rejected) {
    const position = positions.get(row);
    const names: CsvValue[] = known === undefined || position === undefined ? ids.map(() => "") : idsOf(known, position);
    lines[row] = csvLine([...names, "", "", issues.map(({ message }) => message).join(" ")]);
  }
  return [csvLine([...ids, ...outputColumns(ids, ["probability", "label", "error"])]), ...lines];
}
