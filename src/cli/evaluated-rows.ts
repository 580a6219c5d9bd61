import type { Command } from "commander";
import { ChurnkitError } from "../base/errors.js";
import type { Contract } from "../data/contract/index.js";
import { readTable } from "../data/read/index.js";
import { splitByRowNumbers } from "../data/split/index.js";
import { type Table, takeRows } from "../data/table/index.js";
import type { Artifact } from "../model/artifact.js";
import { seenEach, type TrainingFacts, trainingFactsOf } from "../model/training/index.js";
import { delimiterOf, delimiterOption, noteSetAside } from "./input.js";
import { readRows } from "./row-numbers.js";

/** Options that choose the rows of a file to evaluate a model on. */
export interface EvaluatedRowsOptions {
  rows?: string;
  unseen?: boolean;
  delimiter?: string;
}

/** Adds `--rows`, `--unseen` and `--delimiter`. */
export function evaluatedRowsOptions(command: Command): Command {
  return command
    .option("--rows <file>", "JSON array of 0-based row numbers to evaluate on")
    .option("--unseen", "leave out rows that the model was trained on")
    .addOption(delimiterOption());
}

/** Reads the labeled rows that the options choose, and notes what was set aside. */
export async function rowsToEvaluate(
  artifact: Artifact,
  file: string,
  options: EvaluatedRowsOptions,
): Promise<{ readonly table: Table; readonly rejected: number }> {
  const numbers = options.rows === undefined ? undefined : await readRows(options.rows);
  const { contract } = artifact;
  const read = await readTable(contract, file, { target: "required", ragged: "reject-row", ...delimiterOf(options) });
  noteSetAside(read);
  const given = numbers === undefined ? read : splitByRowNumbers(read, numbers).inside;
  const table = options.unseen ? unseenOf(given, trainingFactsOf(artifact), contract) : given;
  return { table, rejected: read.rejected.length };
}

function unseenOf(table: Table, facts: TrainingFacts | undefined, contract: Contract): Table {
  if (facts === undefined)
    throw new ChurnkitError(
      "OPTION_INVALID",
      "This bundle does not record its training rows. Omit --unseen, or train again.",
    );
  const each = seenEach(facts, contract, table);
  const unseen = Array.from({ length: table.rows }, (_, i) => i).filter((i) => each[i] === 0);
  if (unseen.length === 0)
    throw new ChurnkitError(
      "TOO_FEW_ROWS",
      `${table.source}: the model was trained on every row. Give rows that it has not seen.`,
      { where: { file: table.source } },
    );
  return takeRows(table, unseen);
}
