import type { Command } from "commander";
import { ChurnkitError } from "../base/errors.js";
import type { FoldOptions } from "../model/tuning/index.js";
import { countOption } from "./input.js";

/** Options for dividing rows into folds. */
export interface FoldArguments {
  readonly folds: number;
  readonly repeats: number;
  readonly group?: string;
  readonly time?: string;
  readonly workers?: number;
}

/** Adds `--folds`, `--repeats`, `--group`, `--time` and `--workers`. */
export function foldOptions(command: Command): Command {
  return command
    .option("--folds <number>", "number of folds", countOption, 5)
    .option("--repeats <number>", "divide the rows into folds anew this many times", countOption, 1)
    .option("--group <column>", "keep rows with one value of this column in one fold, such as those of a household")
    .option(
      "--time <column>",
      "train on the rows before each fold by this date or number column, instead of random folds",
    )
    .option("--workers <number>", "threads; default: one for each processor", countOption);
}

/** The folds that the options describe. */
export function foldsOf({ folds, repeats, group, time, workers }: FoldArguments): FoldOptions {
  if (group !== undefined && time !== undefined)
    throw new ChurnkitError("OPTION_INVALID", "Folds are by --group or by --time. Give one of them.");
  const by = time !== undefined ? { time } : group !== undefined ? { group } : undefined;
  return { folds, repeats, workers, by };
}
