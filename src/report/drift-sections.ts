import { counted } from "../base/counted.js";
import { defaultDriftPolicy, type DriftPolicy } from "../drift/policy.js";
import { driftAdvice, pText } from "../drift/compare/index.js";
import { driftTests, severities, type ColumnDrift, type DriftReport } from "../drift/report.js";
import { countText, metricText, verdictTone } from "./format.js";
import { distributionPlot } from "./plots/distribution.js";
import { driftHistoryPlot, type DriftPeriod } from "./plots/drift-history.js";
import { psiPlot } from "./plots/psi.js";
import { rankingTable, segmentTable } from "./drift-tables.js";
import { renderReport } from "./render.js";
import type { Block, Card, Cell, Section } from "./sections.js";

/** How to show a drift report. */
export interface DriftSectionOptions {
  /** The report's policy, for the lines in the plot. */
  readonly policy?: DriftPolicy | undefined;
  /** Names of the samples in the text, such as file names. */
  readonly reference?: string | undefined;
  readonly current?: string | undefined;
  /** Limit on the columns with a plot of their distributions, the worst first. Default 12. */
  readonly plots?: number | undefined;
  /** Reports of earlier periods against the same reference, the oldest first: drift over time. */
  readonly history?: readonly DriftPeriod[] | undefined;
}

const worstFirst = (a: ColumnDrift, b: ColumnDrift): number =>
  severities.indexOf(b.severity) - severities.indexOf(a.severity) || (b.psi ?? 0) - (a.psi ?? 0);

/** The sections on drift: the verdict, every column's verdict, and the distributions of those that moved most. */
export function driftSections(report: DriftReport, options: DriftSectionOptions = {}): Section[] {
  const { policy = defaultDriftPolicy, plots = 12 } = options;
  const ordered = [...report.columns].sort(worstFirst);
  const drifted = ordered.filter(({ verdict }) => verdict === "drift");
  const pictured = (drifted.length > 0 ? drifted : ordered.slice(0, 4)).slice(0, plots);
  const sections: Section[] = [
    { title: "Drift", blocks: overview(report, ordered, policy, options) },
    { title: "What to do", blocks: [adviceTable(report)] },
  ];
  const drawable = pictured.filter(({ distribution }) => distribution.length > 0);
  if (drawable.length > 0) {
    sections.push({
      title: drifted.length > 0 ? "What moved" : "Distributions",
      blocks: distributions(drawable),
    });
  }
  const { history = [] } = options;
  if (history.length > 1) {
    const floors = policy.psi || defaultDriftPolicy.psi;
    sections.push({ title: "Over time", blocks: [{ kind: "plots", plots: [driftHistoryPlot(history, floors)] }] });
  }
  if (report.ranking.length > 0)
    sections.push({ title: "What matters to the model", blocks: [rankingTable(report.ranking)] });
  if (report.segments.length > 0) sections.push({ title: "Segments", blocks: [segmentTable(report.segments)] });
  if (ordered.length > 0) sections.push({ title: "All columns", blocks: columnTables(ordered, policy) });
  return sections;
}

function overview(
  report: DriftReport,
  ordered: readonly ColumnDrift[],
  policy: DriftPolicy,
  { reference = "reference", current = "current" }: DriftSectionOptions,
): Block[] {
  const drifted = report.columns.filter(({ verdict }) => verdict === "drift").length;
  const { rejected, rows } = report;
  const blocks: Block[] = [
    { kind: "text", text: report.message },
    {
      kind: "cards",
      cards: [
        {
          label: "verdict",
          value: report.verdict,
          tone: verdictTone(report.verdict, report.severity),
          note: `severity ${report.severity}`,
        },
        { label: "columns drifted", value: `${drifted} of ${report.columns.length}` },
        ...partCards(report),
        { label: "reference rows", value: countText(rows.reference), note: reference },
        { label: "current rows", value: countText(rows.current), note: current },
        ...(rejected.reference + rejected.current === 0
          ? []
          : [
              {
                label: "rows that break the contract",
                value: countText(rejected.current),
                note: `${countText(rejected.reference)} in the reference`,
                ...(rejected.severity === "none" ? {} : { tone: rejected.severity }),
              },
            ]),
      ],
    },
  ];
  if (ordered.some(({ psi }) => psi !== null))
    blocks.push({ kind: "plots", plots: [psiPlot(ordered, policy.psi || defaultDriftPolicy.psi)] });
  return blocks;
}

/** Prediction, target and concept, if they were compared. */
function partCards({ prediction, target, concept }: DriftReport): Card[] {
  const parts = { predictions: prediction, target, concept };
  return Object.entries(parts).flatMap(([label, part]): Card[] =>
    part === null
      ? []
      : [
          {
            label,
            value: part.verdict,
            tone: verdictTone(part.verdict, part.severity),
            note: `severity ${part.severity}`,
          },
        ],
  );
}

function adviceTable(report: DriftReport): Block {
  const rows = driftAdvice(report).map(({ severity, action, columns }): Cell[] => [
    severity === "none" ? "–" : { text: severity, tone: severity },
    action,
    columns.slice(0, 8).join(", ") + (columns.length > 8 ? ` and ${columns.length - 8} more` : ""),
  ]);
  return {
    kind: "table",
    columns: [{ label: "severity" }, { label: "do", sentence: true }, { label: "columns", sentence: true }],
    rows,
  };
}

/** Number of open distributions; the others are folded. */
const OPEN_PLOTS = 2;

function distributions(columns: readonly ColumnDrift[]): Block[] {
  const plots = columns.map(distributionPlot);
  const open: Block = { kind: "plots", plots: plots.slice(0, OPEN_PLOTS) };
  const more = plots.slice(OPEN_PLOTS);
  if (more.length === 0) return [open];
  return [
    open,
    {
      kind: "details",
      summary: `${more.length} more: ${columns
        .slice(OPEN_PLOTS)
        .map(({ name }) => name)
        .join(", ")}`,
      blocks: [{ kind: "plots", plots: more }],
    },
  ];
}

/** Columns that need a look are open, the stable ones are folded. */
function columnTables(columns: readonly ColumnDrift[], policy: DriftPolicy): Block[] {
  const stable = columns.filter(({ verdict, severity }) => verdict === "stable" && severity === "none");
  const others = columns.filter((column) => !stable.includes(column));
  return [
    ...(others.length === 0 ? [] : [columnTable(others, policy)]),
    ...(stable.length === 0
      ? []
      : [
          {
            kind: "details" as const,
            summary: counted(stable.length, "stable column"),
            blocks: [columnTable(stable, policy)],
          },
        ]),
  ];
}

function columnTable(columns: readonly ColumnDrift[], policy: DriftPolicy): Block {
  const rows = columns.map((column): Cell[] => [
    column.name,
    {
      text: column.severity === "none" ? column.verdict : `${column.verdict}, ${column.severity}`,
      tone: verdictTone(column.verdict, column.severity),
    },
    metricText(column.psi, 3),
    metricText(column.effect, 3),
    column.test === null ? { text: "–" } : column.test,
    column.log10p === null ? "–" : pText(column.log10p),
    `${(100 * column.missing.reference).toFixed(1)} → ${(100 * column.missing.current).toFixed(1)} %`,
    column.message,
  ]);
  const tests = [...new Set(columns.map(({ test }) => test))].filter((test) => test !== null);
  return {
    kind: "table",
    caption: `${tests.map((test) => `${test}: ${driftTests[test]}`).join("; ")}. A column has drifted when its p-value${policy.correction === "none" ? "" : ", corrected over all columns,"} is at most ${policy.alpha} and its effect large enough.`,
    columns: [
      { label: "column" },
      { label: "verdict" },
      { label: "PSI", number: true },
      { label: "effect", number: true },
      { label: "test" },
      { label: "p-value", number: true },
      { label: "missing", number: true },
      { label: "finding", sentence: true },
    ],
    rows,
  };
}

/**
 * A drift report as one HTML page.
 *
 * @example
 * ```ts
 * import { compareTables } from "churnkit/drift";
 * import { driftReportHtml } from "churnkit/report";
 * import type { Table } from "churnkit/data";
 *
 * const page = (lastMonth: Table, thisMonth: Table) => driftReportHtml(compareTables(lastMonth, thisMonth));
 * ```
 */
export function driftReportHtml(report: DriftReport, options: DriftSectionOptions = {}): Promise<string> {
  const { reference = "reference", current = "current" } = options;
  return renderReport({
    title: "Drift report",
    subtitle: `${current} compared with ${reference}`,
    sections: driftSections(report, options),
  });
}
