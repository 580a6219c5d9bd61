import { driftAdvice, worst } from "../../drift/compare/index.js";
import type { DriftVerdict, Severity } from "../../drift/report.js";
import { type Finding, type Findings, type MonitorName, lackWords, monitorNames } from "./findings.js";
import type { SkippedCounts } from "../counting/settings.js";

/** An alarm that stands. */
export interface MonitorAlarm {
  readonly monitor: MonitorName;
  /** The column, "(broken rows)", or the monitor as a whole. */
  readonly subject: string;
  readonly severity: "warning" | "critical";
  /** The window that raised it, in periods. */
  readonly window: number;
  /** When it was raised, ISO 8601. */
  readonly since: string;
  readonly message: string;
}

/** One monitor's verdict, with its basis. */
export type MonitorVerdict<Found extends Finding> = Finding & { readonly finding: Found };

/** Advice on a monitor's finding. */
export interface MonitorAdvice {
  readonly monitor: MonitorName;
  readonly severity: Severity;
  readonly action: string;
  readonly columns: readonly string[];
}

/** Report of a monitor: all four verdicts. Plain JSON without NaN. */
export interface MonitorReport {
  readonly format: 1;
  /** ISO 8601. */
  readonly at: string;
  readonly model: string;
  /**
   * `sequential`: repeated looks, in which alarms decide, within the plan's allowance of false ones. `once`: one
   * look, each monitor at its policy's own significance.
   */
  readonly looked: "sequential" | "once";
  /** Start of the findings' time, ISO 8601; null before anything was counted. */
  readonly from: string | null;
  readonly to: string | null;
  readonly rows: { readonly kept: number; readonly rejected: number; readonly unscored: number };
  readonly skipped: SkippedCounts;
  readonly verdict: DriftVerdict;
  readonly severity: Severity;
  readonly monitors: { readonly [Name in MonitorName]: MonitorVerdict<Findings[Name]> };
  readonly alarms: readonly MonitorAlarm[];
  /** Alarms that were raised, or became critical, since the previous report. */
  readonly raised: readonly MonitorAlarm[];
  /** Alarms that ended since the previous report, as "monitor subject". */
  readonly cleared: readonly string[];
  /** The most pressing first. */
  readonly advice: readonly MonitorAdvice[];
  readonly message: string;
}

/** Parts of a report. */
export type ReportParts = Omit<MonitorReport, "format" | "verdict" | "severity" | "monitors" | "advice" | "message"> & {
  readonly findings: Findings;
};

/** Assembles a report: in a sequence of looks the alarms decide, in a single one the findings do. */
export function reportOfParts({ findings, ...parts }: ReportParts): MonitorReport {
  const verdictFor = <Found extends Finding>(monitor: MonitorName, finding: Found): MonitorVerdict<Found> => {
    const { verdict, severity, message, lacks } = finding;
    const own = { verdict, severity, message, ...(lacks === undefined ? {} : { lacks }), finding };
    if (parts.looked === "once") return own;
    const mine = parts.alarms.filter((alarm) => alarm.monitor === monitor);
    if (mine.length > 0) {
      return {
        verdict: "drift",
        severity: worst(mine.map((alarm) => alarm.severity)),
        message: mine.map((alarm) => alarm.message).join(" "),
        finding,
      };
    }
    if (verdict !== "drift" && severity === "none") return own;
    return {
      verdict: "stable",
      severity: "none",
      message: `No alarm: not certain enough for a monitor that looks this often. ${message}`,
      finding,
    };
  };
  const { dataQuality, modelQuality, bias, attribution } = findings;
  const monitors = {
    dataQuality: verdictFor("dataQuality", dataQuality),
    modelQuality: verdictFor("modelQuality", modelQuality),
    bias: verdictFor("bias", bias),
    attribution: verdictFor("attribution", attribution),
  };
  const all = Object.values<Finding>(monitors);
  const drifted = monitorNames.filter(
    (name) => monitors[name].verdict === "drift" || monitors[name].severity !== "none",
  );
  const judged = monitorNames.filter((name) => monitors[name].verdict !== "insufficient");
  const verdict: DriftVerdict = all.some((each) => each.verdict === "drift")
    ? "drift"
    : judged.length > 0
      ? "stable"
      : "insufficient";
  const { tooManyPeriods } = parts.skipped;
  const { lacks: lacking } = dataQuality;
  const said =
    drifted.length > 0
      ? drifted.map((name) => `${monitorLabels[name]}: ${monitors[name].message}`).join(" ")
      : judged.length > 0
        ? `Stable: ${judged.map((name) => monitorLabels[name]).join(", ")}${judged.length < 4 ? "; the others could not be judged" : ""}.`
        : `Nothing could be judged yet${lacking === undefined ? "" : `: ${lackWords(lacking)}`}.`;
  return {
    format: 1,
    ...parts,
    verdict,
    severity: worst(all.map(({ severity }) => severity)),
    monitors,
    advice: adviceFor(monitors, parts.alarms),
    message:
      tooManyPeriods === 0
        ? said
        : `${said} So far ${tooManyPeriods} records were left out, because they span more hours or days than a monitor can keep open at once.`,
  };
}

/** Display name of each monitor. */
export const monitorLabels: Record<MonitorName, string> = {
  dataQuality: "Data quality",
  modelQuality: "Model quality",
  bias: "Bias",
  attribution: "Attribution",
};

const order: readonly Severity[] = ["critical", "warning", "none"];

/** At least one entry, the worst of each monitor as severe as its verdict. */
function adviceFor(monitors: MonitorReport["monitors"], alarms: readonly MonitorAlarm[]): MonitorAdvice[] {
  const { dataQuality, modelQuality, bias, attribution } = monitors;
  const advice: MonitorAdvice[] = [];
  const add = (monitor: MonitorName, severity: Severity, action: string, columns: readonly string[] = []): void => {
    advice.push({ monitor, severity, action, columns });
  };
  const { drift } = dataQuality.finding;
  if (dataQuality.verdict === "drift" && drift !== null) {
    const onDrift = driftAdvice(drift).filter(({ severity }) => severity !== "none");
    for (const { severity, action, columns } of onDrift) add("dataQuality", severity, action, columns);
    // An alarm of another window is active, whatever today's rows say.
    if (worst(onDrift.map(({ severity }) => severity)) !== dataQuality.severity) {
      const columns = alarms.filter(({ monitor }) => monitor === "dataQuality").map(({ subject }) => subject);
      add(
        "dataQuality",
        dataQuality.severity,
        "An alarm is active. Check where these columns come from. The alarm ends when a later look at its window finds them as before.",
        columns,
      );
    }
  }
  if (modelQuality.verdict === "drift" || modelQuality.severity !== "none") {
    const { quality, calibration } = modelQuality.finding;
    const sure = quality?.verdict === "drift" || calibration?.verdict === "drift";
    const action = sure
      ? "Outcomes no longer follow the predictions. If the data moved too, fix the sources; otherwise retrain on recent labeled rows. Until then check the threshold."
      : "Worse results are expected, but no labels confirm it yet. Check the data that moved, and the labels when they arrive.";
    add("modelQuality", modelQuality.severity, action);
  }
  if (bias.verdict === "drift" || bias.severity !== "none") {
    const changes = [...(bias.finding.calls?.changes ?? []), ...(bias.finding.outcomes?.changes ?? [])].filter(
      ({ severity }) => severity !== "none",
    );
    const columns = [...new Set(changes.map(({ column }) => column))];
    add(
      "bias",
      bias.severity,
      "Groups are treated differently than allowed, or than before. Check what changed in them before you act on these scores.",
      columns,
    );
  }
  if (attribution.verdict === "drift" || attribution.severity !== "none") {
    const columns = (attribution.finding.drift?.columns ?? [])
      .filter(({ reference, current }) => reference.rank !== current.rank)
      .slice(0, 5)
      .map(({ name }) => name);
    add(
      "attribution",
      attribution.severity,
      "Different columns now move the scores. Check where these columns come from, and judge the model on recent labels.",
      columns,
    );
  }
  if (advice.length === 0) {
    const seen = dataQuality.finding.score !== null;
    const { lacks } = dataQuality;
    if (lacks !== undefined)
      add("dataQuality", "none", `Collect more before you decide, or look at a longer period: ${lackWords(lacks)}.`);
    else
      add(
        "dataQuality",
        "none",
        seen
          ? "Nothing to do. Keep watching."
          : "Nothing arrived in this period. If the model was in use, check where its predictions are captured.",
      );
  }
  return advice.sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}
