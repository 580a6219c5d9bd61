import { counted } from "../../base/counted.js";
import { InvalidArgumentError, type Command } from "commander";
import { ChurnkitError } from "../../base/errors.js";
import { syntheticCustomers, type SyntheticOptions } from "../../data/synthetic.js";
import { writeCsv } from "../../data/table/index.js";
import { writeFileAtomic } from "../../io/atomic.js";
import { example } from "../help.js";
import { countOption, seedOption } from "../input.js";
import { print, refuseOverwrite } from "../output.js";

interface Options {
  rows: number;
  seed: number;
  scenario: NonNullable<SyntheticOptions["scenario"]>;
  force?: boolean;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command("sample <file>")
    .description("write synthetic customers to a .csv or .jsonl file, as input for the other commands")
    .option("--rows <number>", "number of customers", countOption, 10_000)
    .option("--scenario <name>", "base, or shifted: the same market a year later, with drift", scenarioOption, "base")
    .option("--seed <number>", "seed of the random numbers", seedOption, 1)
    .option("--force", "overwrite an existing file")
    .option("--json", "print one line of JSON")
    .addHelpText("after", example("churnkit sample customers.csv --rows 5000"))
    .action(run);
}

function scenarioOption(text: string): Options["scenario"] {
  if (text === "base" || text === "shifted") return text;
  throw new InvalidArgumentError("Use base or shifted.");
}

async function run(file: string, { rows, seed, scenario, force, json }: Options): Promise<void> {
  if (/\.\w+$/.test(file) && !/\.(csv|jsonl)$/.test(file))
    throw new ChurnkitError("OPTION_INVALID", `${file}: the name must end in .csv or .jsonl.`, { where: { file } });
  refuseOverwrite(file, force);
  const { records } = syntheticCustomers({ rows, seed, scenario });
  await (file.endsWith(".jsonl")
    ? writeFileAtomic(file, records.map((record) => `${JSON.stringify(record)}\n`).join(""))
    : writeCsv(file, records));
  print(json, { file, rows }, `wrote ${counted(rows, "customer")} to ${file}`);
}
