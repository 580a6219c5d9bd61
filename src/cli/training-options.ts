import type { Command } from "commander";
import { ChurnkitError } from "../base/errors.js";
import type { Table } from "../data/table/index.js";
import { checkBundleTarget } from "../model/bundle/index.js";
import type { DecisionOptions } from "./decision-options.js";
import { contractOptions, ignoreOption, readInput, type ContractArguments } from "./input.js";
import type { TrackOptions } from "./trackers.js";

/** Options of the commands that train a model on a file and save it. */
export interface TrainingArguments extends ContractArguments, DecisionOptions, TrackOptions {
  readonly out: string;
  readonly seed: number;
  readonly budget?: number;
  readonly json?: boolean;
}

/** Adds the options of what is learned from and where the bundle goes. */
export const trainingOptions = (command: Command): Command =>
  contractOptions(command)
    .addOption(ignoreOption())
    .requiredOption("--out <dir>", "where to write the bundle: a folder, or a file that ends in .tar.gz");

/** Reads the labeled rows, after a look at whether the bundle can be written. */
export async function readTrainingRows(file: string, options: TrainingArguments): Promise<Table> {
  if (options.target === undefined && options.contract === undefined)
    throw new ChurnkitError(
      "OPTION_INVALID",
      "Name the column to predict: --target COLUMN --positive VALUE, or use --contract FILE with a target.",
    );
  await checkBundleTarget(options.out);
  return readInput(file, options, { target: "required", ragged: "reject-row" });
}
