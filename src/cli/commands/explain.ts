import { counted } from "../../base/counted.js";
import { InvalidArgumentError, type Command } from "commander";
import { ChurnkitError } from "../../base/errors.js";
import { readTable } from "../../data/read/index.js";
import { recordOf, spreadRows, type Table } from "../../data/table/index.js";
import { writeFileAtomic } from "../../io/atomic.js";
import { loadBundle } from "../../model/bundle/index.js";
import { oneClass } from "../../model/scoring/index.js";
import {
  explainerOf,
  type Explainer,
  importance,
  type ColumnImportance,
  type Counterfactuals,
  reasons,
  type ReasonedScore,
} from "../../model/explain/index.js";
import type { explanationReportHtml as reportHtml } from "../../report/index.js";
import { customerNames } from "../customer-names.js";
import {
  askedFor,
  changedScores,
  changedText,
  changeOptions,
  type ChangeOptions,
  counterfactualLines,
  counterfactualsFor,
} from "../explained-changes.js";
import { example } from "../help.js";
import { countOption, delimiterOf, delimiterOption, noteSetAside } from "../input.js";
import { columns, note, print, shown } from "../output.js";

interface Options extends ChangeOptions {
  class?: string;
  customer?: readonly string[];
  limit: number;
  top: number;
  rows: number;
  background?: string;
  delimiter?: string;
  html?: string;
  json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("explain <bundle> <file>")
    .description("explain scores: which columns move them overall, and why single customers got theirs")
    .option(
      "--customer <id>",
      "explain this customer, by id, or by row number if the file has no id; may be repeated",
      customerOption,
    )
    .option("--class <label>", "explain the probability of this class; default: the positive one")
    .option(
      "--limit <number>",
      "without --customer: explain this many customers with the highest probability, 0 for none",
      limitOption,
      5,
    )
    .option("--top <number>", "maximum number of reasons per customer", countOption, 3)
    .option(
      "--rows <number>",
      "compute the overall importance from this many rows, spread over the file",
      countOption,
      500,
    )
    .option(
      "--background <file>",
      "customers to compare with, ideally the training rows; default: drawn from the bundle's profile",
    )
    .addOption(delimiterOption());
  changeOptions(command)
    .option("--html <file>", "also write a report with plots, of everything that the file allows")
    .option("--json", "print one line of JSON")
    .addHelpText("after", example("churnkit explain model customers.csv --customer C0000001 --html explanation.html"))
    .action(run);
}

async function run(bundle: string, file: string, options: Options): Promise<void> {
  const loaded = await loadBundle(bundle);
  const { artifact } = loaded;
  const { classes = [], positive = "" } = artifact.contract.target ?? {};
  const explained = options.class ?? positive;
  const scorer = oneClass(loaded.scorer, explained);
  const labeled = options.permutation === true || options.html !== undefined;
  const read = { target: labeled ? "optional" : "ignore", ragged: "reject-row", ...delimiterOf(options) } as const;
  const table = await readTable(scorer.contract, file, read);
  noteSetAside(table);
  const background =
    options.background === undefined ? undefined : await readTable(scorer.contract, options.background, read);
  const explainer = await explainerOf(artifact, { background, class: explained });
  const judged = spreadRows(table, options.rows);
  const overall = importance(explainer.explain(judged));
  const probabilities = scorer.score(table);
  const names = customerNames(table);
  const chosen =
    options.customer?.map((name) => positionOf(names, name, file)) ?? highest(probabilities, options.limit);
  const changes = counterfactualsFor({ artifact, scorer, class: explained }, table, background, options);
  const customers = chosen.flatMap((position) =>
    customerAt(explainer, table, names, position, options.top).map((found) =>
      changes === undefined ? found : { ...found, counterfactuals: changes(position) },
    ),
  );
  const changed = await changedScores({ artifact, scorer, class: explained }, judged, background, overall, options);
  if (options.html !== undefined) {
    const of = classes.length > 2 || explained !== positive ? explained : undefined;
    const about = { name: scorer.contract.name, class: of, source: file, rows: judged.rows, importance: overall };
    await writeReport(options.html, { ...about, ...changed }, customers);
  }
  const asked = askedFor(changed, options);
  const printed =
    options.counterfactuals === true ? customers : customers.map((found) => ({ ...found, counterfactuals: undefined }));
  print(
    options.json,
    {
      class: explained,
      method: explainer.method,
      base: explainer.base,
      rows: judged.rows,
      importance: overall,
      customers: printed,
      ...asked,
      partial: asked.partial?.map(({ column, grid, mean }) => ({ column, grid, mean: [...mean] })),
    },
    textOf(explained, overall, judged.rows, changedText(asked, judged.rows), printed),
  );
}

async function writeReport(
  path: string,
  content: Omit<ExplanationReportInput, "customers">,
  customers: readonly Explained[],
): Promise<void> {
  const { explanationReportHtml } = await import("../../report/index.js");
  const named = customers.map(({ customer, counterfactuals, ...score }) => ({
    name: `customer ${customer}`,
    score,
    counterfactuals,
  }));
  await writeFileAtomic(path, await explanationReportHtml({ ...content, customers: named }));
  note(`wrote ${path}`);
}

type ExplanationReportInput = Parameters<typeof reportHtml>[0];

type Explained = ReasonedScore & {
  readonly customer: string;
  readonly row: number;
  readonly counterfactuals?: Counterfactuals | undefined;
};

function positionOf(names: readonly string[], name: string, file: string): number {
  const position = names.indexOf(name);
  if (position >= 0) return position;
  throw new ChurnkitError(
    "INPUT_COLUMNS",
    `${file} has no customer ${JSON.stringify(name.slice(0, 80))} that can be scored. The first is ${JSON.stringify(names[0] ?? "none")}.`,
    { where: { file, value: name.slice(0, 80) } },
  );
}

/** Positions of the highest probabilities, ties in the file's order. */
const highest = (probabilities: Float64Array, count: number): number[] =>
  Array.from(probabilities.keys())
    .sort((a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0) || a - b)
    .slice(0, count);

function customerAt(
  explainer: Explainer,
  table: Table,
  names: readonly string[],
  position: number,
  top: number,
): Explained[] {
  const found = reasons(explainer, recordOf(table, position), { top });
  if (found.probability === null) return [];
  return [{ customer: names[position] ?? "", row: table.rowNumbers[position] ?? position, ...found }];
}

function textOf(
  explained: string,
  overall: readonly ColumnImportance[],
  rows: number,
  changed: readonly string[],
  customers: readonly Explained[],
): string {
  const lines = overall
    .slice(0, 15)
    .map(({ column, meanAbsolute, share }) => [column, shown(meanAbsolute), `${(100 * share).toFixed(1)} %`]);
  const left =
    overall.length > lines.length
      ? `\nand ${counted(overall.length - lines.length, "column")} more (--json lists all)`
      : "";
  return [
    `what moves the probability of ${explained}, over ${counted(rows, "row")} (mean |SHAP| in log odds)`,
    `${columns([["column", "moves", "share"], ...lines])}${left}`,
    ...changed,
    ...customers.map(({ customer, probability, reasons: why, counterfactuals }) =>
      [
        `customer ${customer}: probability ${shown(probability)}`,
        ...why.map(({ sentence }) => `  ${sentence}`),
        ...(counterfactuals === undefined ? [] : counterfactualLines(counterfactuals)),
      ].join("\n"),
    ),
  ].join("\n\n");
}

const customerOption = (text: string, before: readonly string[] = []): string[] => [...before, text];

function limitOption(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("It must be a whole number of 0 or more.");
  return Number(text);
}
