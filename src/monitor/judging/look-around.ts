import type { MonitorBaseline } from "../baseline/baseline.js";
import type { Finding, Findings, MonitorPolicies } from "./findings.js";
import type { MonitorHistory } from "./history.js";
import { judgeAttribution } from "./judge-attribution.js";
import { judgeBias } from "./judge-bias.js";
import { judgeData } from "./judge-data.js";
import { judgeModel } from "./judge-model.js";
import type { UnjoinedLabels } from "../counting/joins.js";
import {
  horizonOf,
  noOutcomes,
  outcomesAt,
  type LabelRules,
  type Outcomes,
  type SampledLabel,
  type SampledPrediction,
} from "../counting/labels.js";
import type { LookContext } from "./looks.js";
import type { MonitorAlarm } from "./report.js";
import { mergeTallies, type Tally } from "../counting/tally.js";
import { recent } from "../../drift/sequential/index.js";

/** All four monitors' findings at their policies' own significance. */
export function judgeAll(
  baseline: MonitorBaseline,
  tally: Tally | null,
  outcomes: Outcomes,
  policies: MonitorPolicies,
): Findings {
  return {
    dataQuality: judgeData(baseline, tally, policies),
    modelQuality: judgeModel(baseline, tally, outcomes, policies),
    bias: judgeBias(baseline, tally, outcomes.mature, policies),
    attribution: judgeAttribution(baseline, tally, policies),
  };
}

const isoTime = (time: number): string => new Date(time).toISOString();

/** Time span of periods. */
export function spanOf(starts: readonly number[], length: number): { from: string | null; to: string | null } {
  if (starts.length === 0) return { from: null, to: null };
  return { from: isoTime(Math.min(...starts)), to: isoTime(Math.max(...starts) + length) };
}

/** Describes the ways in which a column raises an alarm. */
const whatWords = {
  distribution: "its distribution moved",
  psi: "its distribution moved (PSI)",
  jensenShannon: "its distribution moved (Jensen-Shannon)",
  missing: "the share of missing values changed",
  newLevels: "levels appeared that are not in the baseline",
  rejected: "more rows break the contract",
  concept: "outcomes changed at equal probabilities",
} as const;

/** The active alarms of all monitors. */
export function alarmsOf(history: MonitorHistory | null, length: number): MonitorAlarm[] {
  if (history === null) return [];
  const { sequential, alarms, closedUntil } = history;
  const ofData = sequential.alarms.map(({ column, severity, what, window, since, effect }): MonitorAlarm => ({
    monitor: "dataQuality",
    subject: column,
    severity,
    window,
    since: isoTime(closedUntil - (sequential.period - since) * length),
    message: `${column}: ${whatWords[what]} by ${Number(effect.toPrecision(3))}.`,
  }));
  const ofOthers = alarms.map(({ monitor, severity, window, since, message }): MonitorAlarm => ({
    monitor,
    subject: monitor,
    severity,
    window,
    since: isoTime(since),
    message,
  }));
  return [...ofData, ...ofOthers];
}

/** Returns the alarms that changed between two histories, so that people hear of each once. */
export function alarmChanges(before: MonitorHistory | null, after: MonitorHistory, length: number) {
  const [was, is] = [alarmsOf(before, length), alarmsOf(after, length)];
  const keyOf = ({ monitor, subject }: MonitorAlarm): string => `${monitor} ${subject}`;
  const known = new Map(was.map((alarm) => [keyOf(alarm), alarm.severity]));
  const standing = new Set(is.map(keyOf));
  return {
    alarms: is,
    raised: is.filter((alarm) => known.get(keyOf(alarm)) !== alarm.severity),
    cleared: was.map(keyOf).filter((key) => !standing.has(key)),
  };
}

/** Inputs for a view of the sampled predictions. */
interface ViewInput {
  readonly at: number;
  readonly predictions: readonly SampledPrediction[];
  readonly labels: readonly SampledLabel[];
  readonly rules: LabelRules | undefined;
  readonly unjoined: UnjoinedLabels | null;
}

/**
 * The findings on the windows' current content: a day of hours or a week of days and, for a monitor with too little
 * in them, the longest window.
 */
export function recentView(
  history: MonitorHistory,
  context: LookContext & { readonly attributionRows: number },
  { at, predictions, labels, rules, unjoined }: ViewInput,
) {
  const { baseline, policies, length, attributionRows } = context;
  const { windows } = history.sequential.plan;
  const to = history.closedUntil;
  const viewOf = (
    window: number,
  ): { readonly tally: Tally | null; readonly outcomes: Outcomes; readonly from: number } => ({
    tally: recent(history.windows, window, (a, b) => mergeTallies(a, b, attributionRows)),
    outcomes:
      rules === undefined
        ? noOutcomes
        : {
            ...outcomesAt(predictions, labels, rules, { from: to - horizonOf(rules) - window * length, to, now: at }),
            unjoined,
          },
    from: to - window * length,
  });
  const short = viewOf(windows[1] ?? windows[0] ?? 1);
  let long: ReturnType<typeof viewOf> | undefined;
  const sure = <Found extends Finding>(judge: (view: typeof short) => Found): Found => {
    const found = judge(short);
    if (found.verdict !== "insufficient") return found;
    long ??= viewOf(windows[windows.length - 1] ?? 1);
    const longer = judge(long);
    return longer.verdict === "insufficient" ? found : longer;
  };
  const findings: Findings = {
    dataQuality: sure(({ tally }) => judgeData(baseline, tally, policies)),
    modelQuality: sure(({ tally, outcomes }) => judgeModel(baseline, tally, outcomes, policies)),
    bias: sure(({ tally, outcomes }) => judgeBias(baseline, tally, outcomes.mature, policies)),
    attribution: sure(({ tally }) => judgeAttribution(baseline, tally, policies)),
  };
  return { tally: short.tally, findings, span: { from: isoTime(short.from), to: isoTime(to) } };
}
