import type {
  ColumnImportance,
  Counterfactuals,
  PartialDependence,
  PermutationImportance,
  ReasonedScore,
} from "../model/explain/index.js";
import { changesBlock, comparisonTable, permutationTable } from "./change-blocks.js";
import { countText } from "./format.js";
import { importancePlot, permutationPlot } from "./plots/importance.js";
import { partialPlot } from "./plots/partial.js";
import { renderReport } from "./render.js";
import type { Block, Cell, Section } from "./sections.js";

/** Content of an explanation page. */
export interface ExplanationReportInput {
  /** The model's name. */
  readonly name: string;
  /** The class whose probability is explained. Default: the positive one of two, which needs no name. */
  readonly class?: string | undefined;
  /** The explained file. */
  readonly source: string;
  /** Rows behind the importance. */
  readonly rows: number;
  /** As {@link importance} gives it. */
  readonly importance: readonly ColumnImportance[];
  /** Customers by name, with the result of `reasons`, and of `counterfactuals` if it was asked. */
  readonly customers: readonly {
    readonly name: string;
    readonly score: ReasonedScore;
    readonly counterfactuals?: Counterfactuals | undefined;
  }[];
  /** As `partialDependence` gives it, for some columns. */
  readonly partial?: readonly PartialDependence[] | undefined;
  /** As `permutationImportance` gives it, of the log loss. */
  readonly permutation?: readonly PermutationImportance[] | undefined;
  /** The importance by LIME, and by the model's own method over the same rows. */
  readonly lime?:
    | { readonly rows: number; readonly shap: readonly ColumnImportance[]; readonly lime: readonly ColumnImportance[] }
    | undefined;
}

/**
 * Explained scores as one HTML page: how much each column moves scores overall, and for single customers what raises
 * and lowers theirs; partial dependence, permutation importance, counterfactuals and LIME where they are given.
 *
 * @example
 * ```ts
 * import { explanationReportHtml } from "churnkit/report";
 *
 * const importance = [{ column: "tenure", meanAbsolute: 0.8, standardError: 0.02, share: 1 }];
 * const page = await explanationReportHtml({ name: "churn", source: "customers.csv", rows: 500, importance, customers: [] });
 * console.assert(page.includes("tenure"));
 * ```
 */
export function explanationReportHtml({
  name,
  class: explained,
  source,
  rows,
  importance,
  customers,
  partial = [],
  permutation = [],
  lime,
}: ExplanationReportInput): Promise<string> {
  const overall: Section = {
    title: "Over all customers",
    blocks: [
      {
        kind: "text",
        text: `How far each column moves the log odds of a score, averaged over ${countText(rows)} rows. An attribution of 0.69 doubles the odds. It shows how the model uses a value, not what causes churn.`,
      },
      { kind: "plots", plots: [importancePlot(importance)] },
      { kind: "details", summary: "Every column", blocks: [importanceTable(importance)] },
    ],
  };
  return renderReport({
    title: `Why ${name} predicts this`,
    subtitle: explained === undefined ? source : `${source}: the probability of ${explained}`,
    sections: [
      overall,
      ...dependence(partial),
      ...need(permutation),
      ...(lime === undefined ? [] : [comparison(lime)]),
      ...(customers.length === 0 ? [] : [{ title: "Single customers", blocks: customers.flatMap(customerBlocks) }]),
    ],
  });
}

const dependence = (partial: readonly PartialDependence[]): Section[] =>
  partial.length === 0
    ? []
    : [
        {
          title: "How scores depend on single columns",
          blocks: [
            {
              kind: "text",
              text: `Partial dependence: the mean score of ${countText(partial[0]?.rows ?? 0)} customers, if all had the same value in this column and kept their others. Lines of single customers that cross show that the column works together with others. Combinations that no customer has count too.`,
            },
            { kind: "plots", plots: partial.map(partialPlot) },
          ],
        },
      ];

const need = (permutation: readonly PermutationImportance[]): Section[] =>
  permutation.length === 0
    ? []
    : [
        {
          title: "What the model needs",
          blocks: [
            {
              kind: "text",
              text: "Permutation importance: how much the log loss on these rows rises if a column's values are shuffled among the customers, with two standard errors. Columns that say the same stand in for each other, so each looks unimportant.",
            },
            { kind: "plots", plots: [permutationPlot(permutation)] },
            { kind: "details", summary: "Every column", blocks: [permutationTable(permutation)] },
          ],
        },
      ];

const comparison = ({ rows, shap, lime }: NonNullable<ExplanationReportInput["lime"]>): Section => ({
  title: "SHAP beside LIME",
  blocks: [
    {
      kind: "text",
      text: `Mean |attribution| in log odds over the same ${countText(rows)} rows. LIME fits a linear model around each row; its values don't sum to the score. Where the two disagree, columns work together.`,
    },
    { kind: "details", summary: "Every column", blocks: [comparisonTable(shap, lime)] },
  ],
});

function importanceTable(columns: readonly ColumnImportance[]): Block {
  return {
    kind: "table",
    columns: [
      { label: "column" },
      { label: "mean |attribution|", number: true },
      { label: "standard error", number: true },
      { label: "share", number: true },
    ],
    rows: columns.map(({ column, meanAbsolute, standardError, share }) => [
      column,
      meanAbsolute.toFixed(4),
      standardError.toFixed(4),
      `${(100 * share).toFixed(1)} %`,
    ]),
  };
}

type Customer = ExplanationReportInput["customers"][number];

const customerBlocks = ({ name, score, counterfactuals }: Customer): Block[] => [
  customerTable({ name, score }),
  ...(counterfactuals === undefined ? [] : [changesBlock(counterfactuals)]),
];

function customerTable({ name, score }: Pick<Customer, "name" | "score">): Block {
  const line = (text: string, logOdds: number): Cell[] => [text, `${logOdds < 0 ? "" : "+"}${logOdds.toFixed(2)}`];
  return {
    kind: "table",
    caption: `${name}: probability ${score.probability.toFixed(4)}`,
    columns: [{ label: "what" }, { label: "log odds", number: true }],
    rows: [
      line("average of the background", score.base),
      ...score.reasons.map(({ sentence, logOdds }) => line(sentence.replace(/ \(log odds [^)]*\)$/, ""), logOdds)),
      line("all other columns", score.others),
    ],
  };
}
