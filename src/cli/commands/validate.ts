import type { Command } from "commander";
import { validateTable } from "../../data/quality/validate.js";
import { readTable } from "../../data/read/read-file.js";
import { readContract } from "../input.js";
import { columns, exit, print } from "../output.js";

interface Options {
  contract: string;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command("validate <file>")
    .description("check a file against a contract; exit 1 when it breaks it")
    .requiredOption("--contract <file>", "the contract, made by `churnkit init`")
    .option("--json", "print one line of JSON")
    .action(run);
}

async function run(file: string, options: Options): Promise<void> {
  const contract = await readContract(options.contract);
  const table = await readTable(contract, file, { target: "optional", ragged: "reject-row" });
  const validation = validateTable(table);
  const { valid, rows, rejected, qualityScore, findings } = validation;
  const head = `${valid ? "valid" : "not valid"}: ${rows} rows, ${rejected} set aside, quality score ${qualityScore.toFixed(3)}`;
  const listed = findings.map(({ severity, rule, column, count, message }) => [severity, rule, column ?? "-", String(count), message]);
  print(
    options.json,
    { valid, rows, rejected, qualityScore, findings },
    listed.length === 0 ? head : `${head}\n\n${columns([["severity", "rule", "column", "count", "message"], ...listed])}`,
  );
  if (!valid) process.exitCode = exit.checkFailed;
}
