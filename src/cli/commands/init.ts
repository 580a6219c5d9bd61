import type { Command } from "commander";
import { toTypeScript } from "../../data/contract/index.js";
import { inferFromFile } from "../../data/read/index.js";
import { writeFileAtomic } from "../../io/atomic.js";
import { example } from "../help.js";
import { ignoreOption, inferenceOptions, inferOptions, noteFindings, type ContractArguments } from "../input.js";
import { columns, note, print, refuseOverwrite } from "../output.js";

interface Options extends ContractArguments {
  out: string;
  force?: boolean;
  json?: boolean;
}

export function register(program: Command): void {
  inferenceOptions(
    program.command("init <file>").description("infer a contract from a file, save it, and print it as TypeScript"),
  )
    .addOption(ignoreOption())
    .option("--out <file>", "where to write the contract", "churn.contract.json")
    .option("--force", "overwrite an existing file")
    .option("--json", "print the contract as one line of JSON")
    .addHelpText("after", example("churnkit init customers.csv --target churn --positive Yes --id customerId"))
    .action(run);
}

async function run(file: string, options: Options): Promise<void> {
  const { contract, findings, candidates } = await inferFromFile(file, {
    ...inferOptions(options),
    ragged: "reject-row",
  });
  noteFindings(findings);
  // Comes after the findings, which are useful without the file too.
  refuseOverwrite(options.out, options.force, ", perhaps with edits");
  await writeFileAtomic(options.out, `${JSON.stringify(contract, null, 2)}\n`);
  if (!contract.target && candidates.length > 0)
    note(`no target given; columns with two values: ${candidates.join(", ")}`);
  note(columns([["column", "kind", "role"], ...contract.columns.map(({ name, kind, role }) => [name, kind, role])]));
  note(`wrote ${options.out}`);
  print(options.json, contract, toTypeScript(contract));
}
