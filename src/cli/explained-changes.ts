import { Option, type Command } from "commander";
import { ChurnkitError } from "../base/errors.js";
import { counted } from "../base/counted.js";
import { labels, recordOf, spreadRows, type RecordValue, type Table } from "../data/table/index.js";
import {
  backgroundFromProfile,
  type ColumnImportance,
  counterfactuals,
  type Counterfactuals,
  explainerOf,
  importance,
  partialDependence,
  type PartialDependence,
  permutationImportance,
  type PermutationImportance,
} from "../model/explain/index.js";
import type { loadBundle } from "../model/bundle/index.js";
import type { oneClass } from "../model/scoring/index.js";
import { checkApart, columnsOption } from "./input.js";
import { columns, shown } from "./output.js";

/** Options of `churnkit explain` that change rows and score them again. */
export interface ChangeOptions {
  partial?: readonly string[];
  permutation?: boolean;
  counterfactuals?: boolean;
  fixed?: readonly string[];
  up?: readonly string[];
  down?: readonly string[];
  lime?: boolean;
}

const columnNames = (flag: string, meaning: string): Option =>
  new Option(`${flag} <columns>`, `${meaning}, separated by commas`).argParser(columnsOption);

/** Adds them to a command. */
export const changeOptions = (command: Command): Command =>
  command
    .addOption(columnNames("--partial", "also how the mean score depends on these columns"))
    .option("--permutation", "also how much worse the scores get when a column is shuffled; the file needs the target")
    .option("--counterfactuals", "also which changes would bring each explained customer below the threshold")
    .addOption(columnNames("--fixed", "columns that a counterfactual leaves alone"))
    .addOption(columnNames("--up", "columns that a counterfactual only raises"))
    .addOption(columnNames("--down", "columns that a counterfactual only lowers"))
    .option("--lime", "also the attributions of LIME, to compare");

/** A bundle with the class to explain, and the scorer of that class. */
export interface ExplainedBundle extends Pick<Awaited<ReturnType<typeof loadBundle>>, "artifact"> {
  readonly class: string;
  readonly scorer: ReturnType<typeof oneClass>;
}

/** Over all rows: what `--partial`, `--permutation` and `--lime` ask for. */
export interface ChangedScores {
  readonly partial?: readonly PartialDependence[] | undefined;
  readonly permutation?: readonly PermutationImportance[] | undefined;
  readonly lime?:
    | {
        readonly rows: number;
        readonly shap: readonly ColumnImportance[];
        readonly lime: readonly ColumnImportance[];
      }
    | undefined;
}

/** LIME takes so many scores for each row that these rows have to do. */
const limeRows = 50;
/** Columns of a report whose partial dependence nobody asked for by name: the most important ones. */
const mostPartial = 4;

/**
 * Computes what the options ask for; for a report, everything that the file allows.
 *
 * @param ranked the columns by importance.
 */
export async function changedScores(
  { artifact, scorer, class: explained }: ExplainedBundle,
  rows: Table,
  background: Table | undefined,
  ranked: readonly ColumnImportance[],
  options: ChangeOptions & { readonly html?: string },
): Promise<ChangedScores> {
  const all = options.html !== undefined;
  const features = new Set(
    scorer.contract.columns.filter(({ role, kind }) => role === "feature" && kind !== "text").map(({ name }) => name),
  );
  const important = ranked
    .filter(({ column, meanAbsolute }) => features.has(column) && meanAbsolute > 0 && hasValues(rows, column))
    .slice(0, mostPartial);
  const partial = options.partial ?? (all ? important.map(({ column }) => column) : []);
  const few = spreadRows(rows, limeRows);
  const by = async (method?: "lime"): Promise<ColumnImportance[]> =>
    importance((await explainerOf(artifact, { background, method, class: explained })).explain(few));
  return {
    ...(partial.length > 0 && { partial: partial.map((column) => partialDependence(scorer, rows, column)) }),
    ...((options.permutation === true || (all && isLabeled(rows))) && {
      permutation: permutationImportance(scorer, rows),
    }),
    ...((options.lime === true || all) && { lime: { rows: few.rows, shap: await by(), lime: await by("lime") } }),
  };
}

function hasValues({ columns }: Table, name: string): boolean {
  const data = columns.get(name);
  if (data === undefined) return false;
  return data.storage === "coded" ? data.codes.some((code) => code >= 0) : !data.values.every(Number.isNaN);
}

/** Whether the rows have both classes. */
function isLabeled(rows: Table): boolean {
  try {
    return labels(rows).length > 0;
  } catch (error) {
    if (ChurnkitError.isInstance(error) && error.code === "TARGET_INVALID") return false;
    throw error;
  }
}

/** So many customers of the file show which values there are, and more show little more. */
const leastCustomers = 100;
const mostCustomers = 1000;

/** Returns the function that finds counterfactuals of a row, or undefined if nothing asks for them. */
export function counterfactualsFor(
  { artifact, scorer }: ExplainedBundle,
  table: Table,
  background: Table | undefined,
  options: ChangeOptions & { readonly html?: string },
): ((position: number) => Counterfactuals) | undefined {
  const { fixed, up = [], down = [] } = options;
  checkApart({ "--fixed": fixed, "--up": up, "--down": down });
  if (options.counterfactuals !== true && options.html === undefined) {
    const stray = (["fixed", "up", "down"] as const).find((name) => options[name] !== undefined);
    if (stray === undefined) return undefined;
    throw new ChurnkitError(
      "OPTION_INVALID",
      `--${stray} applies to counterfactuals. Add --counterfactuals, or omit it.`,
    );
  }
  const drawn = (): Table => backgroundFromProfile(artifact.contract, artifact.baseline, { rows: 500 });
  const others = background ?? (table.rows >= leastCustomers ? spreadRows(table, mostCustomers) : drawn());
  const directions = Object.fromEntries([
    ...up.map((name) => [name, "up"] as const),
    ...down.map((name) => [name, "down"] as const),
  ]);
  return (position) => counterfactuals(scorer, others, recordOf(table, position), { fixed, directions });
}

/** What was asked for by name: a report has more. */
export const askedFor = ({ partial, permutation, lime }: ChangedScores, options: ChangeOptions): ChangedScores => ({
  ...(options.partial !== undefined && { partial }),
  ...(options.permutation === true && { permutation }),
  ...(options.lime === true && { lime }),
});

/** The texts of what was computed over all rows. */
export function changedText({ partial = [], permutation, lime }: ChangedScores, rows: number): string[] {
  return [
    ...partial.map(
      ({ column, grid, mean }) =>
        `mean probability of ${counted(rows, "row")} by ${column}\n${columns(grid.map((value, i) => [valueText(value), shown(mean[i] ?? 0)]))}`,
    ),
    ...(permutation === undefined
      ? []
      : [
          `how much the log loss rises when a column is shuffled, over ${counted(rows, "row")}, with its standard error\n${columns(
            permutation.map((one) => [one.columns.join(" + "), shown(one.worsening), shown(one.standardError)]),
          )}`,
        ]),
    ...(lime === undefined ? [] : [limeText(lime)]),
  ];
}

function limeText({ rows, shap, lime }: NonNullable<ChangedScores["lime"]>): string {
  const other = new Map(lime.map(({ column, meanAbsolute }) => [column, meanAbsolute]));
  const lines = shap
    .slice(0, 15)
    .map(({ column, meanAbsolute }) => [column, shown(meanAbsolute), shown(other.get(column) ?? 0)]);
  return `SHAP beside LIME, over ${rows} rows (mean |attribution| in log odds)\n${columns([["column", "SHAP", "LIME"], ...lines])}`;
}

/** The lines on one customer. */
export function counterfactualLines({ outcome, below, options, best }: Counterfactuals): string[] {
  const limit = `the threshold of ${shown(below)}`;
  if (outcome === "already") return [`  is below ${limit} already`];
  const found = outcome === "found" ? options : best === null ? [] : [best];
  return [
    ...(outcome === "found" ? [] : [`  no changes that were tried bring it below ${limit}`]),
    ...found.map(({ changes, probability }) => {
      const words = changes.map(({ column, from, to }) => `${column} ${valueText(to)} instead of ${valueText(from)}`);
      return `  with ${words.join(" and ")}: probability ${shown(probability)}, ${probability < below ? "below" : "not below"} ${limit}`;
    }),
  ];
}

const valueText = (value: RecordValue): string => (value === null ? "missing" : String(value));
