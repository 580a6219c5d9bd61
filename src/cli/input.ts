import { counted } from "../base/counted.js";
import { readFile } from "node:fs/promises";
import { InvalidArgumentError, Option, type Command } from "commander";
import { ChurnkitError } from "../base/errors.js";
import { type Contract, ignoreColumns, parseContract, type Finding } from "../data/contract/index.js";
import { type ReadOptions, inferFromFile, readTable } from "../data/read/index.js";
import { csvLine, listedLabels, unknownLabels, type Table } from "../data/table/index.js";
import { note, reasonOf } from "./output.js";
import { parseJson } from "../base/json/index.js";

/** Options that describe a file's contract. */
export interface ContractArguments {
  contract?: string;
  target?: string;
  positive?: string;
  multiclass?: boolean;
  id?: readonly string[];
  text?: readonly string[];
  ignore?: readonly string[];
  delimiter?: string;
  decimal?: "." | ",";
  dateFormat?: string;
}

/** Adds the contract options to a command. */
export function contractOptions(command: Command): Command {
  return inferenceOptions(
    command.option("--contract <file>", "a contract from `churnkit init`; default: inferred from the file"),
  );
}

/** Adds the options of inference to a command. */
export function inferenceOptions(command: Command): Command {
  return command
    .option("--target <column>", "the column to predict")
    .option("--positive <value>", "the value of the target that means churn")
    .option("--multiclass", "let the target hold up to 20 classes; --positive names the one to act on")
    .option("--id <columns>", "columns that identify a customer, separated by commas", columnsOption)
    .addOption(textOption())
    .addOption(delimiterOption())
    .addOption(decimalOption())
    .option("--date-format <format>", dateFormatMeaning);
}

/** Option that leaves columns out. */
export const ignoreOption = (): Option =>
  new Option(
    "--ignore <columns>",
    "columns to leave out, separated by commas; put a name that holds a comma in double quotes",
  ).argParser(columnsOption);

/** Option that makes free text a feature. */
export const textOption = (): Option =>
  new Option("--text <columns>", "columns of free text to learn from, separated by commas").argParser(columnsOption);

/** Option for the decimal mark of a file. */
export const decimalOption = (): Option =>
  new Option(
    "--decimal <mark>",
    "the decimal mark of numbers, a point or a comma; default: detected for each column",
  ).choices([".", ","]);

/** Help text of the option --date-format. */
export const dateFormatMeaning = "how dates are written, such as dd/MM/yyyy; default: detected for each column";

/** Option for the delimiter; `\t` is a tab, which is hard to type. */
export function delimiterOption(): Option {
  return new Option(
    "--delimiter <character>",
    "the character between cells, \\t for a tab; default: detected from the file's name and header",
  ).argParser((text) => (text === "\\t" ? "\t" : text));
}

/** Returns the delimiter as a reader's option, if it was given. */
export const delimiterOf = ({ delimiter }: { delimiter?: string }): Pick<ReadOptions, "delimiter"> =>
  delimiter === undefined ? {} : { delimiter };

/** Reads a contract file. */
export async function readContract(file: string): Promise<Contract> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new ChurnkitError(
      "INPUT_NOT_FOUND",
      `The contract ${file} cannot be read. Make one with: churnkit init FILE --out ${file}`,
      { where: { file }, cause },
    );
  }
  try {
    return parseContract(parseJson(text));
  } catch (cause) {
    if (ChurnkitError.isInstance(cause))
      throw new ChurnkitError(cause.code, `${file}: ${cause.message}`, { where: { ...cause.where, file }, cause });
    throw new ChurnkitError(
      "CONTRACT_INVALID",
      `${file} is not JSON that can be used: ${reasonOf(cause)}. Make a contract with: churnkit init FILE --out ${file}`,
      { where: { file }, cause },
    );
  }
}

/**
 * Returns the contract that the options name, or infers one from the file and says so.
 *
 * @param ragged how inference treats rows of the wrong form.
 */
export async function contractFor(
  file: string,
  options: ContractArguments,
  ragged: ReadOptions["ragged"],
): Promise<Contract> {
  if (options.contract !== undefined) {
    const contract = await readContract(options.contract);
    checkAgrees(contract, options);
    return ignoreColumns(contract, options.ignore ?? [], options.contract);
  }
  const { contract, findings } = await inferFromFile(file, { ...inferOptions(options), ragged });
  note(
    `no contract given: inferred ${counted(contract.columns.length, "column")} from ${file} (churnkit init writes them down)`,
  );
  // Findings about the form of the file are reported when its rows are read.
  noteFindings(findings.filter(({ rule }) => rule !== "form"));
  return contract;
}

/** Says what inference found. */
export function noteFindings(findings: readonly Finding[]): void {
  for (const { severity, message } of findings) note(`${severity === "info" ? "note" : severity}: ${message}`);
}

/** Refuses a contract that contradicts the options next to it, rather than follow either silently. */
function checkAgrees(
  { target, columns }: Contract,
  { contract = "", target: column, positive, id = [], text = [], ignore, decimal, dateFormat }: ContractArguments,
): void {
  checkApart({ "--text": text, "--ignore": ignore });
  const form =
    decimal !== undefined
      ? `--decimal ${decimal}`
      : dateFormat === undefined
        ? undefined
        : `--date-format ${dateFormat}`;
  if (form !== undefined) {
    const message = `${contract} sets the format of each column, so ${form} has no effect. Omit it, or change numberFormat and dateFormat of the columns.`;
    throw new ChurnkitError("OPTION_INVALID", message, { where: { file: contract } });
  }
  const refuse = (has: string, option: string): never => {
    const message = `${contract} has ${has}, but ${option} was given. Omit the option, or make another contract with churnkit init.`;
    throw new ChurnkitError("OPTION_INVALID", message, { where: { file: contract } });
  };
  if (column !== undefined && column !== target?.column)
    refuse(target ? `the target "${target.column}"` : "no target", `--target ${column}`);
  if (positive !== undefined && positive !== target?.positive) {
    refuse(target ? `the positive class "${target.positive}"` : "no target", `--positive ${positive}`);
  }
  const other = id.find((name) => !columns.some((one) => one.name === name && one.role === "id"));
  if (other !== undefined) refuse(`no id "${other}"`, `--id ${columnList(id)}`);
  const read = columns.filter(({ kind, role }) => kind === "text" && role === "feature").map(({ name }) => name);
  const unread = text.find((name) => !read.includes(name));
  if (unread !== undefined) refuse(`no feature "${unread}" that is a text`, `--text ${columnList(text)}`);
}

/** Returns the options of inference, without those that were not given. */
export function inferOptions(options: ContractArguments) {
  const { target, positive, multiclass, id, text, ignore, decimal, dateFormat } = options;
  checkApart({ "--text": text, "--ignore": ignore });
  return { target, positive, multiclass, id, text, ignore, decimal, dateFormat, ...delimiterOf(options) };
}

/** Reads a file by its contract, given or inferred, and reports rejected rows. */
export async function readInput(file: string, options: ContractArguments, read: ReadOptions): Promise<Table> {
  const contract = await contractFor(file, options, read.ragged);
  const table = await readTable(contract, file, { ...read, ...delimiterOf(options) });
  noteSetAside(table);
  return table;
}

/**
 * Notes the file's form if it is unusual, the columns that were left out, the labels that are not a class, and how
 * many rows were rejected and why.
 */
export function noteSetAside(table: Table): void {
  noteForm(table);
  const { source, rows, rejected } = table;
  const unknown = unknownLabels(table);
  if (unknown.rows > 0)
    note(
      `note: ${source}: ${unknown.rows} of ${counted(rows, "row")} have a label that is not a class of the target: ${listedLabels(unknown)}`,
    );
  const [first] = rejected;
  noteRejected(source, {
    rows,
    rejected: rejected.length,
    first: first && { row: first.row, why: first.issues[0]?.message ?? "" },
  });
}

/** Notes how many rows were rejected, and why the first one was. */
export function noteRejected(
  source: string,
  { rows, rejected, first }: { rows: number; rejected: number; first: { row: number; why: string } | undefined },
): void {
  if (first === undefined) return;
  const all = counted(rows + rejected, "row");
  note(`${source}: ${rejected} of ${all} set aside, such as row ${first.row}: ${first.why}`);
}

/** Notes the file's form if it is unusual, and the columns that were left out. */
export function noteForm({ source, extraColumns = [], form = [] }: Table): void {
  for (const message of form) note(`note: ${source}: ${message}`);
  if (extraColumns.length > 0) {
    const names = extraColumns
      .slice(0, 10)
      .map((name) => `"${name}"`)
      .join(", ");
    note(
      `note: ${source}: not in the contract and left out: ${names}${extraColumns.length > 10 ? ` and ${extraColumns.length - 10} more` : ""}`,
    );
  }
}

/** Reads a seed. */
export function seedOption(text: string): number {
  const seed = Number(text);
  if (!Number.isSafeInteger(seed) || seed < 0 || seed > 0xffffffff)
    throw new InvalidArgumentError("It must be a whole number from 0 to 4294967295.");
  return seed;
}

/** A name in quotes, with inner quotes doubled, or everything up to the next comma. */
const columnNames = /(?<=^|,)\s*(?:"((?:[^"]|"")*)"(?=\s*(?:,|$))|([^,]*))/g;

/**
 * Reads column names as a line of CSV, with or without blanks around the commas; a repeated option adds to the list.
 */
export const columnsOption = (text: string, before: readonly string[] = []): string[] => [
  ...before,
  ...Array.from(text.matchAll(columnNames), ([, quoted, plain = ""]) => quoted?.replaceAll('""', '"') ?? plain.trim()),
];

/** Refuses a column that two options name of which only one can hold. */
export function checkApart(lists: Readonly<Record<string, readonly string[] | undefined>>): void {
  const named = new Map<string, string>();
  for (const [option, columns = []] of Object.entries(lists))
    for (const column of columns) {
      const other = named.get(column) ?? option;
      if (other !== option)
        throw new ChurnkitError(
          "OPTION_INVALID",
          `The column ${JSON.stringify(column.slice(0, 80))} is named by ${other} and by ${option}. Name it in one of them.`,
        );
      named.set(column, option);
    }
}

/** Names of columns as {@link columnsOption} reads them. */
export const columnList = (names: readonly string[]): string => csvLine(names).slice(0, -1);

/** Reads a count. */
export function countOption(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1)
    throw new InvalidArgumentError("It must be a whole number of 1 or more.");
  return count;
}
