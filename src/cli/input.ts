import { readFile } from "node:fs/promises";
import { InvalidArgumentError, type Command } from "commander";
import { ChurnkitError } from "../base/errors.js";
import type { Contract } from "../data/contract/contract.js";
import { parseContract } from "../data/contract/parse.js";
import type { ReadOptions } from "../data/read/options.js";
import { inferFromFile, readTable } from "../data/read/read-file.js";
import type { Table } from "../data/table/table.js";
import { note } from "./output.js";

/** The options by which a command learns a file's contract. */
export interface ContractArguments {
  contract?: string;
  target?: string;
  positive?: string;
  id?: readonly string[];
  delimiter?: string;
}

/** Adds the contract options to a command. */
export function contractOptions(command: Command): Command {
  return command
    .option("--contract <file>", "a contract made by `churnkit init`; without one it is inferred")
    .option("--target <column>", "the column to predict")
    .option("--positive <value>", "the value of the target that means churn")
    .option("--id <columns>", "columns that name a customer, separated by commas", (text) => text.split(","))
    .option("--delimiter <character>", "what separates cells; default by the file's name and header");
}

/** Reads a contract file. */
export async function readContract(file: string): Promise<Contract> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new ChurnkitError("INPUT_NOT_FOUND", `The contract ${file} cannot be read. Make one with: churnkit init FILE --out ${file}`, { where: { file }, cause });
  }
  try {
    return parseContract(JSON.parse(text));
  } catch (cause) {
    if (ChurnkitError.isInstance(cause)) throw cause;
    throw new ChurnkitError("CONTRACT_INVALID", `${file} is not JSON. Make a contract with: churnkit init FILE --out ${file}`, { where: { file }, cause });
  }
}

/** The contract named by the options, or one inferred from the file, which is then said. */
export async function contractFor(file: string, options: ContractArguments): Promise<Contract> {
  if (options.contract !== undefined) return readContract(options.contract);
  const { contract, findings } = await inferFromFile(file, inferOptions(options));
  note(`no contract given: inferred ${contract.columns.length} columns from ${file} (churnkit init writes them down)`);
  for (const finding of findings) note(`note: ${finding.message}`);
  return contract;
}

/** The options of inference, with those left out that were not given. */
export function inferOptions({ target, positive, id, delimiter }: ContractArguments) {
  return {
    ...(target === undefined ? {} : { target }),
    ...(positive === undefined ? {} : { positive }),
    ...(id === undefined ? {} : { id }),
    ...(delimiter === undefined ? {} : { delimiter }),
  };
}

/** Reads a file by its contract, given or inferred, and says how many rows were set aside. */
export async function readInput(file: string, options: ContractArguments, read: ReadOptions): Promise<Table> {
  const contract = await contractFor(file, options);
  const table = await readTable(contract, file, { ...read, ...(options.delimiter === undefined ? {} : { delimiter: options.delimiter }) });
  noteRejected(table);
  return table;
}

/** Says how many rows were set aside, and why the first was. */
export function noteRejected(table: Table): void {
  const [first] = table.rejected;
  if (!first) return;
  note(`${table.rejected.length} of ${table.rows + table.rejected.length} rows set aside, such as row ${first.row}: ${first.issues[0]?.message ?? ""}`);
}

/** Reads a seed. */
export function seedOption(text: string): number {
  const seed = Number(text);
  if (!Number.isSafeInteger(seed) || seed < 0 || seed > 0xffffffff) throw new InvalidArgumentError("It must be a whole number from 0 to 4294967295.");
  return seed;
}

/** Reads a count. */
export function countOption(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError("It must be a whole number of 1 or more.");
  return count;
}
