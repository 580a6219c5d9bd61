import { biasPolicy } from "../bias/bias-policy.js";
import type { Severity } from "../../drift/report.js";
import { allowanceOfLook, type SequentialPlan } from "../../drift/sequential/index.js";
import type { MonitorBaseline } from "../baseline/baseline.js";
import type { Finding, MonitorName, MonitorPolicies } from "./findings.js";
import { judgeAttribution } from "./judge-attribution.js";
import { judgeBias } from "./judge-bias.js";
import { judgeModel } from "./judge-model.js";
import type { Outcomes, TimeSpan } from "../counting/labels.js";
import type { Tally } from "../counting/tally.js";

/** An alarm of a monitor other than the data's, whose alarms the sequential procedure keeps. */
export interface StandingAlarm {
  readonly monitor: MonitorName;
  readonly severity: "warning" | "critical";
  /** The window, in periods, that raised it; a later look at the same window clears it. */
  readonly window: number;
  /** End of the period in which it was raised, milliseconds since 1970. */
  readonly since: number;
  readonly message: string;
}

/** Context of a look. */
export interface LookContext {
  readonly baseline: MonitorBaseline;
  readonly policies: MonitorPolicies;
  /** Length of a period in milliseconds. */
  readonly length: number;
  /** Outcomes of predictions; `closedIn` selects those whose outcome windows closed in the span. */
  readonly outcomes: (closedIn: TimeSpan) => Outcomes;
}

/** A due window, and its end. */
export interface Look {
  readonly window: number;
  readonly part: Tally;
  readonly end: number;
}

/** Attribution tests cannot resolve a smaller share of false alarms: they use 2,000 draws. */
const leastAttributionAlpha = 0.001;
/** Tests of model quality: realized metrics, calibration, expected metrics. */
const modelTests = 3;
/** Tests of bias: calls and outcomes, each by its change and by its range. */
const biasTests = 4;

/**
 * Looks at one window with the monitors of model, bias and attribution, and spends the plan's allowance of false
 * alarms as the sequential procedure does for the data: a share for each look, so that by Boole's inequality the
 * expected number of false alarms of each monitor in a year stays within it. Each monitor has its own allowance.
 */
export function takeLook(
  standing: readonly StandingAlarm[],
  look: Look,
  plan: SequentialPlan,
  context: LookContext,
): readonly StandingAlarm[] {
  const judges = judgesOf(look, plan, context);
  return (Object.keys(judges) as (keyof typeof judges)[]).reduce<readonly StandingAlarm[]>((alarms, monitor) => {
    const judge = judges[monitor];
    const before = alarms.find((alarm) => alarm.monitor === monitor);
    if (judge === undefined) return alarms;
    const others = alarms.filter((alarm) => alarm !== before);
    const usual = judge(undefined);
    // Most looks find nothing even at the usual significance, and end here.
    const found = usual.severity === "none" ? undefined : alarmAt(judge, plan, look.window);
    if (found === undefined) {
      const ended = before?.window === look.window && usual.severity === "none" && usual.verdict === "stable";
      return ended ? others : alarms;
    }
    if (before?.severity === "critical" && found.severity === "warning") return alarms;
    if (before !== undefined && before.severity === found.severity && before.window !== look.window) return alarms;
    return [...others, { monitor, window: look.window, since: before?.since ?? look.end, ...found }];
  }, standing);
}

/** Judges at a significance, or at the policies' own. */
type Judge = (alpha: number | undefined) => Finding;

function judgesOf(
  { window, part, end }: Look,
  plan: SequentialPlan,
  { baseline, policies, length, outcomes }: LookContext,
): Partial<Record<MonitorName, Judge>> {
  const closed = outcomes({ from: end - window * length, to: end });
  const { quality, calibration, bias, attribution } = policies;
  const longest = window === Math.max(...plan.windows);
  const canAttribute = longest || allowanceOfLook(plan, window, "warning") >= leastAttributionAlpha;
  return {
    modelQuality: (alpha) => {
      const own = alpha === undefined ? {} : { alpha: Math.max(1e-12, alpha / modelTests) };
      return judgeModel(baseline, part, closed, {
        ...policies,
        quality: { ...quality, ...own },
        calibration: { ...calibration, ...own },
      });
    },
    bias: (alpha) => {
      if (alpha === undefined) return judgeBias(baseline, part, closed.mature, policies);
      const share = Math.max(1e-12, alpha / biasTests);
      // A change is corrected over metrics and groups when it is judged; a range is not.
      const ranges = Object.keys(biasPolicy(bias).allowed).length * (baseline.bias?.counts.facets.length ?? 1);
      const own = { alpha: share, confidence: 1 - share / Math.max(1, ranges) };
      return judgeBias(baseline, part, closed.mature, { ...policies, bias: { ...bias, ...own } });
    },
    ...(canAttribute
      ? {
          attribution: (alpha: number | undefined) => {
            const own = alpha === undefined ? {} : { alpha: Math.max(leastAttributionAlpha, alpha) };
            return judgeAttribution(baseline, part, { ...policies, attribution: { ...attribution, ...own } });
          },
        }
      : {}),
  };
}

function alarmAt(
  judge: Judge,
  plan: SequentialPlan,
  window: number,
): { severity: "warning" | "critical"; message: string } | undefined {
  const at = (severity: "warning" | "critical"): Finding & { severity: Severity } =>
    judge(allowanceOfLook(plan, window, severity));
  const strict = at("critical");
  if (strict.severity === "critical") return { severity: "critical", message: strict.message };
  const lenient = at("warning");
  return lenient.severity === "none" ? undefined : { severity: "warning", message: lenient.message };
}
