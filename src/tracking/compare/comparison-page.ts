import { type Cell, type Section } from "../../report/sections.js";
import { renderReport } from "../../report/render.js";
import { differentRows, type ComparedRow, type RunComparison } from "./compare-runs.js";
import { measuredTexts } from "./measured.js";

/**
 * A comparison of runs as one HTML page: the result of {@link compareRuns}, what differs first.
 *
 * @example
 * ```ts
 * import { memoryStore } from "churnkit/io";
 * import { compareRuns, fileTracker, runComparisonHtml } from "churnkit/tracking";
 *
 * const tracker = fileTracker(memoryStore());
 * for (const name of ["first", "second"]) await tracker.start({ name }).end();
 * const page = await runComparisonHtml(compareRuns(await tracker.list()));
 * console.assert(page.startsWith("<!doctype html>"));
 * ```
 */
export function runComparisonHtml(comparison: RunComparison): Promise<string> {
  const { runs, parameters, metrics, tags } = comparison;
  const warning = differentRows(comparison);
  const heads = runs.map(({ name }) => ({ label: name, number: true }));
  const table = (title: string, rows: readonly (readonly Cell[])[]): Section => ({
    title,
    blocks: [{ kind: "table", columns: [{ label: "" }, ...heads], rows }],
  });
  const facts: Cell[][] = [
    ["id", ...runs.map(({ id }) => id)],
    [
      "status",
      ...runs.map(({ status }): Cell => ({ text: status, tone: status === "failed" ? "critical" : undefined })),
    ],
    ["started", ...runs.map(({ startedAt }) => startedAt.slice(0, 19).replace("T", " "))],
    ["experiment", ...runs.map(({ experiment }) => experiment)],
  ];
  const measured = measuredTexts(metrics).map(({ name, texts, best }): Cell[] => [
    name,
    ...texts.map((text = "–", i): Cell => (i === best ? { text, tone: "good" } : text)),
  ]);
  return renderReport({
    title: "Comparison of runs",
    subtitle: `${runs.length} runs; the best value of a metric is marked, brackets are 95 % intervals`,
    sections: [
      ...(warning === undefined
        ? []
        : [{ title: "Before you read on", blocks: [{ kind: "text", text: warning } as const] }]),
      table("Runs", facts),
      table("Metrics", measured),
      table("Parameters", parameters.map(textCells)),
      table("Tags", tags.map(textCells)),
    ],
  });
}

const textCells = ({ name, values, differs }: ComparedRow<string>): Cell[] => [
  name,
  ...values.map((value): Cell => {
    const text = value ?? "–";
    return differs ? { text, tone: "warning" } : text;
  }),
];
