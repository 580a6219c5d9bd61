import type { MetricValue } from "../model/evaluate/index.js";
import type { DriftVerdict, Severity } from "../drift/report.js";
import type { BiasVerdict } from "../monitor/bias/index.js";
import type { Tone } from "./sections.js";

/** Formats a number with as many decimals as a metric needs; a dash without a value. */
export function metricText(value: number | null | undefined, decimals = 4): string {
  return value === null || value === undefined ? "–" : value.toFixed(decimals);
}

/** The interval of a metric, if one was computed. */
export function intervalText({ low, high }: MetricValue): string | undefined {
  return low === undefined || high === undefined ? undefined : `95 %: ${low.toFixed(3)} to ${high.toFixed(3)}`;
}

/** The interval alone, for a column headed so. */
export const rangeText = (value: MetricValue | undefined): string =>
  value?.low === undefined || value.high === undefined ? "–" : `${value.low.toFixed(3)} to ${value.high.toFixed(3)}`;

/** Thousands with commas, whatever the reader's locale: the same report gives the same page. */
export const countText = (count: number): string => count.toLocaleString("en-US");

const severityTone: Record<Severity, Tone> = { none: "good", warning: "warning", critical: "critical" };

/** @param verdict of drift or of bias. */
export const verdictTone = (verdict: DriftVerdict | BiasVerdict, severity: Severity): Tone | undefined =>
  verdict === "insufficient" ? undefined : severityTone[severity];
