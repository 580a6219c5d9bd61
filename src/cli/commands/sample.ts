import { counted } from "../../base/counted.js";
import { InvalidArgumentError, type Command } from "commander";
import { syntheticCustomers, type SyntheticOptions } from "../../data/synthetic.js";
import { writeCsv } from "../../data/table/write-csv.js";
import { writeFileAtomic } from "../../io/atomic.js";
import { example } from "../help.js";
import { countOption, seedOption } from "../input.js";
import { print } from "../output.js";

interface Options {
  rows: number;
  seed: number;
  scenario: NonNullable<SyntheticOptions["scenario"]>;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command("sample <file>")
    .description("write synthetic customers to a .csv or .jsonl file, as data to try the other commands with")
    .option("--rows <number>", "number of customers", countOption, 10_000)
    .option("--scenario <name>", "base, or shifted: the same market a year later, with drift", scenarioOption, "base")
    .option("--seed <number>", "seed of the random numbers", seedOption, 1)
    .option("--json", "print one line of JSON")
    .addHelpText("after", example("churnkit sample customers.csv --rows 5000"))
    .action(run);
}

function scenarioOption(text: string): Options["scenario"] {
  if (text === "base" || text === "shifted") return text;
  throw new InvalidArgumentError("It is base or shifted.");
}

async function run(file: string, { rows, seed, scenario, json }: Options): Promise<void> {
  const { records } = syntheticCustomers({ rows, seed, scenario });
  await (file.endsWith(".jsonl") ? writeFileAtomic(file, records.map((record) => `${JSON.stringify(record)}\n`).join("")) : writeCsv(file, records));
  print(json, { file, rows }, `wrote ${counted(rows, "customer")} to ${file}`);
}
