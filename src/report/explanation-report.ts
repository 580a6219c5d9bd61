import type { ColumnImportance, ReasonedScore } from "../model/explain/index.js";
import { countText } from "./format.js";
import { importancePlot } from "./plots/importance.js";
import { renderReport } from "./render.js";
import type { Block, Cell, Section } from "./sections.js";

/** Content of an explanation page. */
export interface ExplanationReportInput {
  /** The model's name. */
  readonly name: string;
  /** The explained file. */
  readonly source: string;
  /** Rows behind the importance. */
  readonly rows: number;
  /** As {@link importance} gives it. */
  readonly importance: readonly ColumnImportance[];
  /** Customers by name, with the result of `reasons`. */
  readonly customers: readonly { readonly name: string; readonly score: ReasonedScore }[];
}

/**
 * Explained scores as one HTML page: how much each column moves scores overall, and for single customers what raises
 * and lowers theirs.
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
  source,
  rows,
  importance,
  customers,
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
    subtitle: source,
    sections: [
      overall,
      ...(customers.length === 0 ? [] : [{ title: "Single customers", blocks: customers.map(customerTable) }]),
    ],
  });
}

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

function customerTable({ name, score }: ExplanationReportInput["customers"][number]): Block {
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
