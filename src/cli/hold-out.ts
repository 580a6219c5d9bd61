import { basename } from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import { ChurnkitError } from "../base/errors.js";
import { split, splitByRowNumbers, splitByTime } from "../data/split/index.js";
import { labels, type Table } from "../data/table/index.js";
import { readRows } from "./row-numbers.js";

/** Options that keep rows out of training for the test. */
export interface HoldOutOptions {
  readonly test?: number;
  readonly time?: string;
  readonly seed: number;
}

/** Adds `--test`. */
export function testOption(command: Command): Command {
  return command.option(
    "--test <share>",
    "keep this share of the rows, such as 0.2, out of training and test on them; stratified by class",
    shareOption,
  );
}

/** Adds `--test` and `--time`. */
export function holdOutOptions(command: Command): Command {
  return testOption(command).option(
    "--time <column>",
    "with --test: test on the latest rows by this date or number column, instead of random rows",
  );
}

function shareOption(text: string): number {
  const share = Number(text);
  if (!(share > 0 && share < 1)) throw new InvalidArgumentError("It must be a share above 0 and below 1, such as 0.2.");
  return share;
}

/** Says which rows of a file trained, for the bundle: it keeps no path of this machine. */
export function trainingRowsText(
  file: string,
  { test: share, time, testRows, seed }: HoldOutOptions & { readonly testRows?: string | undefined },
): string {
  const name = basename(file);
  if (testRows !== undefined) return `${name} without the test rows that ${basename(testRows)} lists`;
  if (share === undefined) return `${name}, every row`;
  const percent = `${Number((100 * share).toPrecision(4))} %`;
  return time === undefined
    ? `${name} without ${percent} test rows, drawn at random within each class (seed ${seed})`
    : `${name} without the latest ${percent} of the rows by ${time}, which are for the test`;
}

/** The two parts of a table, each with both classes. */
export interface HeldOut {
  readonly training: Table;
  readonly test: Table;
}

/**
 * Splits off the test rows. Both parts must contain both classes; an error says so before the training.
 *
 * @returns undefined without such an option.
 */
export async function holdOut(
  table: Table,
  { test: share, time, testRows, seed }: HoldOutOptions & { readonly testRows?: string },
): Promise<HeldOut | undefined> {
  if (share !== undefined && testRows !== undefined) throw refused("Give --test or --test-rows, not both.");
  if (time !== undefined && share === undefined)
    throw refused("--time selects the test rows, so it needs --test, such as --test 0.2.");
  if (testRows !== undefined) {
    const { inside, outside } = splitByRowNumbers(table, await readRows(testRows));
    return checked(table, { training: outside, test: inside }, testRows);
  }
  if (share === undefined) return undefined;
  const { train: training, test } =
    time === undefined
      ? split(table, { seed, validation: 0, test: share })
      : splitByTime(table, time, { shares: { test: share } });
  return checked(table, { training, test }, time === undefined ? "--test" : `--time ${time}`);
}

function checked({ source }: Table, { training, test }: HeldOut, by: string): HeldOut {
  const parts = {
    test: { ...test, source: `${source} (test rows by ${by})` },
    training: { ...training, source: `${source} (training rows by ${by})` },
  };
  labels(parts.test, { everyClass: false });
  labels(parts.training);
  return parts;
}

const refused = (message: string): ChurnkitError => new ChurnkitError("OPTION_INVALID", message);
