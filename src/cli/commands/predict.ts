import { counted } from "../../base/counted.js";
import type { Command } from "commander";
import { ChurnkitError } from "../../base/errors.js";
import type { Contract } from "../../data/contract/index.js";
import { newLevelFindings } from "../../data/quality/index.js";
import { csvLine, type CsvValue, recordOf, type RecordValue, type Table } from "../../data/table/index.js";
import { readTable } from "../../data/read/index.js";
import { writeFileAtomic } from "../../io/atomic.js";
import { loadBundle } from "../../model/bundle/index.js";
import { example } from "../help.js";
import { delimiterOf, delimiterOption, noteSetAside } from "../input.js";
import { decisionFor, decisionOptions, type DecisionOptions } from "../decision-options.js";
import { exit, note, print } from "../output.js";
import { outputColumns } from "../output-columns.js";

interface Options extends DecisionOptions {
  out?: string;
  strict?: boolean;
  delimiter?: string;
  json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("predict <bundle> <file>")
    .description("score a file: one line per input row, in order")
    .option("--out <file>", "where to write the scores; default: standard output")
    .addOption(delimiterOption());
  decisionOptions(command, "the model's own")
    .option("--strict", "exit code 1 if a row was set aside")
    .option("--json", "print a summary as one line of JSON; needs --out")
    .addHelpText("after", example("churnkit predict model customers.csv --out scores.csv"))
    .action(run);
}

async function run(bundle: string, file: string, options: Options): Promise<void> {
  if (options.json && options.out === undefined)
    throw new ChurnkitError(
      "OPTION_INVALID",
      "Standard output cannot hold both the scores and the summary. Use --out FILE with --json.",
    );
  const { scorer } = await loadBundle(bundle);
  const read = { target: "ignore", ragged: "reject-row", ...delimiterOf(options) } as const;
  const contract = withTextIds(scorer.contract);
  const table = await readTable(contract, file, read);
  noteSetAside(table);
  for (const { message } of newLevelFindings(table)) note(`note: ${message}`);
  const ids = idsOnly(contract);
  // Read the ids of the rejected rows again, on their own, so that the output can name them too.
  const named = ids.columns.some(({ name }) => table.columns.has(name));
  const known = named && table.rejected.length > 0 ? await readTable(ids, file, read) : undefined;
  const { threshold } = decisionFor(scorer.decision, options);
  const probabilities = scorer.score(table);
  const text = scoreLines(scorer.contract, table, { probabilities, threshold }, ids, known).join("");
  if (options.out === undefined) process.stdout.write(text);
  else {
    await writeFileAtomic(options.out, text);
    note(`scored ${counted(table.rows, "row")}, set aside ${table.rejected.length}, wrote ${options.out}`);
  }
  if (options.json) {
    const positives = probabilities.reduce((count, probability) => count + (probability >= threshold ? 1 : 0), 0);
    print(true, { rows: table.rows, rejected: table.rejected.length, positives, threshold, out: options.out }, "");
  }
  if (options.strict && table.rejected.length > 0) process.exitCode = exit.checkFailed;
}

/** Returns the contract with ids as texts, whatever type it declares: ids are only passed on, unchanged. */
const withTextIds = (contract: Contract): Contract => ({
  ...contract,
  columns: contract.columns.map((column) =>
    column.role === "id"
      ? { name: column.name, role: "id", nullable: true, optional: true, missing: [], kind: "text" }
      : column,
  ),
});

/** Returns a contract with only the id columns. */
const idsOnly = ({ format, name, origin, columns }: Contract): Contract => ({
  format,
  name,
  origin,
  columns: columns.filter(({ role }) => role === "id"),
});

/** Returns the probabilities of the kept rows, and the threshold for the positive label. */
interface Scores {
  readonly probabilities: Float64Array;
  readonly threshold: number;
}

/**
 * Writes the header and one line for each input row, in the order of the file: by its id, or by its number if it has
 * none.
 */
function scoreLines(
  { target }: Contract,
  table: Table,
  { probabilities, threshold }: Scores,
  idContract: Contract,
  known: Table | undefined,
): string[] {
  const ids = idContract.columns.map(({ name }) => name).filter((name) => table.columns.has(name));
  const idsOf = (from: Table, position: number): RecordValue[] => {
    if (ids.length === 0) return [from.rowNumbers[position] ?? position];
    const record = recordOf({ ...from, contract: idContract }, position);
    return ids.map((id) => record[id] ?? null);
  };
  const positions = new Map<number, number>(known && Array.from(known.rowNumbers, (row, i) => [row, i]));
  const lines: string[] = new Array<string>(table.rows + table.rejected.length);
  const { classes = [], positive = "1" } = target ?? {};
  const negative = classes.find((label) => label !== positive) ?? "0";
  table.rowNumbers.forEach((row, i) => {
    const probability = probabilities[i] ?? 0;
    const label = probability >= threshold ? positive : negative;
    lines[row] = csvLine([...idsOf(table, i), probability, label, ""]);
  });
  for (const { row, issues } of table.rejected) {
    const position = positions.get(row);
    const own: CsvValue[] =
      ids.length === 0
        ? [row]
        : known === undefined || position === undefined
          ? ids.map(() => "")
          : idsOf(known, position);
    lines[row] = csvLine([...own, "", "", issues.map(({ message }) => message).join(" ")]);
  }
  const names = ids.length === 0 ? ["row"] : ids;
  return [csvLine([...names, ...outputColumns(names, ["probability", "label", "error"])]), ...lines];
}
