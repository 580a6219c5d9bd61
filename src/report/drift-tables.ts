import type { RankedDrift, SegmentDrift } from "../drift/report.js";
import { countText, metricText, verdictTone } from "./format.js";
import type { Block, Cell } from "./sections.js";

/** Limit on the slices shown, the worst first. */
const SLICES = 40;

const percentText = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Every slice's verdict, the worst first. */
export function segmentTable(segments: readonly SegmentDrift[]): Block {
  const rows = segments
    .slice(0, SLICES)
    .map(({ column, level, verdict, severity, rows: count, share, drifted, message }): Cell[] => [
      `${column} = ${level}`,
      { text: severity === "none" ? verdict : `${verdict}, ${severity}`, tone: verdictTone(verdict, severity) },
      countText(count.reference),
      countText(count.current),
      `${percentText(share.reference)} → ${percentText(share.current)}`,
      drifted.length === 0
        ? "–"
        : drifted
            .map(({ name }) => name)
            .slice(0, 3)
            .join(", ") + (drifted.length > 3 ? ` and ${drifted.length - 3} more` : ""),
      message,
    ]);
  const more = segments.length > SLICES ? ` The worst ${SLICES} of ${segments.length} slices.` : "";
  return {
    kind: "table",
    caption: `Each slice's rows compared with the reference's rows of the same slice; p-values are corrected over all columns of all slices.${more}`,
    columns: [
      { label: "slice" },
      { label: "verdict" },
      { label: "reference rows", number: true },
      { label: "current rows", number: true },
      { label: "share of rows", number: true },
      { label: "columns drifted" },
      { label: "worst finding", sentence: true },
    ],
    rows,
  };
}

/** Columns by importance x shift. */
export function rankingTable(ranking: readonly RankedDrift[]): Block {
  const rows = ranking
    .slice(0, 20)
    .map(({ name, importance, shift, score, severity }): Cell[] => [
      name,
      percentText(importance),
      percentText(shift),
      metricText(score, 4),
      severity === "none" ? "–" : { text: severity, tone: severity },
    ]);
  return {
    kind: "table",
    caption:
      "Importance is the column's share of what moves the model; shift is the share of rows that moved. Their product says which drift hurts most.",
    columns: [
      { label: "column" },
      { label: "importance", number: true },
      { label: "shift", number: true },
      { label: "importance x shift", number: true },
      { label: "severity" },
    ],
    rows,
  };
}
