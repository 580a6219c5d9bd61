import { biasMetrics } from "../monitor/bias/index.js";
import type { Severity } from "../drift/report.js";
import { lackWords, type MonitorName, type MonitorReport } from "../monitor/judging/index.js";
import { driftSections } from "./drift-sections.js";
import { countText, metricText, rangeText, verdictTone } from "./format.js";
import { renderReport } from "./render.js";
import type { Block, Card, Cell, Section } from "./sections.js";

const labels: Record<MonitorName, string> = {
  dataQuality: "data quality",
  modelQuality: "model quality",
  bias: "bias",
  attribution: "feature attribution",
};

/**
 * A monitor's report as one HTML page: the four verdicts, what to do, alarms, and the basis of each verdict, with the
 * distributions of what moved.
 *
 * @example
 * ```ts
 * import type { MonitorReport } from "churnkit/monitor";
 * import { monitorReportHtml } from "churnkit/report";
 *
 * const page = (report: MonitorReport) => monitorReportHtml(report);
 * ```
 */
export function monitorReportHtml(report: MonitorReport): Promise<string> {
  const span = report.from === null ? "nothing counted yet" : `${report.from} to ${report.to ?? report.at}`;
  const { drift } = report.monitors.dataQuality.finding;
  const moved =
    drift === null
      ? []
      : driftSections(drift, { reference: "baseline", current: "monitored rows" }).filter(
          ({ title }) => title !== "What to do",
        );
  return renderReport({
    title: `Monitors of ${report.model}`,
    subtitle: span,
    sections: [...monitorSections(report), ...moved],
  });
}

/** The sections on the four monitors, without those on drift. */
export function monitorSections(report: MonitorReport): Section[] {
  const { monitors, alarms } = report;
  return [
    { title: "Monitors", blocks: overview(report) },
    ...(alarms.length === 0 ? [] : [{ title: "Alarms", blocks: [alarmTable(report)] }]),
    { title: "Model quality", blocks: modelBlocks(report) },
    ...(monitors.bias.finding.calls === null
      ? []
      : [{ title: "Bias", blocks: evidence(monitors.bias, "Every group and metric", biasBlocks(report)) }]),
    ...(monitors.attribution.finding.drift === null
      ? []
      : [
          {
            title: "Feature attribution",
            blocks: evidence(monitors.attribution, "Every column's rank", [attributionTable(report)]),
          },
        ]),
  ];
}

/** The finding, and its basis: folded if nothing needs a look. */
function evidence(
  { message, severity }: { readonly message: string; readonly severity: Severity },
  summary: string,
  blocks: readonly Block[],
): Block[] {
  return [
    { kind: "text", text: message },
    ...(severity === "none" ? [{ kind: "details" as const, summary, blocks }] : blocks),
  ];
}

function overview({ message, monitors, rows, advice }: MonitorReport): Block[] {
  const cards = (Object.keys(labels) as MonitorName[]).map((name): Card => {
    const { verdict, severity, lacks } = monitors[name];
    return {
      label: labels[name],
      value: verdict,
      tone: verdictTone(verdict, severity),
      note: lacks === undefined ? `severity ${severity}` : lackWords(lacks),
    };
  });
  return [
    { kind: "text", text: message },
    {
      kind: "cards",
      cards: [
        ...cards,
        {
          label: "rows",
          value: countText(rows.kept),
          note: `${countText(rows.rejected)} break the contract, ${countText(rows.unscored)} have no score`,
        },
      ],
    },
    {
      kind: "table",
      columns: [
        { label: "severity" },
        { label: "monitor" },
        { label: "do", sentence: true },
        { label: "columns", sentence: true },
      ],
      rows: advice.map(({ severity, monitor, action, columns }): Cell[] => [
        severity === "none" ? "–" : { text: severity, tone: severity },
        labels[monitor],
        action,
        columns.slice(0, 8).join(", "),
      ]),
    },
  ];
}

function alarmTable({ alarms }: MonitorReport): Block {
  return {
    kind: "table",
    columns: [
      { label: "severity" },
      { label: "monitor" },
      { label: "subject" },
      { label: "since" },
      { label: "finding", sentence: true },
    ],
    rows: alarms.map(({ severity, monitor, subject, since, message }): Cell[] => [
      { text: severity, tone: severity },
      labels[monitor],
      subject,
      since,
      message,
    ]),
  };
}

function modelBlocks({ monitors }: MonitorReport): Block[] {
  const { message, finding } = monitors.modelQuality;
  const { realized, estimated, quality, outcomes, unjoined } = finding;
  const names = ["accuracy", "f1", "auc", "brier", "precision", "recall"] as const;
  const rows = names.map((name): Cell[] => {
    const change = quality?.metrics.find(({ metric }) => metric === name);
    return [
      name,
      change === undefined
        ? "not judged"
        : { text: change.verdict, tone: verdictTone(change.verdict, change.severity) },
      metricText(change?.baseline),
      metricText(realized?.values[name].value),
      rangeText(realized?.values[name]),
      metricText(estimated?.values[name].value),
    ];
  });
  return [
    { kind: "text", text: message },
    {
      kind: "table",
      caption: `${countText(outcomes.predictions)} sampled predictions: ${countText(outcomes.labeled)} labeled, ${countText(outcomes.immature)} still open, ${countText(outcomes.unlabeled)} closed without a label, ${countText(outcomes.treated)} treated.${unjoined === null ? "" : ` ${countText(unjoined.labels)} of ${countText(unjoined.of)} labels join no prediction.`} Precision and recall move with the threshold: they are shown, not judged.`,
      columns: [
        { label: "metric" },
        { label: "verdict" },
        { label: "baseline", number: true },
        { label: "realized", number: true },
        { label: "95 % interval", number: true },
        { label: "estimated", number: true },
      ],
      rows,
    },
  ];
}

function biasBlocks({ monitors }: MonitorReport): Block[] {
  const { calls, outcomes } = monitors.bias.finding;
  const changes = [...(calls?.changes ?? []), ...(outcomes?.changes ?? [])].slice(0, 100);
  const used = [...new Set(changes.map(({ metric }) => metric))];
  const words = used.map((metric) => `${metric}: ${biasMetrics[metric].label.split(": ")[0] ?? ""}`).join("; ");
  const table: Block = {
    kind: "table",
    caption: `${words}. Each compares a group with all other rows.`,
    columns: [
      { label: "group" },
      { label: "metric" },
      { label: "baseline", number: true },
      { label: "now", number: true },
      { label: "verdict" },
      { label: "allowed range" },
    ],
    rows: changes.map(({ column, group, metric, baseline, current, verdict, severity, range }): Cell[] => [
      `${column} ${group}`,
      metric,
      metricText(baseline, 3),
      metricText(current, 3),
      { text: severity === "none" ? verdict : `${verdict}, ${severity}`, tone: verdictTone(verdict, severity) },
      range ?? "–",
    ]),
  };
  return [table];
}

function attributionTable({ monitors }: MonitorReport): Block {
  const { drift } = monitors.attribution.finding;
  return {
    kind: "table",
    caption: "SHAP: how far a column moves a customer's score from the average, in log-odds.",
    columns: [
      { label: "column" },
      { label: "rank before", number: true },
      { label: "rank now", number: true },
      { label: "mean |SHAP| before", number: true },
      { label: "now", number: true },
    ],
    rows: (drift?.columns ?? [])
      .slice(0, 20)
      .map(({ name, reference, current }): Cell[] => [
        name,
        String(reference.rank),
        String(current.rank),
        metricText(reference.meanAbsolute),
        metricText(current.meanAbsolute),
      ]),
  };
}
