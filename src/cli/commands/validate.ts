import { counted } from "../../base/counted.js";
import type { Command } from "commander";
import { ChurnkitError } from "../../base/errors.js";
import type { Contract } from "../../data/contract/index.js";
import { validateTable } from "../../data/quality/index.js";
import { readTable, type ReadOptions } from "../../data/read/index.js";
import type { Table } from "../../data/table/index.js";
import { example } from "../help.js";
import { contractFor, contractOptions, delimiterOf, ignoreOption, type ContractArguments } from "../input.js";
import { adviseOnLeaks } from "../leak-advice.js";
import { columns, exit, print } from "../output.js";

interface Options extends ContractArguments {
  json?: boolean;
}

export function register(program: Command): void {
  contractOptions(
    program
      .command("validate <file>")
      .description("check a file against a contract; exit code 1 if the file breaks it"),
  )
    .addOption(ignoreOption())
    .option("--json", "print one line of JSON")
    .addHelpText("after", example("churnkit validate customers.csv --contract churn.contract.json"))
    .action(run);
}

async function run(file: string, options: Options, command: Command): Promise<void> {
  const read = { ragged: "reject-row", absent: "leave-out", ...delimiterOf(options) } as const;
  const contract = await contractFor(file, options, read.ragged);
  const table = await readLabeled(contract, file, read);
  const validation = validateTable(table);
  const { valid, rows, rejected, qualityScore, findings } = validation;
  const head = `${valid ? "valid" : "not valid"}: ${counted(rows, "row")}, ${rejected} set aside, quality score ${qualityScore.toFixed(3)}`;
  const listed = findings.map(({ severity, rule, column, count, message }) => [
    severity,
    rule,
    column ?? "-",
    String(count),
    message,
  ]);
  print(
    options.json,
    { valid, rows, rejected, qualityScore, findings },
    listed.length === 0
      ? head
      : `${head}\n\n${columns([["severity", "rule", "column", "count", "message"], ...listed])}`,
  );
  adviseOnLeaks(findings, command);
  if (!valid) process.exitCode = exit.checkFailed;
}

/** Reads a file for training or, if it has no target, for scoring. */
async function readLabeled(contract: Contract, file: string, read: ReadOptions): Promise<Table> {
  const labeled = await readTable(contract, file, { ...read, target: "required" }).catch((error: unknown) => {
    if (ChurnkitError.isInstance(error) && error.code === "INPUT_COLUMNS") return undefined;
    throw error;
  });
  return labeled && labeled.rows > 0 ? labeled : readTable(contract, file, { ...read, target: "optional" });
}
